using System;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Debug;

/// <summary>
/// The symbol table of the image, made by the build after a first link and placed behind the code: a count N,
/// N pairs of 32-bit numbers (offset of the function from the image's start, ascending; offset of its name),
/// then the names, each ended by a zero byte. Empty in an image that was linked without it.
/// </summary>
internal static unsafe class Symbols
{
    /// <summary>Finds the function that holds an address.</summary>
    /// <param name="offset">Bytes from the image's start.</param>
    /// <param name="name">Its name.</param>
    /// <param name="distance">Bytes from the function's first instruction.</param>
    internal static bool TryFind(uint offset, out ReadOnlySpan<byte> name, out uint distance)
    {
        name = default;
        distance = 0;
        uint* table = SymbolTable();
        uint low = 0;
        uint high = table[0];
        while (low < high)
        {
            uint middle = (low + high) / 2;
            if (table[1 + (2 * middle)] <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == 0)
        {
            return false;
        }

        uint* entry = table + 1 + (2 * (low - 1));
        byte* text = (byte*)table + entry[1];
        int length = 0;
        while (text[length] != 0)
        {
            length++;
        }

        name = new ReadOnlySpan<byte>(text, length);
        distance = offset - entry[0];
        return true;
    }

    [RuntimeImport("*", "symbol_table_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern uint* SymbolTable();
}
