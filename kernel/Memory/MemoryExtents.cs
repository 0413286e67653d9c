using System;

namespace SharpVisor.Memory;

/// <summary>
/// Free memory as a sorted list of extents: what the machine has when it starts, with what is spoken for cut out. It
/// costs nothing in proportion to the size of RAM, and touches none of it.
/// </summary>
/// <remarks>One CPU at a time.</remarks>
public sealed class MemoryExtents
{
    private const ulong PageMask = PageTable.PageSize - 1;

    private readonly Extent[] _extents;
    private int _count;

    /// <summary>Makes a list with nothing in it.</summary>
    /// <param name="capacity">Most extents that it can hold apart.</param>
    public MemoryExtents(int capacity) => _extents = new Extent[capacity];

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

    /// <summary>
    /// Adds memory: whole pages inside the range, as far as they are not free already. False where the list is full.
    /// </summary>
    /// <param name="start">First byte.</param>
    /// <param name="length">Bytes; what lies behind the end of the address space is passed over.</param>
    public bool TryAdd(ulong start, ulong length)
    {
        ulong end = EndOf(start, length) & ~PageMask;
        ulong first = start & ~PageMask;
        first += first == start ? 0 : PageMask + 1;
        if (first < start || end <= first)
        {
            return true;
        }

        return TryInsert(first, end);
    }

    /// <summary>Takes every page that touches a range out of the free memory. False where the list is full.</summary>
    public bool TryReserve(ulong start, ulong length) => TryRemove(start & ~PageMask, RoundUp(EndOf(start, length)));

    /// <summary>Takes a run of memory, from the smallest extent that has room for it; its contents are whatever they were.</summary>
    /// <param name="length">Bytes, a multiple of 4 KiB, not 0.</param>
    /// <param name="alignment">A power of two, at least 4 KiB.</param>
    /// <param name="address">Its first byte.</param>
    public bool TryAllocate(ulong length, ulong alignment, out ulong address)
    {
        address = 0;
        ulong best = ulong.MaxValue;
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

        return best != ulong.MaxValue && TryRemove(address, address + length);
    }

    // Memory may be named twice (a tree from outside): what overlaps becomes one extent and counts once.
    private bool TryInsert(ulong start, ulong end)
    {
        int place = 0;
        while (place < _count && _extents[place].End < start)
        {
            place++;
        }

        if (place == _count || _extents[place].Start > end)
        {
            if (!TryInsertAt(place, start, end))
            {
                return false;
            }

            FreeBytes += end - start;
            return true;
        }

        while (place < _count && _extents[place].Start <= end)
        {
            start = Math.Min(start, _extents[place].Start);
            end = Math.Max(end, _extents[place].End);
            FreeBytes -= _extents[place].End - _extents[place].Start;
            RemoveAt(place);
        }

        FreeBytes += end - start;
        return TryInsertAt(place, start, end); // there is room: at least one was removed
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

    // The last page of the address space is given up, so that an end always fits.
    private static ulong EndOf(ulong start, ulong length) => length > ulong.MaxValue - start ? ulong.MaxValue : start + length;

    private static ulong RoundUp(ulong end) => end > ulong.MaxValue - PageMask ? ~PageMask : (end + PageMask) & ~PageMask;

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
