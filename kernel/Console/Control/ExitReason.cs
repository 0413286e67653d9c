namespace SharpVisor.Console;

/// <summary>Why a guest was left, in the kinds that are counted.</summary>
internal enum ExitReason
{
    /// <summary>HVC or SMC.</summary>
    Hypercall,

    /// <summary>An access to an emulated device.</summary>
    Device,

    /// <summary>A trapped system register or instruction.</summary>
    Register,

    /// <summary>A physical interrupt.</summary>
    Interrupt,

    /// <summary>WFI or WFE.</summary>
    Wait,

    /// <summary>Memory that stage 2 had to provide.</summary>
    Memory,

    /// <summary>Anything else.</summary>
    Other,

    /// <summary>How many reasons there are.</summary>
    Count,
}
