namespace SharpVisor.Console;

/// <summary>What a VCpu does at the moment.</summary>
internal enum VCpuState
{
    /// <summary>Not started, or switched off by its guest.</summary>
    Off,

    /// <summary>A CPU runs it.</summary>
    Running,

    /// <summary>Could run and waits for its turn.</summary>
    Ready,

    /// <summary>Waits for an interrupt (WFI).</summary>
    Waiting,

    /// <summary>Its VM is paused.</summary>
    Paused,
}
