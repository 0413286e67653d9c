using System;
using System.Buffers.Binary;

namespace SharpVisor.Formats;

/// <summary>A 64-bit little-endian AArch64 ELF program (System V ABI, chapters 4 and 5): its entry and what to load.</summary>
public readonly ref struct Elf64
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const uint TypeLoad = 1;
    private const ushort MachineAarch64 = 183;

    private readonly ReadOnlySpan<byte> _file;
    private readonly int _programHeaders;

    private Elf64(ReadOnlySpan<byte> file, int programHeaders, int count, ulong entry)
    {
        _file = file;
        _programHeaders = programHeaders;
        Count = count;
        Entry = entry;
    }

    /// <summary>Number of program headers.</summary>
    public int Count { get; }

    /// <summary>e_entry: a virtual address.</summary>
    public ulong Entry { get; }

    /// <summary>Whether the bytes begin as any ELF file does.</summary>
    public static bool IsElf(ReadOnlySpan<byte> file) => file.StartsWith("\u007fELF"u8);

    /// <summary>Whether bytes for which <see cref="IsElf"/> is true are for a 64-bit little-endian AArch64 machine.</summary>
    public static bool IsAarch64(ReadOnlySpan<byte> file) =>
        file.Length >= 20 && file[4] == 2 && file[5] == 1 && BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(18)) == MachineAarch64;

    /// <summary>Checks the header. False where it is not a 64-bit little-endian AArch64 program with its headers in the file.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> file, out Elf64 elf)
    {
        elf = default;
        if (file.Length < HeaderSize || !IsElf(file) || !IsAarch64(file)
            || BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(16)) is not (2 or 3)
            || BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(54)) != ProgramHeaderSize)
        {
            return false;
        }

        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(32));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(56));
        if (offset > (ulong)file.Length || (ulong)count * ProgramHeaderSize > (ulong)file.Length - offset)
        {
            return false;
        }

        elf = new Elf64(file, (int)offset, count, BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(24)));
        return true;
    }

    /// <summary>Whether program header <paramref name="index"/> is to be loaded, and if so from where to where.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="segment">The segment; its bytes are checked to lie in the file unless <c>IsSound</c> is false.</param>
    public bool TryGetSegment(int index, out Elf64Segment segment)
    {
        segment = default;
        ReadOnlySpan<byte> header = _file.Slice(_programHeaders + (index * ProgramHeaderSize), ProgramHeaderSize);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != TypeLoad)
        {
            return false;
        }

        segment = new Elf64Segment(
            BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(8)),
            BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(16)),
            BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(24)),
            BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(32)),
            BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(40)));
        return true;
    }

    /// <summary>The bytes of a segment; false where they are not in the file or are more than the memory it takes.</summary>
    public bool TryGetBytes(Elf64Segment segment, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (segment.Offset > (ulong)_file.Length || segment.FileSize > (ulong)_file.Length - segment.Offset || segment.FileSize > segment.MemorySize)
        {
            return false;
        }

        bytes = _file.Slice((int)segment.Offset, (int)segment.FileSize);
        return true;
    }
}
