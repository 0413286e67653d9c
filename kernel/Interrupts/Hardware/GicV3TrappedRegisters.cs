using System.Numerics;
using SharpVisor.Arch;

namespace SharpVisor.Interrupts;

/// <summary>
/// The guest's common ICC_* registers (Arm IHI 0069, 12.2) through ICH_*, for the calling CPU. They trap in one case
/// only (ICH_HCR_EL2.TC or TDIR): while a guest with EOImode 1 has active interrupts that are in no list register,
/// its deactivations have to be seen.
/// </summary>
internal static class GicV3TrappedRegisters
{
    // ICH_VMCR_EL2 and ICC_CTLR_EL1.
    private const int MaskShift = 24;
    private const ulong MaskField = 0xfful << MaskShift;
    private const int VirtualCommonPointShift = 4;
    private const int VirtualSplitEndShift = 9;
    private const int SplitEndShift = 1;

    private const uint IdlePriority = 0xff;

    /// <summary>ICC_PMR_EL1.</summary>
    internal static ulong PriorityMask
    {
        get => SystemRegisters.ReadIchVmcrEl2() >> MaskShift & 0xff;
        set => SystemRegisters.WriteIchVmcrEl2((SystemRegisters.ReadIchVmcrEl2() & ~MaskField) | ((value & 0xff) << MaskShift));
    }

    /// <summary>ICC_CTLR_EL1: CBPR and EOImode; what the interface can do stands in ICH_VTR_EL2.</summary>
    internal static ulong Control
    {
        get
        {
            ulong machine = SystemRegisters.ReadIchVmcrEl2();
            ulong type = SystemRegisters.ReadIchVtrEl2();
            return (machine >> VirtualCommonPointShift & 1) | ((machine >> VirtualSplitEndShift & 1) << SplitEndShift)
                | ((type >> 29 & 7) << 8) | ((type >> 23 & 7) << 11) | ((type >> 22 & 1) << 14) | ((type >> 21 & 1) << 15);
        }

        set
        {
            ulong kept = SystemRegisters.ReadIchVmcrEl2() & ~((1ul << VirtualCommonPointShift) | (1ul << VirtualSplitEndShift));
            SystemRegisters.WriteIchVmcrEl2(
                kept | ((value & 1) << VirtualCommonPointShift) | ((value >> SplitEndShift & 1) << VirtualSplitEndShift));
        }
    }

    /// <summary>ICC_RPR_EL1: the highest active priority.</summary>
    internal static ulong RunningPriority
    {
        get
        {
            int preemptionBits = (int)(SystemRegisters.ReadIchVtrEl2() >> 26 & 7) + 1;
            int registers = 1 << (preemptionBits > 5 ? preemptionBits - 5 : 0);
            for (int i = 0; i < registers; i++)
            {
                uint active = (uint)(SystemRegisters.ReadIchAp0rEl2(i) | SystemRegisters.ReadIchAp1rEl2(i));
                if (active != 0)
                {
                    return (ulong)((i * 32) + BitOperations.TrailingZeroCount(active)) << (8 - preemptionBits);
                }
            }

            return IdlePriority;
        }
    }
}
