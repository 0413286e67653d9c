namespace SharpVisor.Arch;

/// <summary>Bits of SPSR_ELx (Arm ARM C5.2.19).</summary>
public static class ProcessorState
{
    /// <summary>M[3:0] of EL0 with its own stack pointer.</summary>
    public const ulong El0 = 0x0;

    /// <summary>M[3:0] of EL1 using SP_EL0.</summary>
    public const ulong El1Thread = 0x4;

    /// <summary>M[3:0] of EL1 using SP_EL1.</summary>
    public const ulong El1Handler = 0x5;

    /// <summary>M[4:0].</summary>
    public const ulong ModeMask = 0x1f;

    /// <summary>M[4]: AArch32.</summary>
    public const ulong Aarch32 = 1 << 4;

    /// <summary>D, A, I and F: every asynchronous and debug exception masked.</summary>
    public const ulong AllMasked = 0x3c0;

    /// <summary>BTYPE.</summary>
    public const ulong BranchType = 3 << 10;

    /// <summary>SSBS.</summary>
    public const ulong SpeculativeStoreBypassSafe = 1 << 12;

    /// <summary>IL.</summary>
    public const ulong IllegalExecution = 1 << 20;

    /// <summary>SS.</summary>
    public const ulong SoftwareStep = 1 << 21;

    /// <summary>PAN.</summary>
    public const ulong PrivilegedAccessNever = 1 << 22;

    /// <summary>UAO.</summary>
    public const ulong UserAccessOverride = 1 << 23;

    /// <summary>DIT.</summary>
    public const ulong DataIndependentTiming = 1 << 24;

    /// <summary>TCO.</summary>
    public const ulong TagCheckOverride = 1 << 25;

    /// <summary>N, Z, C and V.</summary>
    public const ulong Conditions = 0xful << 28;
}
