using System;

namespace SharpVisor.Console;

/// <summary>
/// What a VM has written: the newest bytes, each with a position that counts all that were ever written. A reader keeps
/// a position of its own; what it was too slow for is gone.
/// </summary>
/// <remarks>Its owner does the locking.</remarks>
internal sealed class OutputRing
{
    private readonly byte[] _bytes;

    /// <summary>Makes an empty ring.</summary>
    /// <param name="capacity">Bytes, a power of two.</param>
    internal OutputRing(int capacity) => _bytes = new byte[capacity];

    /// <summary>Position behind the newest byte: how many were written.</summary>
    internal ulong End { get; private set; }

    /// <summary>Position of the oldest byte that is kept.</summary>
    internal ulong Start => End > (ulong)_bytes.Length ? End - (ulong)_bytes.Length : 0;

    /// <summary>Adds a byte, in the place of the oldest one where there is no room.</summary>
    internal void Append(byte value)
    {
        byte[] bytes = _bytes;
        bytes[(int)End & (bytes.Length - 1)] = value;
        End++;
    }

    /// <summary>
    /// Where a reader that asks for a position goes on: there, or at the oldest byte where that is newer or the position
    /// is one that there has not been yet (the ring began anew), or at the end for <see cref="ControlFrame.FromEnd"/>.
    /// </summary>
    internal ulong Resolve(ulong position)
    {
        if (position == ControlFrame.FromEnd)
        {
            return End;
        }

        return position > End ? Start : Math.Max(position, Start);
    }

    /// <summary>Reads from a position on, or from the oldest byte where that is newer, and moves the position behind it.</summary>
    /// <returns>Number of bytes.</returns>
    internal int Read(ref ulong position, Span<byte> buffer)
    {
        position = Math.Max(position, Start);
        int count = 0;
        while (count < buffer.Length && position < End)
        {
            int place = (int)position & (_bytes.Length - 1);
            int run = (int)Math.Min((ulong)Math.Min(buffer.Length - count, _bytes.Length - place), End - position);
            _bytes.AsSpan(place, run).CopyTo(buffer.Slice(count));
            count += run;
            position += (ulong)run;
        }

        return count;
    }
}
