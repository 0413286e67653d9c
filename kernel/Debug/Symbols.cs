using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Formats;

namespace SharpVisor.Debug;

/// <summary>The image's own <see cref="FunctionTable"/>. Empty in an image that was linked without it.</summary>
internal static unsafe class Symbols
{
    /// <summary>Finds the function that holds an address.</summary>
    /// <param name="offset">Bytes from the image's start.</param>
    /// <param name="name">Room for <see cref="FunctionTable.LongestName"/> bytes.</param>
    /// <param name="length">Bytes of its name.</param>
    /// <param name="distance">Bytes from the function's first instruction.</param>
    internal static bool TryFind(uint offset, Span<byte> name, out int length, out uint distance)
    {
        uint* table = SymbolTable();
        bool found = FunctionTable.TryFind(new ReadOnlySpan<byte>(table, sizeof(uint) + (int)*table), offset, name, out length, out uint start);
        distance = offset - start;
        return found;
    }

    [RuntimeImport("*", "symbol_table_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern uint* SymbolTable();
}
