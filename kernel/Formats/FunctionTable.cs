using System;

namespace SharpVisor.Formats;

/// <summary>
/// The names of an image's functions, as the build puts them behind the code: the length of what follows as a 32-bit
/// number, then a record for each function in the order of names. A record is the function's offset from the image's
/// start (24 bits), how many bytes its name has in common with the beginning of the name before (8 bits), the rest of
/// the name, and a zero byte; little-endian. So a table of long names that are much alike is small; finding a name takes
/// a walk through all of it, which only a panic report does.
/// </summary>
public static class FunctionTable
{
    /// <summary>Longest name in bytes.</summary>
    public const int LongestName = 255;

    private const int HeaderSize = 4;
    private const int RecordHeaderSize = 4;

    /// <summary>Finds the function that holds an address.</summary>
    /// <param name="table">The table; what it says of lengths is not trusted.</param>
    /// <param name="offset">Bytes from the image's start.</param>
    /// <param name="name">Room for <see cref="LongestName"/> bytes.</param>
    /// <param name="length">Bytes of its name.</param>
    /// <param name="start">Its first byte's offset from the image's start.</param>
    /// <returns>False where no function begins at or before it.</returns>
    public static bool TryFind(ReadOnlySpan<byte> table, uint offset, Span<byte> name, out int length, out uint start)
    {
        length = 0;
        start = 0;
        int best = -1;
        for (int place = HeaderSize; place < table.Length; place = Next(table, place))
        {
            uint address = AddressAt(table, place);
            if (address <= offset && (best < 0 || address > start))
            {
                best = place;
                start = address;
            }
        }

        for (int place = HeaderSize; place <= best; place = Next(table, place))
        {
            length = table[place + 3];
            for (int i = place + RecordHeaderSize; i < table.Length && table[i] != 0 && length < name.Length; i++)
            {
                name[length++] = table[i];
            }
        }

        return best >= 0;
    }

    private static int Next(ReadOnlySpan<byte> table, int place)
    {
        place += RecordHeaderSize;
        while (place < table.Length && table[place] != 0)
        {
            place++;
        }

        return place + 1;
    }

    private static uint AddressAt(ReadOnlySpan<byte> table, int place) =>
        place + RecordHeaderSize > table.Length ? uint.MaxValue : table[place] | ((uint)table[place + 1] << 8) | ((uint)table[place + 2] << 16);
}
