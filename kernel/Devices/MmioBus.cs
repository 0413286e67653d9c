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

    /// <summary>Longer regions are left to the search: flash is not worth thousands of entries.</summary>
    private const ulong LongestHinted = 16 << 20;

    private readonly MmioRegion?[] _hints = new MmioRegion?[GranuleCount];
    private readonly MmioRegion[] _sorted;
    private int _count;

    /// <summary>Makes an empty bus for at most <paramref name="capacity"/> regions.</summary>
    public MmioBus(int capacity) => _sorted = new MmioRegion[capacity];

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
        if (_count == _sorted.Length || length < MinimumLength || length > MaximumLength
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
            // The index is in range: a check less at every device access.
            MmioRegion? hint = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_hints), (int)granule);
            if (hint == null)
            {
                device = null;
                offset = 0;
                return false;
            }

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
        if (after > 0)
        {
            MmioRegion region = _sorted[after - 1];
            ulong distance = ipa - region.Start;
            if (distance <= region.Length - (uint)size)
            {
                device = region.Device;
                offset = (uint)distance;
                return true;
            }
        }

        device = null!; // the contract: only set where the result is true
        offset = 0;
        return false;
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
        if (region.Length > LongestHinted)
        {
            return;
        }

        ulong last = Math.Min((region.Start + (region.Length - 1)) >> GranuleShift, GranuleCount - 1);
        for (ulong granule = region.Start >> GranuleShift; granule <= last; granule++)
        {
            // Of several regions in a granule the first keeps the hint; the others are found by the search.
            _hints[(int)granule] ??= region;
        }
    }
}
