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

    /// <summary>The decimal number behind a name in the text, such as 7 behind <c>seed=</c>.</summary>
    internal static ulong Number(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name, ulong otherwise)
    {
        for (int i = 0; i + name.Length < text.Length; i++)
        {
            if (text.Slice(i, name.Length).SequenceEqual(name))
            {
                ulong value = 0;
                for (int j = i + name.Length; j < text.Length && text[j] is >= (byte)'0' and <= (byte)'9'; j++)
                {
                    value = (value * 10) + text[j] - '0';
                }

                return value;
            }
        }

        return otherwise;
    }
}
