namespace SharpVisor.Machine.Life;

/// <summary>What a VM is to become.</summary>
internal enum VmTarget
{
    /// <summary>A definition and nothing else.</summary>
    Defined,

    /// <summary>Not even that.</summary>
    Gone,

    /// <summary>Ready to start.</summary>
    Created,

    /// <summary>Ended.</summary>
    Stopped,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Started, and standing still.</summary>
    Paused,
}
