using System;

namespace SharpVisor.Machine.Loading;

/// <summary>What a kernel leaves free of a VM's memory: a gap below it and one above, in whole pages.</summary>
internal struct MemoryGaps
{
    private const ulong PageMask = 0xfff;

    private ulong _lowStart;
    private ulong _lowEnd;
    private readonly ulong _highStart;
    private ulong _highEnd;

    internal MemoryGaps(ulong start, ulong kernelStart, ulong kernelEnd, ulong end)
    {
        _lowStart = start;
        _lowEnd = Math.Min(kernelStart, end) & ~PageMask;
        _highStart = (kernelEnd + PageMask) & ~PageMask;
        _highEnd = Math.Max(end & ~PageMask, _highStart);
    }

    /// <summary>Bytes of the larger gap.</summary>
    internal readonly ulong Largest => Math.Max(_lowEnd - _lowStart, _highEnd - _highStart);

    /// <summary>Takes room at the top, or where that is wanted and possible at the very bottom.</summary>
    /// <param name="length">Bytes, a multiple of 4 KiB.</param>
    /// <param name="atBottom">Whether the bottom is preferred.</param>
    /// <param name="start">First byte of the room.</param>
    internal bool TryTake(ulong length, bool atBottom, out ulong start)
    {
        start = _lowStart;
        if (atBottom && length <= _lowEnd - _lowStart)
        {
            _lowStart += length;
            return true;
        }

        if (length <= _highEnd - _highStart)
        {
            _highEnd -= length;
            start = _highEnd;
            return true;
        }

        if (length <= _lowEnd - _lowStart)
        {
            _lowEnd -= length;
            start = _lowEnd;
            return true;
        }

        return false;
    }
}
