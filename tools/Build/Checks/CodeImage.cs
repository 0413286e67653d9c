using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Build.Elf;
using SharpVisor.Build.Symbols;

namespace SharpVisor.Build.Checks;

/// <summary>The code of a linked program, cut into functions, and what of its data decides where code can go.</summary>
internal sealed class CodeImage
{
    // kernel/Runtime/MethodTable.cs: the number of slots, then at 24 the first of them.
    private const int SlotCountOffset = 16;
    private const int FirstSlotOffset = 24;

    private readonly ulong[] _starts;

    /// <param name="regions">Ascending by address.</param>
    /// <param name="methodTables">The slots of each class: addresses of functions.</param>
    /// <param name="pointers">Addresses of functions that stand in data outside of method tables.</param>
    internal CodeImage(IReadOnlyList<CodeRegion> regions, IReadOnlyList<IReadOnlyList<ulong>> methodTables, IReadOnlyList<ulong> pointers)
    {
        Regions = regions;
        MethodTables = methodTables;
        Pointers = pointers;
        _starts = regions.Select(region => region.Address).ToArray();
    }

    internal IReadOnlyList<CodeRegion> Regions { get; }

    internal IReadOnlyList<IReadOnlyList<ulong>> MethodTables { get; }

    internal IReadOnlyList<ulong> Pointers { get; }

    /// <summary>The region that holds an address, or null.</summary>
    internal CodeRegion? At(ulong address)
    {
        int index = Array.BinarySearch(_starts, address);
        index = index >= 0 ? index : ~index - 1;
        return index >= 0 && Regions[index].Contains(address) ? Regions[index] : null;
    }

    /// <summary>The region that follows another one, or null.</summary>
    internal CodeRegion? After(CodeRegion region) => At(region.Address + region.Size);

    /// <summary>The region that bears a symbol, or null.</summary>
    internal CodeRegion? Find(string symbol) => Regions.FirstOrDefault(region => region.Symbols.Contains(symbol));

    /// <summary>Every function whose address code or data holds, other than in a method table.</summary>
    internal IReadOnlyList<CodeRegion> AddressTaken()
    {
        IEnumerable<ulong> addresses = Pointers.Concat(Regions.SelectMany(region => AddressesIn(region.Instructions)));
        return addresses.Distinct().Select(At).Where(region => region is not null && !region.IsLabel).Select(region => region!).Distinct().ToList();
    }

    /// <summary>Reads a linked program.</summary>
    /// <param name="assembly">The name with which its mangled names begin.</param>
    internal static CodeImage FromElf(ElfFile elf, string assembly)
    {
        List<CodeRegion> regions = ReadRegions(elf, assembly);
        HashSet<ulong> starts = regions.Select(region => region.Address).ToHashSet();
        List<IReadOnlyList<ulong>> methodTables = [];
        HashSet<ulong> inMethodTables = [];
        foreach (ElfSymbol symbol in elf.Symbols.Where(symbol => symbol.IsDefined && symbol.Name.StartsWith("_ZTV", StringComparison.Ordinal)))
        {
            ElfSection section = elf.Sections[symbol.Section];
            ReadOnlySpan<byte> table = section.Data.AsSpan((int)(symbol.Value - section.Address));
            int count = BinaryPrimitives.ReadUInt16LittleEndian(table[SlotCountOffset..]);
            List<ulong> slots = [];
            for (int i = 0; i < count; i++)
            {
                slots.Add(BinaryPrimitives.ReadUInt64LittleEndian(table[(FirstSlotOffset + (8 * i))..]));
                inMethodTables.Add(symbol.Value + (ulong)(FirstSlotOffset + (8 * i)));
            }

            methodTables.Add(slots);
        }

        List<ulong> pointers = [];
        foreach (ElfSection section in elf.Sections.Where(section => section.IsInMemory && !section.IsExecutable))
        {
            for (int i = 0; i + 8 <= section.Data.Length; i += 8)
            {
                ulong value = BinaryPrimitives.ReadUInt64LittleEndian(section.Data.AsSpan(i));
                if (starts.Contains(value) && !inMethodTables.Contains(section.Address + (ulong)i))
                {
                    pointers.Add(value);
                }
            }
        }

        return new CodeImage(regions, methodTables, pointers);
    }

    private static IEnumerable<ulong> AddressesIn(IReadOnlyList<Instruction> instructions)
    {
        ulong[] pages = new ulong[32];
        foreach (Instruction instruction in instructions)
        {
            if (instruction.IsAdr(out ulong target))
            {
                yield return target;
            }
            else if (instruction.IsAdrp(out ulong page))
            {
                pages[instruction.Rd] = page;
            }
            else if (instruction.IsAddImmediate(out uint immediate))
            {
                yield return pages[instruction.Rn] + immediate;
            }
        }
    }

    private static List<CodeRegion> ReadRegions(ElfFile elf, string assembly)
    {
        List<CodeRegion> regions = [];
        for (int index = 0; index < elf.Sections.Count; index++)
        {
            if (elf.Sections[index].IsExecutable)
            {
                regions.AddRange(ReadRegions(elf, index, assembly));
            }
        }

        return regions.OrderBy(region => region.Address).ToList();
    }

    private static IEnumerable<CodeRegion> ReadRegions(ElfFile elf, int index, string assembly)
    {
        ElfSection section = elf.Sections[index];

        // A name that the linker script puts behind a section counts as the section's too.
        List<ElfSymbol> symbols = elf.Symbols
            .Where(symbol => symbol.Section == index && symbol.Name.Length > 0 && symbol.Value - section.Address < section.Size)
            .ToList();
        List<IGrouping<ulong, ElfSymbol>> starts = symbols
            .Where(symbol => symbol.Type is 0 or ElfSymbol.TypeFunction && symbol.Name[0] is not ('$' or '.'))
            .GroupBy(symbol => symbol.Value)
            .OrderBy(group => group.Key)
            .ToList();
        bool[] isData = DataWords(section, symbols);
        for (int i = 0; i < starts.Count; i++)
        {
            ulong end = i + 1 < starts.Count ? starts[i + 1].Key : section.Address + section.Size;
            ulong size = starts[i].Max(symbol => symbol.Size);
            bool isLabel = size == 0;
            string mangled = starts[i].Select(symbol => symbol.Name).OrderByDescending(name => name.StartsWith(assembly + "_", StringComparison.Ordinal)).First();
            yield return new CodeRegion(
                SymbolName.Demangle(mangled, assembly),
                starts[i].Select(symbol => symbol.Name).ToList(),
                starts[i].Key,
                isLabel ? end - starts[i].Key : size,
                isLabel,
                Instructions(section, starts[i].Key, isLabel ? end : starts[i].Key + size, isData));
        }
    }

    /// <summary>Which words are data between the code of assembly: from a mapping symbol $d to the next $x (ELF for the Arm 64-bit Architecture, 5.7).</summary>
    private static bool[] DataWords(ElfSection section, List<ElfSymbol> symbols)
    {
        bool[] isData = new bool[(section.Size + 3) / 4];
        List<ElfSymbol> mapping = symbols
            .Where(symbol => symbol.Name.StartsWith("$d", StringComparison.Ordinal) || symbol.Name.StartsWith("$x", StringComparison.Ordinal) || symbol.Type == ElfSymbol.TypeFunction)
            .OrderBy(symbol => symbol.Value)
            .ThenBy(symbol => symbol.Name[0] == '$' ? 0 : 1)
            .ToList();
        for (int i = 0; i < mapping.Count; i++)
        {
            if (mapping[i].Name.StartsWith("$d", StringComparison.Ordinal))
            {
                ulong end = i + 1 < mapping.Count ? mapping[i + 1].Value : section.Address + section.Size;
                for (ulong address = mapping[i].Value; address < end; address += 4)
                {
                    isData[(address - section.Address) / 4] = true;
                }
            }
        }

        return isData;
    }

    private static List<Instruction> Instructions(ElfSection section, ulong start, ulong end, bool[] isData)
    {
        List<Instruction> instructions = [];
        for (ulong address = start; address + 4 <= end; address += 4)
        {
            int offset = (int)(address - section.Address);
            if (!isData[offset / 4])
            {
                instructions.Add(new Instruction(address, BinaryPrimitives.ReadUInt32LittleEndian(section.Data.AsSpan(offset))));
            }
        }

        return instructions;
    }
}
