using System.Runtime.CompilerServices;

namespace SharpVisor.Interrupts;

/// <summary>
/// A list register in the layout of ICH_LR&lt;n&gt;_EL2 (Arm IHI 0069, 12.4.7), which serves GICv2 too: the source CPU
/// of an SGI stands in bits 12:10 of the virtual INTID, as GICC_IAR returns it.
/// </summary>
public static class ListRegister
{
    /// <summary>State bit: pending.</summary>
    public const ulong Pending = 1ul << 62;

    /// <summary>State bit: active.</summary>
    public const ulong Active = 1ul << 63;

    /// <summary>The guest's deactivation deactivates the physical interrupt as well.</summary>
    public const ulong Hardware = 1ul << 61;

    /// <summary>Group 1.</summary>
    public const ulong Group1 = 1ul << 60;

    /// <summary>Maintenance interrupt when the guest deactivates it; only without <see cref="Hardware"/>.</summary>
    public const ulong EndMaintenance = 1ul << 41;

    /// <summary>Shift of the 8-bit priority.</summary>
    public const int PriorityShift = 48;

    /// <summary>Shift of the 10-bit physical INTID.</summary>
    public const int PhysicalShift = 32;

    /// <summary>Shift of the source CPU of a GICv2's SGI.</summary>
    public const int SourceShift = 10;

    private const ulong VirtualMask = 0x1fff;

    /// <summary>Whether it holds an interrupt: pending, active or both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsValid(ulong value) => (value & (Pending | Active)) != 0;

    /// <summary>Virtual INTID, with the source CPU of a GICv2's SGI above bit 10.</summary>
    public static uint VirtualId(ulong value) => (uint)(value & VirtualMask);

    /// <summary>Physical INTID; only with <see cref="Hardware"/>.</summary>
    public static uint PhysicalId(ulong value) => (uint)(value >> PhysicalShift) & 0x3ff;

    /// <summary>Priority, 0 (highest) to 0xf8.</summary>
    public static uint Priority(ulong value) => (uint)(value >> PriorityShift) & 0xff;
}
