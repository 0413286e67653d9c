using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace SharpVisor.Hvctl.Profiling;

/// <summary>Names of a guest's functions: from an ELF file with a symbol table, a System.map, or a copy of /proc/kallsyms.</summary>
internal sealed class GuestSymbols
{
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const uint SymbolTable = 2;
    private const int FunctionType = 2;
    private const ulong LargestFunction = 1 << 20;

    private readonly ulong[] _addresses;
    private readonly string[] _names;

    private GuestSymbols(SortedDictionary<ulong, string> symbols)
    {
        _addresses = [.. symbols.Keys];
        _names = [.. symbols.Values];
    }

    /// <summary>How many there are.</summary>
    internal int Count => _addresses.Length;

    /// <summary>Reads a file, whichever of the three it is.</summary>
    /// <exception cref="Failure">It has no usable symbols; says why.</exception>
    internal static GuestSymbols Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        SortedDictionary<ulong, string> symbols = [];
        if (bytes.AsSpan().StartsWith("\x7f"u8) && bytes.AsSpan(1).StartsWith("ELF"u8))
        {
            ReadElf(bytes, symbols);
            if (symbols.Count == 0)
            {
                throw Bad($"{path} is an ELF file without names of functions: one that was not stripped is needed, or the guest's /proc/kallsyms");
            }
        }
        else
        {
            ReadLines(path, Encoding.UTF8.GetString(bytes), symbols);
        }

        return new GuestSymbols(symbols);
    }

    /// <summary>The address of a symbol, or null.</summary>
    internal ulong? Find(string name)
    {
        int place = Array.IndexOf(_names, name);
        return place < 0 ? null : _addresses[place];
    }

    /// <summary>The function that holds an address, or null.</summary>
    internal string? At(ulong address)
    {
        int place = Array.BinarySearch(_addresses, address);
        place = place >= 0 ? place : ~place - 1;
        return place >= 0 && address - _addresses[place] < LargestFunction ? _names[place] : null;
    }

    private static Failure Bad(string message) => new(ExitCode.Refused, "symbols", message);

    private static void ReadLines(string path, string text, SortedDictionary<ulong, string> symbols)
    {
        if (text.Contains("The real System.map is in", StringComparison.Ordinal))
        {
            throw Bad($"{path} is Debian's empty stand-in for a System.map: take the one of the linux-image-...-dbg package, or a copy of /proc/kallsyms that root made in the guest");
        }

        bool areHidden = false;
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 3 || words[1].Length != 1 || !ulong.TryParse(words[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address))
            {
                continue;
            }

            areHidden |= address == 0;
            if (address != 0 && "tTwW".Contains(words[1][0], StringComparison.Ordinal) && !words[2].StartsWith('$'))
            {
                string name = words.Length > 3 ? $"{words[2]} {words[3]}" : words[2];
                symbols.TryAdd(address, name);
            }
        }

        if (symbols.Count == 0)
        {
            throw Bad(areHidden
                ? $"all addresses in {path} are 0: the guest hides them (kptr_restrict). Read /proc/kallsyms as root, after 'sysctl kernel.kptr_restrict=0'"
                : $"{path} has no symbols: an ELF file, a System.map or a copy of /proc/kallsyms is needed");
        }
    }

    private static void ReadElf(byte[] file, SortedDictionary<ulong, string> symbols)
    {
        if (file.Length < SectionHeaderSize || file[4] != 2 || file[5] != 1)
        {
            return;
        }

        ulong sections = BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(40));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(60));
        for (int i = 0; i < count; i++)
        {
            if (!TryGetSection(file, sections, i, out uint type, out ReadOnlySpan<byte> table, out uint link) || type != SymbolTable
                || !TryGetSection(file, sections, (int)link, out _, out ReadOnlySpan<byte> names, out _))
            {
                continue;
            }

            for (; table.Length >= SymbolSize; table = table[SymbolSize..])
            {
                uint name = BinaryPrimitives.ReadUInt32LittleEndian(table);
                ulong value = BinaryPrimitives.ReadUInt64LittleEndian(table[8..]);
                bool isCode = (table[4] & 15) == FunctionType || ((table[4] & 15) == 0 && table[4] >> 4 == 1);
                if (isCode && value != 0 && name < names.Length)
                {
                    ReadOnlySpan<byte> text = names[(int)name..];
                    int length = text.IndexOf((byte)0);
                    if (length > 0 && text[0] != '$')
                    {
                        symbols.TryAdd(value, Encoding.UTF8.GetString(text[..length]));
                    }
                }
            }
        }
    }

    private static bool TryGetSection(byte[] file, ulong sections, int index, out uint type, out ReadOnlySpan<byte> data, out uint link)
    {
        type = 0;
        link = 0;
        data = default;
        ulong start = sections + ((ulong)index * SectionHeaderSize);
        if (start + SectionHeaderSize > (ulong)file.Length || start + SectionHeaderSize < start)
        {
            return false;
        }

        ReadOnlySpan<byte> header = file.AsSpan((int)start);
        type = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        link = BinaryPrimitives.ReadUInt32LittleEndian(header[40..]);
        if (offset > (ulong)file.Length || length > (ulong)file.Length - offset)
        {
            return false;
        }

        data = file.AsSpan((int)offset, (int)length);
        return true;
    }
}
