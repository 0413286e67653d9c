namespace SharpVisor.Debug.Gdb;

/// <summary>Why a target stands still.</summary>
public enum DebugStopKind
{
    /// <summary>Somebody wanted it: the debugger, or a person who paused it.</summary>
    Interrupted,

    /// <summary>A breakpoint, or a step that is done.</summary>
    Trap,

    /// <summary>A write to a watched address.</summary>
    Write,

    /// <summary>A read of a watched address.</summary>
    Read,

    /// <summary>Either of them, of an address that is watched for both.</summary>
    Access,

    /// <summary>The guest cannot go on.</summary>
    Crashed,

    /// <summary>It has ended: there is nothing to look at any more.</summary>
    Ended,
}
