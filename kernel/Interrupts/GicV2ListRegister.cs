using System.Runtime.CompilerServices;

namespace SharpVisor.Interrupts;

/// <summary>GICH_LR of a GICv2 (Arm IHI 0048, 5.3.11) from and to the layout of <see cref="ListRegister"/>.</summary>
internal static class GicV2ListRegister
{
    private const uint Hardware = 1u << 31;
    private const uint EndMaintenance = 1 << 19;
    private const int StateShift = 28;
    private const int PriorityShift = 23;
    private const uint PriorityMask = 31;
    private const int PhysicalShift = 10;
    private const uint PhysicalMask = 0x3ff;
    private const uint VirtualMask = 0x3ff;
    private const uint SourceMask = 7;

    // In the common layout: five of eight priority bits; state, from bit 62, group at bit 60.
    private const int CommonPriorityShift = ListRegister.PriorityShift + 3;
    private const int CommonStateShift = 62;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint FromCommon(ulong value)
    {
        uint result = (uint)value & VirtualMask;
        result |= ((uint)(value >> CommonPriorityShift) & PriorityMask) << PriorityShift;
        result |= (uint)(value >> CommonStateShift) << StateShift;
        result |= (value & ListRegister.Group1) != 0 ? 1u << 30 : 0;
        if ((value & ListRegister.Hardware) != 0)
        {
            return result | Hardware | (ListRegister.PhysicalId(value) << PhysicalShift);
        }

        result |= ((uint)(value >> ListRegister.SourceShift) & SourceMask) << PhysicalShift;
        return result | ((value & ListRegister.EndMaintenance) != 0 ? EndMaintenance : 0);
    }

    internal static ulong ToCommon(uint value)
    {
        ulong result = value & VirtualMask;
        result |= (ulong)(value >> PriorityShift & PriorityMask) << CommonPriorityShift;
        result |= (ulong)(value >> StateShift & 3) << CommonStateShift;
        result |= (value & (1u << 30)) != 0 ? ListRegister.Group1 : 0;
        if ((value & Hardware) != 0)
        {
            return result | ListRegister.Hardware | ((ulong)(value >> PhysicalShift & PhysicalMask) << ListRegister.PhysicalShift);
        }

        result |= (ulong)(value >> PhysicalShift & SourceMask) << ListRegister.SourceShift;
        return result | ((value & EndMaintenance) != 0 ? ListRegister.EndMaintenance : 0);
    }
}
