using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SharpVisor.Devices;

/// <summary>A VM's map of device regions, searched at every device access.</summary>
/// <remarks>
/// Nearly all devices of the guest machine stand below 256 MiB, each alone in its 64 KiB, so one table look-up
/// by 64 KiB granule and one comparison find them. The table is only a hint: what misses it goes through a binary
/// search that alone decides. The bus is filled while its VM is made and only read afterwards, so it needs no lock.
/// </remarks>
public sealed class MmioBus
{
    /// <summary>The shortest region, in bytes. No access is longer, which makes the end check one comparison.</summary>
    public const ulong MinimumLength = 8;

    /// <summary>The longest region, in bytes: offsets are 32 bits wide.</summary>
    public const ulong MaximumLength = 1UL << 32;

    private const int GranuleShift = 16;
    private const int GranuleCount = 4096;

    /// <summary>Beyond the reach of every granule of the table, so that the end check fails for all of them.</summary>
    private const ulong UnreachableStart = 1UL << 63;

    // For each granule an index into the table behind it, whose first entry is a region that no access can lie in.
    private readonly byte[] _hints = new byte[GranuleCount];
    private readonly MmioRegion[] _hinted;
    private readonly MmioRegion[] _sorted;
    private int _count;

    /// <summary>Makes an empty bus for at most <paramref name="capacity"/> regions, 1 to 255.</summary>
    public MmioBus(int capacity)
    {
        _sorted = new MmioRegion[capacity];
        _hinted = new MmioRegion[capacity + 1];
        _hinted[0] = new MmioRegion(UnreachableStart, MinimumLength, new AbsentDevice());
    }

    /// <summary>Number of regions on the bus.</summary>
    public int Count => _count;

    /// <summary>The region at a place in the order of addresses.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    public MmioRegion this[int index] => _sorted[index];

    /// <summary>
    /// Puts a device on the bus. The same device may stand in several regions.
    /// </summary>
    /// <returns>
    /// False, with nothing changed, where the bus is full, the length is outside
    /// <see cref="MinimumLength"/>..<see cref="MaximumLength"/>, the region wraps round the end of the address
    /// space, or it overlaps another.
    /// </returns>
    public bool TryAdd(ulong start, ulong length, MmioDevice device)
    {
        if (_count == _sorted.Length || _count == byte.MaxValue || length < MinimumLength || length > MaximumLength
            || start > ulong.MaxValue - length)
        {
            return false;
        }

        int place = FirstStartingAfter(start);
        if (place > 0 && start - _sorted[place - 1].Start < _sorted[place - 1].Length)
        {
            return false;
        }

        if (place < _count && _sorted[place].Start - start < length)
        {
            return false;
        }

        for (int i = _count; i > place; i--)
        {
            _sorted[i] = _sorted[i - 1];
        }

        var region = new MmioRegion(start, length, device);
        _sorted[place] = region;
        _count++;
        AddHints(region);
        return true;
    }

    /// <summary>Finds the device that answers an access, if the whole access lies in one region.</summary>
    /// <param name="ipa">Intermediate physical address of the first byte.</param>
    /// <param name="size">1 to 8 bytes.</param>
    /// <param name="device">The device; only set where the result is true.</param>
    /// <param name="offset">Bytes from the start of the device's region; only set where the result is true.</param>
    /// <returns>False where nothing answers, or where the access begins in a region and ends outside it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(ulong ipa, int size, out MmioDevice device, out uint offset)
    {
        if (TryFindAtOnce(ipa, size, out MmioDevice? found, out offset))
        {
            device = found!;
            return true;
        }

        return TrySearch(ipa, size, out device, out offset);
    }

    /// <summary>As <see cref="TryFind"/>, but by the table alone: false may also mean that only a search would find it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFindAtOnce(ulong ipa, int size, out MmioDevice? device, out uint offset)
    {
        ulong granule = ipa >> GranuleShift;
        if (granule < GranuleCount)
        {
            // Both indices are in range by construction; two checks less at every device access.
            int index = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_hints), (int)granule);
            MmioRegion hint = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_hinted), index);
            ulong distance = ipa - hint.Start;

            // Below the region the distance wraps and is larger than any length.
            if (distance <= hint.Length - (uint)size)
            {
                device = hint.Device;
                offset = (uint)distance;
                return true;
            }
        }

        device = null;
        offset = 0;
        return false;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TrySearch(ulong ipa, int size, out MmioDevice device, out uint offset)
    {
        int after = FirstStartingAfter(ipa);
        MmioRegion region = after > 0 ? _sorted[after - 1] : _hinted[0];
        ulong distance = ipa - region.Start;
        device = region.Device;
        offset = (uint)distance;
        return after > 0 && distance <= region.Length - (uint)size;
    }

    private int FirstStartingAfter(ulong ipa)
    {
        int low = 0;
        int high = _count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_sorted[middle].Start <= ipa)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private void AddHints(MmioRegion region)
    {
        _hinted[_count] = region;
        ulong first = region.Start >> GranuleShift;
        if (first >= GranuleCount)
        {
            return;
        }

        ulong last = Math.Min((region.Start + (region.Length - 1)) >> GranuleShift, GranuleCount - 1);
        AddHint(first);
        AddHint(last);
        if (last - first > 1)
        {
            // What lies between is the region's alone. Flash has thousands of them.
            _hints.AsSpan((int)first + 1, (int)(last - first) - 1).Fill((byte)_count);
        }
    }

    private void AddHint(ulong granule)
    {
        // Of several regions in a granule the first keeps the hint; the others are found by the search.
        if (_hints[(int)granule] == 0)
        {
            _hints[(int)granule] = (byte)_count;
        }
    }
}
