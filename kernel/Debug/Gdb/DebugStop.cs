namespace SharpVisor.Debug.Gdb;

/// <summary>Why a target stands still, and which VCpu it is about.</summary>
public struct DebugStop
{
    /// <summary>Why.</summary>
    public DebugStopKind Kind;

    /// <summary>The VCpu's number.</summary>
    public int Thread;

    /// <summary>Of a watched access: its address.</summary>
    public ulong Address;
}
