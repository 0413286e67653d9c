namespace SharpVisor.Debug;

/// <summary>How much a line of the log matters; lines above the threshold are not written.</summary>
public enum Severity
{
    /// <summary>What ends a VM or the machine, or keeps one from starting.</summary>
    Error,

    /// <summary>What a guest did wrong, or the machine does not have.</summary>
    Warning,

    /// <summary>What goes on: VMs that start and end.</summary>
    Information,

    /// <summary>Steps of that, for who looks for a fault.</summary>
    Detail,
}
