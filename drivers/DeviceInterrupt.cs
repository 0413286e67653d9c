using System;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>The interrupt of a device in the machine's device tree.</summary>
public static class DeviceInterrupt
{
    /// <summary>INTID of a device's first interrupt.</summary>
    public static bool TryGet(FdtReader tree, FdtNode node, InterruptController controller, out uint interrupt)
    {
        interrupt = 0;
        return tree.TryGetProperty(node, "interrupts"u8, out ReadOnlySpan<byte> value) && controller.TryTranslate(value, out interrupt);
    }
}
