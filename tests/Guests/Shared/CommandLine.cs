using System;
using SharpVisor.Formats;

namespace SharpVisor.Guests;

/// <summary>/chosen bootargs: what a test wants of its guest.</summary>
internal static unsafe class CommandLine
{
    /// <summary>Reads it from the device tree. Empty where there is none.</summary>
    internal static ReadOnlySpan<byte> Read(ulong deviceTree)
    {
        const int headerSize = 40;
        if (!FdtReader.TryGetTotalSize(new ReadOnlySpan<byte>((void*)deviceTree, headerSize), out uint size)
            || FdtReader.TryCreate(new ReadOnlySpan<byte>((void*)deviceTree, (int)size), out FdtReader tree) != FdtError.None
            || !tree.TryFindPath("/chosen"u8, out FdtNode chosen)
            || !tree.TryGetString(chosen, "bootargs"u8, out ReadOnlySpan<byte> value))
        {
            return default;
        }

        return value;
    }
}
