namespace SharpVisor.Debug.Gdb;

/// <summary>What gdb wants to stop at; the numbers are those of its Z packets.</summary>
public enum DebugPoint
{
    /// <summary>An instruction, by whatever means there are.</summary>
    Software,

    /// <summary>An instruction, without a change of memory.</summary>
    Hardware,

    /// <summary>A write.</summary>
    Write,

    /// <summary>A read.</summary>
    Read,

    /// <summary>A read or a write.</summary>
    Access,
}
