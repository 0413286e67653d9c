using System;
using System.Buffers.Binary;

namespace SharpVisor.Tests.Unit.Formats;

/// <summary>Makes arm64 Images, with and without the PE header that Linux has for EFI.</summary>
internal static class ImageFile
{
    internal const int SectionsEnd = 0x400;

    internal static byte[] Make(int length, ulong textOffset, ulong imageSize, int seed = 1)
    {
        byte[] file = new byte[length];
        new Random(seed).NextBytes(file);
        file.AsSpan(0, 64).Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(8), textOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(16), imageSize);
        "ARM\x64"u8.CopyTo(file.AsSpan(56));
        return file;
    }

    /// <summary>An Image whose two PE sections end at <see cref="SectionsEnd"/>.</summary>
    internal static byte[] MakeWithSections(int length, ulong imageSize)
    {
        byte[] file = Make(length, 0, imageSize);
        file[0] = (byte)'M';
        file[1] = (byte)'Z';
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(0x3c), 64);
        Span<byte> pe = file.AsSpan(64);
        "PE\0\0"u8.CopyTo(pe);
        BinaryPrimitives.WriteUInt16LittleEndian(pe[6..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(pe[20..], 8);
        for (int i = 0; i < 2; i++)
        {
            Span<byte> section = pe[(24 + 8 + (i * 40))..];
            BinaryPrimitives.WriteUInt32LittleEndian(section[16..], 0x100);
            BinaryPrimitives.WriteUInt32LittleEndian(section[20..], (uint)(0x200 + (i * 0x100)));
        }

        return file;
    }
}
