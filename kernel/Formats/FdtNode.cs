namespace SharpVisor.Formats;

/// <summary>A node of a flattened device tree, as the place of its begin token in the structure block.</summary>
public readonly struct FdtNode
{
    internal FdtNode(int offset) => Offset = offset;

    /// <summary>Bytes from the start of the structure block.</summary>
    internal int Offset { get; }
}
