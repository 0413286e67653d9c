using System.Threading;

namespace SharpVisor.Memory;

/// <summary>
/// A tree of VMSAv8-64 translation tables with the 4 KiB granule that starts at level 1 (Arm ARM D8.2, D8.3): a
/// stage-2 table of a VM (whose first level may be up to 16 concatenated tables), or the hypervisor's own map.
/// Ranges are mapped with the largest blocks that alignment allows, and blocks are split when part of one changes.
/// </summary>
/// <remarks>
/// Tables lie in memory that is mapped one to one, so that a table's address is also a pointer. The caller
/// serialises changes; CPUs walk the tables at any time, so every entry is written once and whole, and a valid
/// entry is broken before it is replaced.
/// </remarks>
public sealed unsafe class PageTable
{
    /// <summary>Bytes of a page, the smallest unit.</summary>
    public const ulong PageSize = 1ul << 12;

    private const ulong TableSize = PageSize;
    private const int EntriesPerTable = 512;
    private const int FirstLevel = 1;
    private const int LastLevel = 3;
    private const ulong Valid = 1;
    private const ulong TableOrPage = 2;
    private const ulong PhysicalLimit = 1ul << 48;
    private const ulong AddressMask = 0x0000_ffff_ffff_f000;
    private const ulong AttributeMask = ~(AddressMask | Valid | TableOrPage);

    private readonly PageSource _pages;
    private readonly TlbMaintenance _tlb;
    private readonly ulong _root;
    private readonly int _inputBits;

    private PageTable(PageSource pages, TlbMaintenance tlb, ulong root, int inputBits)
    {
        _pages = pages;
        _tlb = tlb;
        _root = root;
        _inputBits = inputBits;
    }

    /// <summary>Physical address of the first-level table: what goes into VTTBR_EL2 or TTBR0_EL2.</summary>
    public ulong Root => _root;

    /// <summary>Makes an empty tree.</summary>
    /// <param name="pages">Where tables come from.</param>
    /// <param name="tlb">What is told of changes.</param>
    /// <param name="inputBits">Size of the address space that is translated, 31 to 43 bits.</param>
    /// <param name="table">The tree.</param>
    /// <returns>False where there is no memory.</returns>
    public static bool TryCreate(PageSource pages, TlbMaintenance tlb, int inputBits, out PageTable? table)
    {
        table = null;
        ulong size = RootSize(inputBits);
        if (!pages.TryAllocateZeroed(size, size, out ulong root))
        {
            return false;
        }

        table = new PageTable(pages, tlb, root, inputBits);
        return true;
    }

    /// <summary>
    /// Maps a range. What was mapped there before is replaced.
    /// </summary>
    /// <param name="address">First byte of the range as it is translated; a multiple of 4 KiB.</param>
    /// <param name="physical">Where it goes; a multiple of 4 KiB.</param>
    /// <param name="length">Bytes, a multiple of 4 KiB.</param>
    /// <param name="attributes">Bits of the leaf entries beside address and type.</param>
    /// <returns>False where the range is misaligned or too high, or where memory for tables ran out: then the beginning of the range may be mapped.</returns>
    public bool TryMap(ulong address, ulong physical, ulong length, ulong attributes)
    {
        if (((address | physical | length) & (PageSize - 1)) != 0 || !IsInside(address, length)
            || physical > PhysicalLimit || length > PhysicalLimit - physical)
        {
            return false;
        }

        bool mapped = TryMapLevel(_root, FirstLevel, address, physical, length, attributes & AttributeMask);
        _tlb.AfterMake();
        return mapped;
    }

    /// <summary>Unmaps a range; parts that are not mapped are passed over. Same rules as <see cref="TryMap"/>.</summary>
    public bool TryUnmap(ulong address, ulong length)
    {
        if (((address | length) & (PageSize - 1)) != 0 || !IsInside(address, length))
        {
            return false;
        }

        return TryChangeLevel(_root, FirstLevel, address, length, unmap: true, 0);
    }

    /// <summary>Gives the mapped parts of a range other attributes. Same rules as <see cref="TryMap"/>.</summary>
    public bool TryProtect(ulong address, ulong length, ulong attributes)
    {
        if (((address | length) & (PageSize - 1)) != 0 || !IsInside(address, length))
        {
            return false;
        }

        bool changed = TryChangeLevel(_root, FirstLevel, address, length, unmap: false, attributes & AttributeMask);
        _tlb.AfterMake();
        return changed;
    }

    /// <summary>Translates one address.</summary>
    /// <param name="address">Any byte address.</param>
    /// <param name="physical">Where it goes.</param>
    /// <param name="attributes">Attribute bits of its leaf entry.</param>
    /// <returns>False where it is not mapped.</returns>
    public bool TryTranslate(ulong address, out ulong physical, out ulong attributes) => TryFind(address, out physical, out attributes, out _);

    /// <summary>As <see cref="TryTranslate"/>; also says how much more is like it.</summary>
    /// <param name="address">Any byte address.</param>
    /// <param name="physical">Where it goes.</param>
    /// <param name="attributes">Attribute bits of its leaf entry.</param>
    /// <param name="size">Bytes that the entry stands for, aligned to their number, whether it translates them or not.</param>
    /// <returns>False where it is not mapped.</returns>
    public bool TryFind(ulong address, out ulong physical, out ulong attributes, out ulong size)
    {
        physical = 0;
        attributes = 0;
        size = PageSize;
        if (!IsInside(address, 0))
        {
            return false;
        }

        ulong table = _root;
        for (int level = FirstLevel; ; level++)
        {
            ulong entry = Volatile.Read(ref *EntryOf(table, level, address));
            if ((entry & Valid) == 0 || IsLeaf(entry, level))
            {
                size = SizeAt(level);
                physical = (entry & AddressMask & ~(size - 1)) | (address & (size - 1));
                attributes = entry & AttributeMask;
                return (entry & Valid) != 0;
            }

            table = entry & AddressMask;
        }
    }

    /// <summary>
    /// Unmaps a range, and hands over what it led to once no CPU can reach that any more; tables that lie wholly in the
    /// range are given back. However long the range is, the TLBs are told once.
    /// </summary>
    /// <param name="address">First byte of the range; a multiple of 4 KiB.</param>
    /// <param name="length">Bytes, a multiple of 4 KiB.</param>
    /// <param name="taker">Gets what was mapped, leaf by leaf.</param>
    /// <returns>False where the range is misaligned or too high, or where there is no memory to split a block: nothing was unmapped then.</returns>
    public bool TryTake(ulong address, ulong length, MappingTaker taker)
    {
        if (((address | length) & (PageSize - 1)) != 0 || !IsInside(address, length) || !TrySplitAt(address) || !TrySplitAt(address + length))
        {
            return false;
        }

        if (Break(_root, FirstLevel, address, length))
        {
            _tlb.AfterBreak(address, length);
            HandOverBroken(_root, FirstLevel, address, length, taker);
        }

        return true;
    }

    /// <summary>Gives every table back. Nothing may translate through the tree any more.</summary>
    public void Destroy()
    {
        ulong* root = (ulong*)_root;
        int entries = (int)(RootSize(_inputBits) / sizeof(ulong));
        for (int i = 0; i < entries; i++)
        {
            FreeSubtree(root[i], FirstLevel);
        }

        _pages.Free(_root, RootSize(_inputBits));
    }

    /// <summary>Bytes of the first level.</summary>
    /// <param name="inputBits">Size of the address space that is translated.</param>
    public static ulong RootSize(int inputBits)
    {
        ulong size = 1ul << (inputBits - 30 + 3);
        return size < TableSize ? TableSize : size;
    }

    private bool IsInside(ulong address, ulong length)
    {
        ulong limit = 1ul << _inputBits;
        return address < limit && length <= limit - address;
    }

    private bool TryMapLevel(ulong table, int level, ulong address, ulong physical, ulong length, ulong attributes)
    {
        ulong size = SizeAt(level);
        while (length != 0)
        {
            ulong* entry = EntryOf(table, level, address);
            ulong part = PartInEntry(address, length, size);
            if (level == LastLevel || (part == size && ((address | physical) & (size - 1)) == 0))
            {
                Replace(entry, level, address, physical | attributes | Valid | (level == LastLevel ? TableOrPage : 0));
            }
            else if (!TryGetTable(entry, level, address, out ulong next) || !TryMapLevel(next, level + 1, address, physical, part, attributes))
            {
                return false;
            }

            address += part;
            physical += part;
            length -= part;
        }

        return true;
    }

    private bool TryChangeLevel(ulong table, int level, ulong address, ulong length, bool unmap, ulong attributes)
    {
        ulong size = SizeAt(level);
        while (length != 0)
        {
            ulong* entry = EntryOf(table, level, address);
            ulong part = PartInEntry(address, length, size);
            ulong old = *entry;
            if ((old & Valid) != 0)
            {
                if (part == size && (unmap || IsLeaf(old, level)))
                {
                    Replace(entry, level, address, unmap ? 0 : (old & ~AttributeMask) | attributes);
                }
                else if (!TryGetTable(entry, level, address, out ulong next) || !TryChangeLevel(next, level + 1, address, part, unmap, attributes))
                {
                    return false;
                }
            }

            address += part;
            length -= part;
        }

        return true;
    }

    /// <summary>Writes an entry; a valid one is broken first, and the tables below it are given back.</summary>
    private void Replace(ulong* entry, int level, ulong address, ulong value)
    {
        ulong old = *entry;
        if (old == value)
        {
            return;
        }

        if ((old & Valid) != 0)
        {
            Volatile.Write(ref *entry, 0);
            _tlb.AfterBreak(address & ~(SizeAt(level) - 1), SizeAt(level));
            FreeSubtree(old, level);
        }

        if (value != 0)
        {
            Volatile.Write(ref *entry, value);
        }
    }

    /// <summary>The table below an entry. Where there is none it is made: empty, or with what a block there translated.</summary>
    private bool TryGetTable(ulong* entry, int level, ulong address, out ulong table)
    {
        ulong old = *entry;
        table = old & AddressMask;
        if ((old & Valid) != 0 && !IsLeaf(old, level))
        {
            return true;
        }

        if (!_pages.TryAllocateZeroed(TableSize, TableSize, out table))
        {
            return false;
        }

        if ((old & Valid) != 0)
        {
            ulong size = SizeAt(level + 1);
            ulong type = level + 1 == LastLevel ? TableOrPage : 0;
            for (int i = 0; i < EntriesPerTable; i++)
            {
                ((ulong*)table)[i] = (old | type) + ((ulong)i * size);
            }

            Volatile.Write(ref *entry, 0);
            _tlb.AfterBreak(address & ~(SizeAt(level) - 1), SizeAt(level));
        }

        _tlb.AfterMake(); // the new table's contents before the entry that makes them visible
        Volatile.Write(ref *entry, table | TableOrPage | Valid);
        return true;
    }

    /// <summary>Sees to it that no block reaches over an address.</summary>
    private bool TrySplitAt(ulong address)
    {
        ulong table = _root;
        for (int level = FirstLevel; (address & (SizeAt(level) - 1)) != 0; level++)
        {
            ulong* entry = EntryOf(table, level, address);
            if ((*entry & Valid) == 0)
            {
                break;
            }

            if (!TryGetTable(entry, level, address, out table))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Makes every entry in a range invalid, but leaves what it says in place. Whether there was any.</summary>
    private static bool Break(ulong table, int level, ulong address, ulong length)
    {
        bool any = false;
        ulong size = SizeAt(level);
        while (length != 0)
        {
            ulong* entry = EntryOf(table, level, address);
            ulong part = PartInEntry(address, length, size);
            ulong old = *entry;
            if ((old & Valid) != 0)
            {
                if (part == size)
                {
                    Volatile.Write(ref *entry, old & ~Valid);
                    any = true;
                }
                else
                {
                    any |= Break(old & AddressMask, level + 1, address, part);
                }
            }

            address += part;
            length -= part;
        }

        return any;
    }

    private void HandOverBroken(ulong table, int level, ulong address, ulong length, MappingTaker taker)
    {
        ulong size = SizeAt(level);
        while (length != 0)
        {
            ulong* entry = EntryOf(table, level, address);
            ulong part = PartInEntry(address, length, size);
            ulong old = *entry;
            if (part == size)
            {
                *entry = 0;
                if (old != 0)
                {
                    HandOver(old, level, address, taker);
                }
            }
            else if ((old & Valid) != 0)
            {
                HandOverBroken(old & AddressMask, level + 1, address, part, taker);
            }

            address += part;
            length -= part;
        }
    }

    private void HandOver(ulong entry, int level, ulong address, MappingTaker taker)
    {
        if (IsLeaf(entry, level))
        {
            taker.Take(address, entry & AddressMask, SizeAt(level), entry & AttributeMask);
            return;
        }

        ulong table = entry & AddressMask;
        for (int i = 0; i < EntriesPerTable; i++)
        {
            ulong below = ((ulong*)table)[i];
            if ((below & Valid) != 0)
            {
                HandOver(below, level + 1, address + ((ulong)i * SizeAt(level + 1)), taker);
            }
        }

        _pages.Free(table, TableSize);
    }

    private void FreeSubtree(ulong entry, int level)
    {
        if ((entry & Valid) == 0 || IsLeaf(entry, level))
        {
            return;
        }

        ulong table = entry & AddressMask;
        for (int i = 0; i < EntriesPerTable; i++)
        {
            FreeSubtree(((ulong*)table)[i], level + 1);
        }

        _pages.Free(table, TableSize);
    }

    private static bool IsLeaf(ulong entry, int level) => level == LastLevel || (entry & TableOrPage) == 0;

    private static ulong SizeAt(int level) => 1ul << (12 + (9 * (LastLevel - level)));

    private static ulong PartInEntry(ulong address, ulong length, ulong size)
    {
        ulong rest = size - (address & (size - 1));
        return rest < length ? rest : length;
    }

    // The first level may be several tables one after the other, so its index is not cut to 9 bits.
    private static ulong* EntryOf(ulong table, int level, ulong address)
    {
        ulong index = address >> (12 + (9 * (LastLevel - level)));
        return (ulong*)table + (level == FirstLevel ? index : index & (EntriesPerTable - 1));
    }
}
