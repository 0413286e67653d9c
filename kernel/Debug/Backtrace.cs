using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Formats;

namespace SharpVisor.Debug;

/// <summary>
/// Walks the chain of x29 frames, which the compiler always keeps, and names each return address by the symbol
/// table that the build puts into the image.
/// </summary>
internal static unsafe class Backtrace
{
    private const int MaximumFrames = 32;

    /// <summary>Writes the callers of the function whose frame record this is.</summary>
    internal static void Write(ulong framePointer)
    {
        for (int i = 0; i < MaximumFrames && framePointer != 0 && (framePointer & 15) == 0 && IsStack(framePointer); i++)
        {
            WriteFrame(((ulong*)framePointer)[1]);
            framePointer = *(ulong*)framePointer;
        }
    }

    /// <summary>Writes one line: address and, where it lies in the image, function and distance.</summary>
    internal static void WriteFrame(ulong address)
    {
        LogLine line = Log.PanicLine().Text("    at "u8).Hex(address, 16);
        ulong offset = address - ImageStart();
        Span<byte> name = stackalloc byte[FunctionTable.LongestName];
        if (address >= ImageStart() && Symbols.TryFind((uint)offset, name, out int length, out uint distance))
        {
            line = line.Text("  "u8).Text(name.Slice(0, length)).Text(" + "u8).Hex(distance);
        }

        line.EndPanic();
    }

    // A frame record is read only where it can be: in memory above the image's start that the stacks lie in.
    private static bool IsStack(ulong address) => address >= ImageStart() && address < 1ul << 39;

    [RuntimeImport("*", "image_start_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong ImageStart();
}
