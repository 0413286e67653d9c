using System;
using System.Runtime.CompilerServices;
using System.Threading;
using SpinLock = SharpVisor.Arch.SpinLock;

namespace SharpVisor.Storage;

/// <summary>
/// Memory in front of another disk: what is written stays here, and the other disk is only read. Gone when it is dropped.
/// </summary>
/// <remarks>
/// <para>
/// In granules of 4 KiB. Each says for each of its eight sectors whether it is here, so that to write a part of a granule
/// nothing has to be read before: every write is done at once. A hash table finds granules, with room for twice as many
/// as there can be pages, so that a disk of any size has an overlay as small as wanted. Sectors that are here without
/// a page are zeros.
/// </para>
/// <para>
/// While a VM runs a page never leaves the overlay, for another CPU may be copying from or to it: a page that is
/// discarded is the overlay's to use again, and what a guest that discards what it writes at the same time does to that,
/// it does to itself.
/// </para>
/// </remarks>
public sealed unsafe class OverlayDisk : Disk
{
    /// <summary>Bytes of a granule.</summary>
    public const uint GranuleSize = 4096;

    private const uint SectorsInGranule = GranuleSize / SectorSize;
    private const uint AllHere = (1u << (int)SectorsInGranule) - 1;
    private const ulong PageMask = ~(ulong)(GranuleSize - 1);
    private const uint LongestErasure = 8192;
    private const ulong Spread = 0x9e37_79b9_7f4a_7c15; // 2^64 / golden ratio
    private const uint SmallestTable = 16;

    private readonly Disk _under;
    private readonly OverlayMemory _memory;
    private readonly Entry* _entries;
    private readonly ulong* _spare; // pages that were discarded; not in these pages, for a guest may still write to them
    private readonly ulong _mask;
    private readonly int _shift;
    private readonly ulong _mostPages;
    private readonly ulong _zeros;
    private SpinLock _lock;
    private ulong _count;
    private ulong _pages;
    private ulong _spares;

    /// <summary>Puts memory in front of a disk.</summary>
    /// <param name="under">The disk that is read where nothing was written.</param>
    /// <param name="memory">Where pages come from.</param>
    /// <param name="size">Most bytes of pages.</param>
    /// <param name="table">Memory of <see cref="TableSize"/> bytes, zeroed.</param>
    /// <param name="zeros">A granule of zeros, which nobody writes to.</param>
    public OverlayDisk(Disk under, OverlayMemory memory, ulong size, ulong table, ulong zeros)
    {
        _under = under;
        _memory = memory;
        _mostPages = PagesOf(size);
        _entries = (Entry*)table;
        ulong places = PlacesFor(size);
        _spare = (ulong*)(_entries + places);
        _mask = places - 1;
        _shift = 64;
        for (; places > 1; places >>= 1)
        {
            _shift--;
        }

        _zeros = zeros;
    }

    /// <summary>Bytes of pages that it has taken, those that were discarded again too.</summary>
    public ulong Used => Volatile.Read(ref _pages) * GranuleSize;

    /// <summary>Most bytes of pages.</summary>
    public ulong Size => _mostPages * GranuleSize;

    /// <inheritdoc/>
    public override ulong Sectors => _under.Sectors;

    /// <inheritdoc/>
    public override uint BlockSize => _under.BlockSize;

    /// <inheritdoc/>
    public override uint PhysicalBlockSize => GranuleSize;

    /// <inheritdoc/>
    public override bool CanDiscard => true;

    /// <inheritdoc/>
    public override bool CanWriteZeroes => true;

    /// <inheritdoc/>
    public override uint LongestErase => LongestErasure;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Serial => _under.Serial;

    /// <inheritdoc/>
    public override bool IsMemory => _under.IsMemory;

    /// <summary>Bytes of the table for an overlay, a multiple of 4 KiB.</summary>
    /// <param name="size">Most bytes of its pages.</param>
    public static ulong TableSize(ulong size) =>
        ((PlacesFor(size) * (ulong)sizeof(Entry)) + (PagesOf(size) * sizeof(ulong)) + GranuleSize - 1) & PageMask;

    /// <summary>Forgets everything that was written. No request is on its way.</summary>
    public void Drop()
    {
        _lock.Enter();
        for (ulong i = 0; i <= _mask; i++)
        {
            ulong page = _entries[i].Contents & PageMask;
            if (page != 0)
            {
                _memory.Give(page);
            }

            _entries[i].Granule = 0;
            _entries[i].Contents = 0;
        }

        while (_spares != 0)
        {
            _memory.Give(_spare[--_spares]);
        }

        _count = 0;
        Volatile.Write(ref _pages, 0);
        _lock.Exit();
    }

    /// <inheritdoc/>
    public override bool Submit(DiskRequest request)
    {
        if (request.Operation == DiskOperation.Read)
        {
            return _under.Submit(request); // Locate has said so
        }

        request.Status = DiskStatus.Ok;
        if (request.Operation != DiskOperation.Flush)
        {
            bool isRight = request.Operation != DiskOperation.Write && request.Sectors <= LongestErasure
                && Contains(request.Sector, request.Sectors)
                && TryErase(request.Sector, request.Sectors, request.Operation == DiskOperation.WriteZeroes);
            request.Status = isRight ? DiskStatus.Ok : DiskStatus.Error;
        }

        return true;
    }

    /// <inheritdoc/>
    public override DiskPlace Locate(ulong sector, uint sectors, bool isWrite, out ulong address, out uint run)
    {
        address = 0;
        run = 0;
        if (!Contains(sector, sectors))
        {
            return DiskPlace.NoRoom;
        }

        ulong granule = sector / SectorsInGranule;
        uint first = (uint)sector % SectorsInGranule;
        uint inGranule = Math.Min(sectors, SectorsInGranule - first);
        _lock.Enter();
        Entry* entry = Find(granule);
        if (isWrite)
        {
            bool hasRoom = TryAdd(ref entry, granule) && TryProvide(entry);
            if (hasRoom)
            {
                entry->Contents |= BitsOf(first, inGranule);
                address = (entry->Contents & PageMask) + (first * SectorSize);
                run = inGranule;
            }

            _lock.Exit();
            return hasRoom ? DiskPlace.Memory : DiskPlace.NoRoom;
        }

        bool isHere = entry->Granule != 0 && (entry->Contents & (1ul << (int)first)) != 0;
        if (isHere)
        {
            ulong page = entry->Contents & PageMask;
            address = (page != 0 ? page : _zeros) + (first * SectorSize);
        }

        run = RunOf(entry, first, inGranule, isHere);
        while (!isHere && run < sectors && (sector + run) % SectorsInGranule == 0)
        {
            // Further granules of which nothing is here can be read together.
            entry = Find((sector + run) / SectorsInGranule);
            uint more = RunOf(entry, 0, Math.Min(sectors - run, SectorsInGranule), isHere: false);
            if (more == 0)
            {
                break;
            }

            run += more;
        }

        _lock.Exit();
        return isHere ? DiskPlace.Memory : _under.Locate(sector, run, isWrite: false, out address, out run);
    }

    private static ulong PagesOf(ulong size) => size / GranuleSize;

    private static ulong PlacesFor(ulong size)
    {
        ulong places = SmallestTable;
        while (places < 2 * PagesOf(size))
        {
            places *= 2;
        }

        return places;
    }

    private static ulong BitsOf(uint first, uint count) => ((1ul << (int)count) - 1) << (int)first;

    /// <summary>How many sectors of a granule, from one on, are all here, or all not.</summary>
    private static uint RunOf(Entry* entry, uint first, uint most, bool isHere)
    {
        ulong bits = entry->Granule != 0 ? entry->Contents >> (int)first : 0;
        uint run = 0;
        while (run < most && (bits & 1) != 0 == isHere)
        {
            bits >>= 1;
            run++;
        }

        return run;
    }

    /// <summary>The place of a granule, or the empty one where it would be. A quarter of the table is always empty.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Entry* Find(ulong granule)
    {
        ulong place = (granule * Spread) >> _shift;
        while (_entries[place].Granule != 0 && _entries[place].Granule != granule + 1)
        {
            place = (place + 1) & _mask;
        }

        return _entries + place;
    }

    private bool TryAdd(ref Entry* entry, ulong granule)
    {
        if (entry->Granule != 0)
        {
            return true;
        }

        if (_count > _mask - (_mask / 4))
        {
            return false;
        }

        _count++;
        entry->Granule = granule + 1;
        entry->Contents = 0;
        return true;
    }

    /// <summary>Sees to it that a granule has a page.</summary>
    private bool TryProvide(Entry* entry)
    {
        if ((entry->Contents & PageMask) != 0)
        {
            return true;
        }

        ulong page;
        if (_spares != 0)
        {
            page = _spare[--_spares];
            _memory.Zero(page, GranuleSize);
        }
        else if (_pages < _mostPages && _memory.TryTake(out page))
        {
            Volatile.Write(ref _pages, _pages + 1);
        }
        else
        {
            return false;
        }

        entry->Contents |= page;
        return true;
    }

    private bool TryErase(ulong sector, uint sectors, bool mustBeZeros)
    {
        bool isDone = true;
        _lock.Enter();
        while (sectors != 0)
        {
            ulong granule = sector / SectorsInGranule;
            uint first = (uint)sector % SectorsInGranule;
            uint count = Math.Min(sectors, SectorsInGranule - first);
            Entry* entry = Find(granule);
            if (entry->Granule != 0 || mustBeZeros)
            {
                isDone &= TryAdd(ref entry, granule);
                if (entry->Granule != 0)
                {
                    EraseIn(entry, first, count);
                }
            }

            sector += count;
            sectors -= count;
        }

        _lock.Exit();
        return isDone;
    }

    private void EraseIn(Entry* entry, uint first, uint count)
    {
        ulong page = entry->Contents & PageMask;
        if (count == SectorsInGranule)
        {
            if (page != 0)
            {
                _spare[_spares++] = page;
            }

            entry->Contents = AllHere;
            return;
        }

        if (page != 0)
        {
            _memory.Zero(page + (first * SectorSize), count * SectorSize);
        }

        entry->Contents |= BitsOf(first, count);
    }

    private struct Entry
    {
        internal ulong Granule; // its number + 1; 0: empty
        internal ulong Contents; // the page; below, a bit for each sector that is here
    }
}
