namespace SharpVisor.Console;

/// <summary>Which of the hypervisor's lines are written.</summary>
internal enum LogLevel
{
    /// <summary>Only what ends a VM or the machine.</summary>
    Error,

    /// <summary>Also what a guest did wrong.</summary>
    Warning,

    /// <summary>Also what goes on: VMs that start and end.</summary>
    Info,

    /// <summary>Everything.</summary>
    Debug,

    /// <summary>How many levels there are.</summary>
    Count,
}
