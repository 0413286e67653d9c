using System;

namespace SharpVisor.Formats;

/// <summary>What is wrong with a flattened device tree.</summary>
public enum FdtError
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Shorter than its header, or than the size that the header names.</summary>
    Truncated,

    /// <summary>The magic number 0xd00dfeed is not there.</summary>
    BadMagic,

    /// <summary>A version that is not compatible with 17.</summary>
    BadVersion,

    /// <summary>A block lies outside the blob or is not aligned.</summary>
    BadLayout,

    /// <summary>The structure block is not a tree of nodes and properties.</summary>
    BadStructure,

    /// <summary>Nodes are nested deeper than <see cref="FdtReader.MaximumDepth"/>.</summary>
    TooDeep,
}

/// <summary>Errors in words.</summary>
public static class FdtErrorText
{
    /// <summary>One phrase: what is wrong.</summary>
    public static ReadOnlySpan<byte> Describe(FdtError error) => error switch
    {
        FdtError.None => "no error"u8,
        FdtError.Truncated => "device tree is shorter than its header says"u8,
        FdtError.BadMagic => "not a device tree (magic 0xd00dfeed is missing)"u8,
        FdtError.BadVersion => "device tree version is not compatible with 17"u8,
        FdtError.BadLayout => "device tree blocks lie outside the blob or overlap its header"u8,
        FdtError.BadStructure => "device tree structure block is malformed"u8,
        _ => "device tree is nested too deeply"u8,
    };
}
