namespace SharpVisor.Console;

/// <summary>What a physical interrupt is for.</summary>
internal enum InterruptUser
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>One CPU asks another to look at its VCpus.</summary>
    Kick,

    /// <summary>The interrupt controller asks for list registers to be filled.</summary>
    Maintenance,

    /// <summary>The hypervisor's timer.</summary>
    HypervisorTimer,

    /// <summary>The guests' virtual timer.</summary>
    VirtualTimer,

    /// <summary>The serial line.</summary>
    SerialLine,

    /// <summary>Another device.</summary>
    Device,
}
