namespace SharpVisor.Arch;

/// <summary>HCR_EL2 (Arm ARM D19.2.48): what a guest's EL1 may do without the hypervisor.</summary>
public static class HypervisorConfiguration
{
    /// <summary>VM: stage-2 translation on.</summary>
    public const ulong Stage2 = 1ul << 0;

    /// <summary>SWIO: set/way invalidate also cleans.</summary>
    public const ulong SetWayInvalidateOverride = 1ul << 1;

    /// <summary>PTW: a stage-1 walk through Device memory faults.</summary>
    public const ulong ProtectedTableWalk = 1ul << 2;

    /// <summary>FMO, IMO, AMO: physical FIQ, IRQ and SError go to EL2, virtual ones can be taken at EL1.</summary>
    public const ulong RouteInterrupts = (1ul << 3) | (1ul << 4) | (1ul << 5);

    /// <summary>VF: a virtual FIQ is pending.</summary>
    public const ulong VirtualFiq = 1ul << 6;

    /// <summary>VI: a virtual IRQ is pending.</summary>
    public const ulong VirtualIrq = 1ul << 7;

    /// <summary>FB and BSU = inner shareable: the guest's maintenance and barriers reach the CPUs that its VCpus may move to.</summary>
    public const ulong BroadcastMaintenance = (1ul << 9) | (1ul << 10);

    /// <summary>TWI: WFI traps.</summary>
    public const ulong TrapWfi = 1ul << 13;

    /// <summary>TWE: WFE traps.</summary>
    public const ulong TrapWfe = 1ul << 14;

    /// <summary>TID1: REVIDR, AIDR trap.</summary>
    public const ulong TrapRevision = 1ul << 16;

    /// <summary>TID3: the ID registers trap.</summary>
    public const ulong TrapIdentification = 1ul << 18;

    /// <summary>TSC: SMC traps.</summary>
    public const ulong TrapSmc = 1ul << 19;

    /// <summary>TIDCP: implementation-defined registers trap.</summary>
    public const ulong TrapImplementationDefined = 1ul << 20;

    /// <summary>TACR: ACTLR_EL1 traps.</summary>
    public const ulong TrapAuxiliaryControl = 1ul << 21;

    /// <summary>TSW: set/way cache maintenance traps.</summary>
    public const ulong TrapSetWay = 1ul << 22;

    /// <summary>RW: EL1 is AArch64.</summary>
    public const ulong Aarch64 = 1ul << 31;

    /// <summary>TLOR: the LOR registers trap.</summary>
    public const ulong TrapLimitedOrdering = 1ul << 35;

    /// <summary>TERR: the RAS error records trap.</summary>
    public const ulong TrapErrorRecords = 1ul << 36;

    /// <summary>APK and API: pointer-authentication keys and instructions do not trap.</summary>
    public const ulong AllowPointerAuthentication = (1ul << 40) | (1ul << 41);

    /// <summary>TID5: GMID_EL1 traps (memory tagging is hidden; ATA stays 0).</summary>
    public const ulong TrapTagging = 1ul << 58;
}
