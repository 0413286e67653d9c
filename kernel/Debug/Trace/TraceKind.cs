namespace SharpVisor.Debug;

/// <summary>
/// What a record of the event trace tells of. A record is four u64: time by the machine's counter; bits 0 to 7 the kind, 8 to 15
/// the VCpu, 16 to 31 the low half of the VM's number (0: none), 32 to 63 the detail; then two words, named here. The
/// numbers go over the control channel: they stay.
/// </summary>
public enum TraceKind : byte
{
    /// <summary>A guest was left by an exception. Detail: ESR_EL2; PC, then the IPA of a data abort, else X0.</summary>
    Exit,

    /// <summary>A guest was entered.</summary>
    Entry,

    /// <summary>A guest was left for a physical interrupt. PC, then INTID.</summary>
    Interrupt,

    /// <summary>An interrupt was put into a list register; one of hardware (<see cref="Interrupt"/> tells) is left out. 0, then INTID.</summary>
    Injection,

    /// <summary>A VCpu came onto the CPU.</summary>
    Arrive,

    /// <summary>A VCpu left the CPU. Its scheduling state, then the second word of the one that comes instead, or 0.</summary>
    Depart,

    /// <summary>The CPU waits, for there is nothing to run.</summary>
    Idle,

    /// <summary>It waits no more.</summary>
    Awake,

    /// <summary>The guest marked an event. Value, then number.</summary>
    Mark,

    /// <summary>What a guest was doing when it was looked at. PC, then PSTATE; its callers follow as <see cref="Callers"/>.</summary>
    Sample,

    /// <summary>Return addresses of the sample before, two a record, the innermost first; 0 for none.</summary>
    Callers,

    /// <summary>How many kinds there are.</summary>
    Count,
}
