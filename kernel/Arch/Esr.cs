namespace SharpVisor.Arch;

/// <summary>An exception syndrome, ESR_ELx (Arm ARM D19.2.40): why an exception was taken.</summary>
public readonly struct Esr
{
    private readonly ulong _value;

    /// <summary>Wraps a value read from ESR_EL1 or ESR_EL2.</summary>
    public Esr(ulong value) => _value = value;

    /// <summary>The register as it was read.</summary>
    public ulong Value => _value;

    /// <summary>EC, 0 to 63.</summary>
    public uint ExceptionClass => (uint)(_value >> 26) & 0x3f;

    /// <summary>IL: the instruction is 32 bits long (or has no length).</summary>
    public bool IsLong => Bit(25);

    /// <summary>ISS, 25 bits whose meaning depends on the class.</summary>
    public uint Iss => (uint)_value & 0x1ff_ffff;

    /// <summary>imm16 of SVC, HVC, SMC and BRK.</summary>
    public uint Immediate => (uint)_value & 0xffff;

    /// <summary>DFSC or IFSC of an abort.</summary>
    public uint FaultStatus => (uint)_value & 0x3f;

    /// <summary>WnR of a data abort or watchpoint: it was a write.</summary>
    public bool IsWrite => Bit(6);

    /// <summary>S1PTW of an abort: stage 2 refused a stage-1 table walk.</summary>
    public bool IsOnStage1Walk => Bit(7);

    /// <summary>CM of a data abort: a cache-maintenance or address-translation instruction.</summary>
    public bool IsCacheMaintenance => Bit(8);

    /// <summary>FnV of an abort: FAR does not hold its address.</summary>
    public bool IsAddressInvalid => Bit(10);

    /// <summary>ISV of a data abort: the five fields below are valid.</summary>
    public bool IsAccessDescribed => Bit(24);

    /// <summary>SAS: 1, 2, 4 or 8 bytes.</summary>
    public int AccessSize => 1 << (int)((uint)(_value >> 22) & 3);

    /// <summary>SSE: what was read is sign-extended.</summary>
    public bool IsSignExtended => Bit(21);

    /// <summary>SRT: number of the general register, 0 to 31.</summary>
    public uint Register => (uint)(_value >> 16) & 31;

    /// <summary>SF: the register is 64 bits wide.</summary>
    public bool IsRegister64 => Bit(15);

    /// <summary>AR: an acquire or a release.</summary>
    public bool IsOrdered => Bit(14);

    /// <summary>Of a trapped MSR, MRS or system instruction: a read.</summary>
    public bool IsSystemRegisterRead => Bit(0);

    /// <summary>Op0 of a trapped MSR, MRS or system instruction.</summary>
    public uint Op0 => (uint)(_value >> 20) & 3;

    /// <summary>Op1, 0 to 7.</summary>
    public uint Op1 => (uint)(_value >> 14) & 7;

    /// <summary>CRn, 0 to 15.</summary>
    public uint CRn => (uint)(_value >> 10) & 15;

    /// <summary>CRm, 0 to 15.</summary>
    public uint CRm => (uint)(_value >> 1) & 15;

    /// <summary>Op2, 0 to 7.</summary>
    public uint Op2 => (uint)(_value >> 17) & 7;

    /// <summary>Rt of a trapped MSR or MRS, 0 to 31.</summary>
    public uint SystemRegisterTarget => (uint)(_value >> 5) & 31;

    private bool Bit(int n) => (_value >> n & 1) != 0;
}
