namespace SharpVisor.Debug.Gdb;

/// <summary>
/// The system registers of a VCpu that gdb sees, beside the general and the SIMD ones. The order is that of
/// <see cref="DebugRegisters.SystemNames"/>, and up to <see cref="CntvCval"/> that in which the world switch keeps them.
/// </summary>
public enum DebugSystemRegister
{
    // EL1 state.
    Sctlr,
    Tcr,
    Ttbr0,
    Ttbr1,
    Mair,
    Amair,
    Esr,
    Far,
    Afsr0,
    Afsr1,
    Elr,
    Spsr,
    Vbar,
    ContextIdr,
    TpidrEl0,
    TpidrroEl0,
    TpidrEl1,
    SpEl0,
    SpEl1,
    Cpacr,
    Cntkctl,
    Par,
    Csselr,
    Mdscr,
    CntvCtl,
    CntvCval,
    Mpidr,

    // The other timer, and time.
    CntpCtl,
    CntpCval,
    Cntvct,
    Cntvoff,

    // The virtual GIC: the VCpu's interface, then a bit for each interrupt, 32 a register; the first ones are the VCpu's own.
    GicVmcr,
    GicActivePriorities0,
    GicActivePriorities1,
    GicControl,
    GicEnabled0,
    GicEnabled1,
    GicEnabled2,
    GicPending0,
    GicPending1,
    GicPending2,
    GicActive0,
    GicActive1,
    GicActive2,

    /// <summary>How many there are.</summary>
    Count,
}
