using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace SharpVisor.Build.Elf;

/// <summary>
/// Reads 64-bit little-endian ELF files, linked ones and objects (ELF-64 Object File Format 1.5). They come from
/// our own compiler and linker: what does not fit is an exception, not a case.
/// </summary>
internal sealed class ElfFile
{
    private const int LoadSegment = 1;

    private readonly byte[] _bytes;

    /// <param name="bytes">The whole file.</param>
    internal ElfFile(byte[] bytes)
    {
        _bytes = bytes;
        if (bytes.Length < 64 || bytes[0] != 0x7f || bytes[1] != 'E' || bytes[2] != 'L' || bytes[3] != 'F' || bytes[4] != 2)
        {
            throw new BuildException("Not a 64-bit ELF file.");
        }

        Sections = ReadSections();
        Symbols = ReadSymbols();
    }

    internal IReadOnlyList<ElfSection> Sections { get; }

    /// <summary>The symbol table, in its order: relocations count on it.</summary>
    internal IReadOnlyList<ElfSymbol> Symbols { get; }

    /// <summary>The segments that a loader copies.</summary>
    internal IReadOnlyList<ElfSegment> LoadSegments()
    {
        List<ElfSegment> segments = [];
        int start = (int)UInt64(32);
        for (int i = 0; i < UInt16(56); i++)
        {
            int header = start + (i * UInt16(54));
            if (UInt32(header) == LoadSegment)
            {
                segments.Add(new ElfSegment(UInt64(header + 16), Bytes(UInt64(header + 8), UInt64(header + 32))));
            }
        }

        return segments;
    }

    /// <summary>Relocations (with addends) of a section.</summary>
    /// <param name="section">Index of the section that they are for.</param>
    internal IEnumerable<ElfRelocation> RelocationsOf(int section)
    {
        foreach (ElfSection table in Sections.Where(table => table.Type == ElfSection.TypeRelocations && table.Info == section))
        {
            for (int i = 0; i + 24 <= table.Data.Length; i += 24)
            {
                ReadOnlySpan<byte> entry = table.Data.AsSpan(i, 24);
                int symbol = (int)(BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]) >> 32);
                yield return new ElfRelocation(
                    BinaryPrimitives.ReadUInt64LittleEndian(entry),
                    Symbols[symbol],
                    BinaryPrimitives.ReadInt64LittleEndian(entry[16..]));
            }
        }
    }

    /// <summary>The value of a symbol, or null.</summary>
    internal ulong? AddressOf(string symbol) => Symbols.FirstOrDefault(entry => entry.IsDefined && entry.Name == symbol)?.Value;

    private List<ElfSection> ReadSections()
    {
        int start = (int)UInt64(40);
        int size = UInt16(58);
        int count = UInt16(60);
        int names = start + (UInt16(62) * size);
        byte[] nameTable = Bytes(UInt64(names + 24), UInt64(names + 32));
        List<ElfSection> sections = [];
        for (int i = 0; i < count; i++)
        {
            int header = start + (i * size);
            uint type = UInt32(header + 4);
            ulong length = UInt64(header + 32);
            byte[] data = type is 0 or 8 ? [] : Bytes(UInt64(header + 24), length);
            sections.Add(new ElfSection(
                Text(nameTable, UInt32(header)),
                type,
                UInt64(header + 8),
                UInt64(header + 16),
                (int)UInt32(header + 40),
                (int)UInt32(header + 44),
                data,
                length));
        }

        return sections;
    }

    private List<ElfSymbol> ReadSymbols()
    {
        List<ElfSymbol> symbols = [];
        ElfSection? table = Sections.FirstOrDefault(section => section.Type == ElfSection.TypeSymbols);
        for (int i = 0; table is not null && i + 24 <= table.Data.Length; i += 24)
        {
            ReadOnlySpan<byte> entry = table.Data.AsSpan(i, 24);
            symbols.Add(new ElfSymbol(
                Text(Sections[table.Link].Data, BinaryPrimitives.ReadUInt32LittleEndian(entry)),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]),
                entry[4] & 0xf,
                entry[4] >> 4 != 0,
                BinaryPrimitives.ReadUInt16LittleEndian(entry[6..])));
        }

        return symbols;
    }

    private static string Text(byte[] table, uint offset)
    {
        int end = Array.IndexOf(table, (byte)0, (int)offset);
        return Encoding.UTF8.GetString(table, (int)offset, end - (int)offset);
    }

    private byte[] Bytes(ulong offset, ulong length) => _bytes.AsSpan((int)offset, (int)length).ToArray();

    private ushort UInt16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset));

    private uint UInt32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset));

    private ulong UInt64(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(offset));
}
