namespace SharpVisor.Formats;

/// <summary>A node of a flattened device tree, as the place of its begin token in the structure block.</summary>
public readonly struct FdtNode
{
    /// <summary>The node was reached in a way that does not tell its parent.</summary>
    internal const int Unknown = -1;

    internal FdtNode(int offset, int parent = Unknown)
    {
        Offset = offset;
        Parent = parent;
    }

    /// <summary>Bytes from the start of the structure block.</summary>
    internal int Offset { get; }

    /// <summary>The same of the node that holds it, or <see cref="Unknown"/>.</summary>
    internal int Parent { get; }
}
