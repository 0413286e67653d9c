using System;

namespace SharpVisor.Formats;

/// <summary>One string of a node's <c>compatible</c> list in the index of a tree.</summary>
internal readonly struct FdtCompatible
{
    internal FdtCompatible(uint hash, FdtNode node)
    {
        Hash = hash;
        Node = node;
    }

    /// <summary><see cref="HashOf"/> the string.</summary>
    internal uint Hash { get; }

    /// <summary>The node, which knows its parent.</summary>
    internal FdtNode Node { get; }

    /// <summary>FNV-1a: equal strings have equal ones. Others may have, too (a tree can be made so), which costs time alone.</summary>
    internal static uint HashOf(ReadOnlySpan<byte> text)
    {
        uint hash = 2_166_136_261;
        for (int i = 0; i < text.Length; i++)
        {
            hash = (hash ^ text[i]) * 16_777_619;
        }

        return hash;
    }
}
