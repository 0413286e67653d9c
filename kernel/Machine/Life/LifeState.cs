namespace SharpVisor.Machine.Life;

/// <summary>Where a VM is in its life, or will be as soon as what was asked for is done.</summary>
public enum LifeState
{
    /// <summary>There is its definition and nothing else.</summary>
    Defined,

    /// <summary>Has memory, VCpus and devices; has not started.</summary>
    Created,

    /// <summary>Its VCpus run when their turn comes.</summary>
    Running,

    /// <summary>Keeps everything, does not run.</summary>
    Paused,

    /// <summary>Has ended, by its own power-off or because a person wanted it.</summary>
    Stopped,

    /// <summary>Has ended by a fault that it could not go on from; perhaps it starts again after a while.</summary>
    Crashed,
}
