using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SharpVisor.Build.Elf;

namespace SharpVisor.Build.Symbols;

/// <summary>
/// The functions of a linked image and their names, as the panic report wants them; kernel/Debug/Symbols.cs reads
/// the table and describes it.
/// </summary>
internal static class SymbolTable
{
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

    /// <summary>The table's bytes; equal names share theirs.</summary>
    internal static byte[] Encode(IReadOnlyList<(ulong Address, string Name)> functions)
    {
        byte[] index = new byte[4 + (8 * functions.Count)];
        BinaryPrimitives.WriteInt32LittleEndian(index, functions.Count);
        List<byte> text = [];
        Dictionary<string, int> places = [];
        for (int i = 0; i < functions.Count; i++)
        {
            (ulong address, string name) = functions[i];
            if (!places.TryGetValue(name, out int place))
            {
                place = index.Length + text.Count;
                places[name] = place;
                text.AddRange(Encoding.ASCII.GetBytes(name));
                text.Add(0);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(index.AsSpan(4 + (8 * i)), checked((uint)address));
            BinaryPrimitives.WriteInt32LittleEndian(index.AsSpan(8 + (8 * i)), place);
        }

        return [.. index, .. text];
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
