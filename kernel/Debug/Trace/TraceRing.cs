using System;
using System.Threading;

namespace SharpVisor.Debug;

/// <summary>
/// The newest records of a CPU. Only that CPU adds to it, without a lock (boot/vectors.S); each record has a position that
/// counts all there ever were. A reader keeps a position of its own; what it was too slow for is lost, and it sees how much.
/// </summary>
public sealed unsafe class TraceRing
{
    /// <summary>Records that there is room for; boot/layout.inc.</summary>
    public const int Records = 8192;

    /// <summary>Bytes of a record.</summary>
    public const int RecordSize = 32;

    /// <summary>Bytes of all.</summary>
    public const int Length = Records * RecordSize;

    // Being written, or seen before the number that says so: the writer orders each number only behind the record before.
    private const ulong InFlight = 2;
    private const int Words = RecordSize / sizeof(ulong);

    private readonly ulong* _header;

    /// <summary>Makes the reader's side.</summary>
    /// <param name="header">Address of the records, 0 where there is no room yet; then how many were ever written.</param>
    public TraceRing(ulong* header) => _header = header;

    /// <summary>Whether there is room for records.</summary>
    public bool HasRoom => *_header != 0;

    /// <summary>Position behind the newest record.</summary>
    public ulong End => HasRoom ? Volatile.Read(ref _header[1]) : 0;

    /// <summary>Gives it room, once.</summary>
    /// <param name="records">Address of <see cref="Length"/> bytes.</param>
    public void GiveRoom(ulong records)
    {
        _header[1] = 0;
        Volatile.Write(ref _header[0], records);
    }

    /// <summary>Reads whole records.</summary>
    /// <param name="position">Where to begin; afterwards the position of the first record that was read: later where those between are lost.</param>
    /// <param name="buffer">Where they go, at any address.</param>
    /// <param name="most">Room for so many.</param>
    /// <returns>How many.</returns>
    public int Read(ref ulong position, byte* buffer, int most)
    {
        ulong end = End;
        position = position > end ? end : Math.Max(position, Oldest(end));
        ulong first = position;
        int count = (int)Math.Min((ulong)most, end - first);
        ulong* records = (ulong*)*_header;
        for (int i = 0; i < count * Words; i++)
        {
            ((ulong*)buffer)[i] = records[((first * Words) + (ulong)i) % (Records * Words)];
        }

        Interlocked.MemoryBarrier();
        ulong oldest = Oldest(End);
        if (oldest <= first)
        {
            return count;
        }

        // Some were written over meanwhile.
        int lost = (int)Math.Min(oldest - first, (ulong)count);
        for (int i = 0; i < (count - lost) * Words; i++)
        {
            ((ulong*)buffer)[i] = ((ulong*)buffer)[i + (lost * Words)];
        }

        position = first + (ulong)lost;
        return count - lost;
    }

    private static ulong Oldest(ulong end) => end > Records - InFlight ? end - (Records - InFlight) : 0;
}
