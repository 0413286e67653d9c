using System;
using System.Buffers.Binary;

namespace SharpVisor.Drivers;

/// <summary>The <c>interrupts</c> property of a device below a GIC: type, number, flags (Linux bindings, arm,gic).</summary>
public static class GicInterrupts
{
    private const uint Shared = 0;
    private const uint FirstPrivate = 16;

    /// <summary>INTID of the first entry.</summary>
    public static bool TryTranslate(ReadOnlySpan<byte> specifier, out uint interrupt)
    {
        interrupt = 0;
        if (specifier.Length < 12)
        {
            return false;
        }

        uint type = BinaryPrimitives.ReadUInt32BigEndian(specifier);
        interrupt = BinaryPrimitives.ReadUInt32BigEndian(specifier.Slice(4)) + (type == Shared ? InterruptController.FirstShared : FirstPrivate);
        return interrupt < InterruptController.FirstSpecial;
    }
}
