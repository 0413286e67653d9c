using System;
using System.Buffers.Binary;

namespace SharpVisor.Formats;

/// <summary>A gzip file of one member (RFC 1952).</summary>
public static class Gzip
{
    private const int HeaderSize = 10;
    private const int TrailerSize = 8;
    private const byte HeaderChecksum = 2;
    private const byte Extra = 4;
    private const byte Name = 8;
    private const byte Comment = 16;

    /// <summary>Whether the bytes begin as a gzip file does.</summary>
    public static bool IsGzip(ReadOnlySpan<byte> file) => file.Length > HeaderSize + TrailerSize && file[0] == 0x1f && file[1] == 0x8b && file[2] == 8;

    /// <summary>Size of the contents modulo 2^32, from the trailer of a file for which <see cref="IsGzip"/> is true.</summary>
    public static uint ContentSize(ReadOnlySpan<byte> file) => BinaryPrimitives.ReadUInt32LittleEndian(file.Slice(file.Length - 4));

    /// <summary>Decompresses the file and checks its CRC-32 and size.</summary>
    /// <param name="file">The whole file. Zero bytes may follow the member (padding).</param>
    /// <param name="output">Where the contents go.</param>
    /// <param name="inflate">Work tables.</param>
    /// <param name="size">Bytes written. Where the file is larger than the output, fewer than <see cref="Inflate.LongestMatch"/> are missing from its end.</param>
    /// <returns>False where the file is malformed, damaged or larger than the output.</returns>
    public static bool TryDecompress(ReadOnlySpan<byte> file, Span<byte> output, Inflate inflate, out int size)
    {
        size = 0;
        if (!IsGzip(file) || !TrySkipHeader(file, out int start) || !inflate.TryDecompress(file.Slice(start), output, out int consumed, out size))
        {
            return false;
        }

        ReadOnlySpan<byte> trailer = file.Slice(start + consumed);
        return trailer.Length >= TrailerSize
            && BinaryPrimitives.ReadUInt32LittleEndian(trailer.Slice(4)) == (uint)size
            && BinaryPrimitives.ReadUInt32LittleEndian(trailer) == Crc32.Compute(output.Slice(0, size));
    }

    /// <summary>Decompresses the file, however large its contents are, and checks its CRC-32 and size.</summary>
    /// <param name="file">The whole file. Zero bytes may follow the member (padding).</param>
    /// <param name="window">Where it works: the longer the better, at least 33 KiB.</param>
    /// <param name="target">Where the contents go.</param>
    /// <param name="inflate">Work tables.</param>
    /// <returns>False where the file is malformed or damaged, or the target takes no more.</returns>
    public static bool TryDecompress(ReadOnlySpan<byte> file, Span<byte> window, InflateTarget target, Inflate inflate)
    {
        target.Begin();
        if (!IsGzip(file) || !TrySkipHeader(file, out int start) || !inflate.TryDecompress(file.Slice(start), window, target, out int consumed))
        {
            return false;
        }

        ReadOnlySpan<byte> trailer = file.Slice(start + consumed);
        return trailer.Length >= TrailerSize
            && BinaryPrimitives.ReadUInt32LittleEndian(trailer.Slice(4)) == (uint)target.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(trailer) == target.Checksum;
    }

    /// <summary>Decompresses the beginning of the file only; nothing is checked of the rest.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="output">Where the beginning goes.</param>
    /// <param name="inflate">Work tables.</param>
    /// <param name="size">Bytes written: at least as many as fit before the 258 last of <paramref name="output"/>, unless the file holds less.</param>
    /// <returns>False where the file is malformed as far as it was read.</returns>
    public static bool TryPeek(ReadOnlySpan<byte> file, Span<byte> output, Inflate inflate, out int size)
    {
        size = 0;
        return IsGzip(file) && TrySkipHeader(file, out int start)
            && (inflate.TryDecompress(file.Slice(start), output, out _, out size) || size > output.Length - Inflate.LongestMatch);
    }

    private static bool TrySkipHeader(ReadOnlySpan<byte> file, out int offset)
    {
        byte flags = file[3];
        offset = HeaderSize;
        if ((flags & Extra) != 0)
        {
            // IsGzip has seen to it that there are bytes behind the header.
            offset += 2 + BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(offset));
        }

        if ((flags & Name) != 0 && !TrySkipString(file, ref offset))
        {
            return false;
        }

        if ((flags & Comment) != 0 && !TrySkipString(file, ref offset))
        {
            return false;
        }

        if ((flags & HeaderChecksum) != 0)
        {
            offset += 2;
        }

        return (flags & 0xe0) == 0 && offset <= file.Length - TrailerSize;
    }

    private static bool TrySkipString(ReadOnlySpan<byte> file, ref int offset)
    {
        if (offset > file.Length)
        {
            return false;
        }

        int length = file.Slice(offset).IndexOf((byte)0);
        offset += length + 1;
        return length >= 0;
    }
}
