using System;
using SharpVisor.Arch;

namespace SharpVisor.Memory;

/// <summary>
/// The machine's free memory, as a sorted list of extents. Starting it costs nothing in proportion to the size of
/// RAM; taking and giving back cost a step per extent, of which there are few, because VMs take large runs.
/// </summary>
public sealed class PageAllocator : PageSource
{
    private const ulong PageMask = PageTable.PageSize - 1;

    private readonly Extent[] _extents;
    private SpinLock _lock;
    private int _count;

    /// <summary>Makes an allocator with nothing free.</summary>
    /// <param name="capacity">Most extents that it can hold apart.</param>
    public PageAllocator(int capacity) => _extents = new Extent[capacity];

    /// <summary>Bytes that are free.</summary>
    public ulong FreeBytes { get; private set; }

    /// <summary>Number of separate free extents.</summary>
    public int ExtentCount => _count;

    /// <summary>An extent by its place in the order of addresses.</summary>
    public void GetExtent(int index, out ulong start, out ulong end)
    {
        start = _extents[index].Start;
        end = _extents[index].End;
    }

    /// <summary>Adds memory: whole pages inside the range. False where the list is full.</summary>
    public bool TryAdd(ulong start, ulong length)
    {
        ulong first = (start + PageMask) & ~PageMask;
        ulong end = (start + length) & ~PageMask;
        if (end <= first)
        {
            return true;
        }

        _lock.Enter();
        bool added = TryInsert(first, end);
        _lock.Exit();
        return added;
    }

    /// <summary>Takes every page that touches a range out of the free memory. False where the list is full.</summary>
    public bool TryReserve(ulong start, ulong length)
    {
        ulong first = start & ~PageMask;
        ulong end = (start + length + PageMask) & ~PageMask;
        _lock.Enter();
        bool reserved = TryRemove(first, end);
        _lock.Exit();
        return reserved;
    }

    /// <summary>Takes a run of memory, from the smallest extent that has room for it; its contents are whatever they were.</summary>
    /// <param name="length">Bytes, a multiple of 4 KiB, not 0.</param>
    /// <param name="alignment">A power of two, at least 4 KiB.</param>
    /// <param name="address">Its first byte.</param>
    public bool TryAllocate(ulong length, ulong alignment, out ulong address)
    {
        address = 0;
        ulong best = ulong.MaxValue;
        _lock.Enter();
        for (int i = 0; i < _count; i++)
        {
            ulong start = (_extents[i].Start + alignment - 1) & ~(alignment - 1);
            ulong size = _extents[i].End - _extents[i].Start;
            if (start >= _extents[i].Start && start < _extents[i].End && length <= _extents[i].End - start && size < best)
            {
                best = size;
                address = start;
            }
        }

        bool found = best != ulong.MaxValue && TryRemove(address, address + length);
        _lock.Exit();
        return found;
    }

    /// <inheritdoc/>
    public override unsafe bool TryAllocateZeroed(ulong length, ulong alignment, out ulong address)
    {
        if (!TryAllocate(length, alignment, out address))
        {
            return false;
        }

        new Span<byte>((void*)address, (int)length).Clear();
        return true;
    }

    /// <inheritdoc/>
    public override void Free(ulong address, ulong length)
    {
        _lock.Enter();
        TryInsert(address, address + length); // where the list is full the run is lost, never given out twice
        _lock.Exit();
    }

    private bool TryInsert(ulong start, ulong end)
    {
        int place = 0;
        while (place < _count && _extents[place].Start < start)
        {
            place++;
        }

        bool joinsBefore = place > 0 && _extents[place - 1].End >= start;
        bool joinsAfter = place < _count && _extents[place].Start <= end;
        if (joinsBefore && _extents[place - 1].End > start)
        {
            start = Math.Min(_extents[place - 1].End, end); // memory named twice counts once
        }

        if (joinsAfter && _extents[place].Start < end)
        {
            end = Math.Max(start, _extents[place].Start);
        }

        if (joinsBefore && joinsAfter)
        {
            _extents[place - 1].End = _extents[place].End;
            RemoveAt(place);
        }
        else if (joinsBefore)
        {
            _extents[place - 1].End = Math.Max(_extents[place - 1].End, end);
        }
        else if (joinsAfter)
        {
            _extents[place].Start = start;
        }
        else if (!TryInsertAt(place, start, end))
        {
            return false;
        }

        FreeBytes += end - start;
        return true;
    }

    private bool TryRemove(ulong start, ulong end)
    {
        for (int i = 0; i < _count; i++)
        {
            ulong first = Math.Max(start, _extents[i].Start);
            ulong last = Math.Min(end, _extents[i].End);
            if (first >= last)
            {
                continue;
            }

            ulong oldEnd = _extents[i].End;
            if (first > _extents[i].Start && last < oldEnd && !TryInsertAt(i + 1, last, oldEnd))
            {
                return false;
            }

            FreeBytes -= last - first;
            if (first > _extents[i].Start)
            {
                _extents[i].End = first;
            }
            else if (last < oldEnd)
            {
                _extents[i].Start = last;
            }
            else
            {
                RemoveAt(i--);
            }
        }

        return true;
    }

    private bool TryInsertAt(int place, ulong start, ulong end)
    {
        if (_count == _extents.Length)
        {
            return false;
        }

        for (int i = _count; i > place; i--)
        {
            _extents[i] = _extents[i - 1];
        }

        _extents[place].Start = start;
        _extents[place].End = end;
        _count++;
        return true;
    }

    private void RemoveAt(int place)
    {
        _count--;
        for (int i = place; i < _count; i++)
        {
            _extents[i] = _extents[i + 1];
        }
    }

    private struct Extent
    {
        internal ulong Start;
        internal ulong End;
    }
}
