using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace SharpVisor.Tests.Unit.Formats;

/// <summary>Makes AArch64 ELF programs.</summary>
internal static class ElfFile
{
    internal const int HeaderSize = 64;
    internal const int ProgramHeaderSize = 56;

    internal static byte[] Make(ulong entry, params (ulong Virtual, ulong Physical, byte[] Bytes, ulong MemorySize)[] segments)
    {
        var file = new List<byte>(new byte[HeaderSize + (segments.Length * ProgramHeaderSize)]);
        byte[] headers = new byte[file.Count];
        "\u007fELF"u8.CopyTo(headers);
        headers[4] = 2;
        headers[5] = 1;
        headers[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(headers.AsSpan(16), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(headers.AsSpan(18), 183);
        BinaryPrimitives.WriteUInt64LittleEndian(headers.AsSpan(24), entry);
        BinaryPrimitives.WriteUInt64LittleEndian(headers.AsSpan(32), HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(headers.AsSpan(54), ProgramHeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(headers.AsSpan(56), (ushort)segments.Length);
        for (int i = 0; i < segments.Length; i++)
        {
            Span<byte> header = headers.AsSpan(HeaderSize + (i * ProgramHeaderSize));
            BinaryPrimitives.WriteUInt32LittleEndian(header, 1);
            BinaryPrimitives.WriteUInt64LittleEndian(header[8..], (ulong)file.Count);
            BinaryPrimitives.WriteUInt64LittleEndian(header[16..], segments[i].Virtual);
            BinaryPrimitives.WriteUInt64LittleEndian(header[24..], segments[i].Physical);
            BinaryPrimitives.WriteUInt64LittleEndian(header[32..], (ulong)segments[i].Bytes.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(header[40..], segments[i].MemorySize);
            file.AddRange(segments[i].Bytes);
        }

        byte[] result = [.. file];
        headers.CopyTo(result, 0);
        return result;
    }
}
