namespace SharpVisor.Console;

/// <summary>Where a VM is in its life.</summary>
internal enum VmState
{
    /// <summary>Known from its definition; has no memory.</summary>
    Defined,

    /// <summary>Has memory, VCpus and devices; has not started.</summary>
    Created,

    /// <summary>Its VCpus run when their turn comes.</summary>
    Running,

    /// <summary>Keeps everything, does not run.</summary>
    Paused,

    /// <summary>Has ended, by its own power-off or from the console.</summary>
    Stopped,

    /// <summary>Has ended by a fault that it could not go on from.</summary>
    Crashed,
}
