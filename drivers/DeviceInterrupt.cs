using System;
using System.Buffers.Binary;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>The <c>interrupts</c> property of a device below a GIC: type, number, flags (Linux bindings, arm,gic).</summary>
internal static class DeviceInterrupt
{
    private const uint Shared = 0;
    private const uint FirstPrivate = 16;

    /// <summary>INTID of the first interrupt.</summary>
    internal static bool TryGet(FdtReader tree, FdtNode node, out uint interrupt)
    {
        interrupt = 0;
        if (!tree.TryGetProperty(node, "interrupts"u8, out ReadOnlySpan<byte> value) || value.Length < 12)
        {
            return false;
        }

        uint type = BinaryPrimitives.ReadUInt32BigEndian(value);
        interrupt = BinaryPrimitives.ReadUInt32BigEndian(value.Slice(4)) + (type == Shared ? InterruptController.FirstShared : FirstPrivate);
        return interrupt < InterruptController.FirstSpecial;
    }
}
