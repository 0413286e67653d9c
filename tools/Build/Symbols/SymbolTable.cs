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
    private const uint InstructionSize = 4;

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
    /// <exception cref="BuildException">A function is at no whole word.</exception>
    internal static byte[] Encode(IReadOnlyList<(ulong Address, string Name)> functions)
    {
        (ulong Address, string Name)[] ordered = [.. functions.OrderBy(function => function.Address)];
        List<byte[]> heads = [];
        List<List<byte>> names = [];
        ulong addressBefore = 0;
        string before = string.Empty;
        foreach ((ulong address, string whole) in ordered)
        {
            if (address % InstructionSize != 0)
            {
                throw new BuildException($"{whole} begins at {address:#,0}, which is no place for an instruction.");
            }

            string name = whole.Length <= FunctionTable.LongestName ? whole : whole[..FunctionTable.LongestName];
            int common = before.AsSpan().CommonPrefixLength(name);
            heads.Add([.. Distance((address - addressBefore) / InstructionSize), (byte)common]);
            names.Add([.. Encoding.ASCII.GetBytes(name[common..])]);
            addressBefore = address;
            before = name;
        }

        byte[] pairs = BytePairs.Replace(names, FunctionTable.FirstPair, FunctionTable.PairCount);
        List<byte> records = [.. pairs];
        for (int i = 0; i < heads.Count; i++)
        {
            records.AddRange(heads[i]);
            records.AddRange(names[i]);
            records.Add(0);
        }

        byte[] length = new byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32LittleEndian(length, records.Count);
        return [.. length, .. records];
    }

    private static IEnumerable<byte> Distance(ulong words)
    {
        for (; words > 0x7f; words >>= 7)
        {
            yield return (byte)(words | 0x80);
        }

        yield return (byte)words;
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
