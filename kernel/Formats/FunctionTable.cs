using System;

namespace SharpVisor.Formats;

/// <summary>
/// The names of an image's functions, as the build puts them behind the code: the length of what follows (32 bits,
/// little-endian), the pairs, then a record for each function in the order of addresses. A record is the distance from
/// the function before (for the first from the image's start) in words, 7 bits a byte, lowest first, bit 7 set in all but
/// the last; how many bytes its name has in common with the beginning of the name before (8 bits); the rest of the name;
/// and a zero byte. In names a byte from <see cref="FirstPair"/> on stands for a pair of bytes, which again may be such
/// (byte-pair encoding), always lower ones. So a table of long names that are much alike is small, and to read it takes
/// no memory; finding a name takes a walk through it, which only a panic report does.
/// </summary>
public static class FunctionTable
{
    /// <summary>Longest name in bytes.</summary>
    public const int LongestName = 255;

    /// <summary>The lowest byte of a name that stands for a pair.</summary>
    public const int FirstPair = 128;

    /// <summary>Number of pairs in the table, two bytes each.</summary>
    public const int PairCount = 256 - FirstPair;

    private const int HeaderSize = 4;
    private const int FirstRecord = HeaderSize + (2 * PairCount);
    private const int DistanceBits = 7;
    private const int WordShift = 2;

    /// <summary>Finds the function that holds an address.</summary>
    /// <param name="table">The table; nothing of it is trusted.</param>
    /// <param name="offset">Bytes from the image's start.</param>
    /// <param name="name">Room for <see cref="LongestName"/> bytes.</param>
    /// <param name="length">Bytes of its name.</param>
    /// <param name="start">Its first byte's offset from the image's start.</param>
    /// <returns>False where no function begins at or before it.</returns>
    public static bool TryFind(ReadOnlySpan<byte> table, uint offset, Span<byte> name, out int length, out uint start)
    {
        length = 0;
        start = 0;
        bool isFound = false;
        int place = FirstRecord;
        while (TryReadDistance(table, ref place, out uint distance) && place < table.Length && distance <= offset - start)
        {
            start += distance;
            length = Math.Min(table[place++], length);
            while (place < table.Length && table[place] != 0)
            {
                Append(table, table[place++], name, ref length);
            }

            place++;
            isFound = true;
        }

        return isFound;
    }

    private static bool TryReadDistance(ReadOnlySpan<byte> table, ref int place, out uint distance)
    {
        uint words = 0;
        bool more = true;
        for (int shift = 0; more && place < table.Length; shift += DistanceBits)
        {
            byte part = table[place++];
            words |= (part & 0x7fu) << shift;
            more = part > 0x7f;
        }

        distance = words << WordShift;
        return !more;
    }

    /// <summary>Appends what a byte stands for, as far as there is room.</summary>
    private static void Append(ReadOnlySpan<byte> table, byte symbol, Span<byte> name, ref int length)
    {
        // Of each pair the second waits. Members are lower than what stands for them, so that there are never more than this.
        Span<byte> waiting = stackalloc byte[PairCount + 1];
        int count = 0;
        waiting[count++] = symbol;
        while (count > 0 && length < name.Length)
        {
            symbol = waiting[--count];
            int pair = HeaderSize + (2 * (symbol - FirstPair));
            if (symbol < FirstPair)
            {
                name[length++] = symbol;
            }
            else if (table[pair] < symbol && table[pair + 1] < symbol)
            {
                waiting[count++] = table[pair + 1];
                waiting[count++] = table[pair];
            }
        }
    }
}
