using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SharpVisor.Build.Elf;
using SharpVisor.Formats;

namespace SharpVisor.Build.Symbols;

/// <summary>
/// The functions of a linked image and their names, as the panic report wants them; <see cref="FunctionTable"/>
/// reads it and describes it.
/// </summary>
internal static class SymbolTable
{
    private const uint LargestOffset = 0xff_ffff;

    /// <summary>The functions of an image, ascending, one name an address.</summary>
    internal static IReadOnlyList<(ulong Address, string Name)> Functions(ElfFile elf, string assembly)
    {
        SortedDictionary<ulong, string> names = [];
        foreach (ElfSymbol symbol in elf.Symbols.Where(symbol => IsCode(elf, symbol)))
        {
            // A method that is exported has two names: the one with its class tells more.
            bool isManaged = symbol.Name.StartsWith(assembly + "_", StringComparison.Ordinal);
            if (isManaged || !names.ContainsKey(symbol.Value))
            {
                names[symbol.Value] = SymbolName.Demangle(symbol.Name, assembly);
            }
        }

        return names.Select(pair => (pair.Key, pair.Value)).ToList();
    }

    /// <summary>The table's bytes.</summary>
    internal static byte[] Encode(IReadOnlyList<(ulong Address, string Name)> functions)
    {
        List<byte> records = [];
        string before = string.Empty;
        foreach ((ulong address, string whole) in functions.OrderBy(function => function.Name, StringComparer.Ordinal))
        {
            string name = whole.Length <= FunctionTable.LongestName ? whole : whole[..FunctionTable.LongestName];
            int common = before.AsSpan().CommonPrefixLength(name);
            uint offset = checked((uint)address);
            if (offset > LargestOffset)
            {
                throw new BuildException($"{name} begins {address:#,0} bytes behind the image's start: the table of functions has room for {LargestOffset:#,0}.");
            }

            records.AddRange([(byte)offset, (byte)(offset >> 8), (byte)(offset >> 16), (byte)common]);
            records.AddRange(Encoding.ASCII.GetBytes(name[common..]));
            records.Add(0);
            before = name;
        }

        byte[] length = new byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32LittleEndian(length, records.Count);
        return [.. length, .. records];
    }

    // Mapping symbols ($x, $d) tell code from data, they name nothing.
    private static bool IsCode(ElfFile elf, ElfSymbol symbol) =>
        symbol.Section > 0
        && symbol.Section < elf.Sections.Count
        && elf.Sections[symbol.Section].IsExecutable
        && symbol.Value - elf.Sections[symbol.Section].Address < elf.Sections[symbol.Section].Size
        && symbol.Type is 0 or ElfSymbol.TypeFunction
        && symbol.Name.Length > 0
        && symbol.Name[0] is not ('$' or '.');
}
