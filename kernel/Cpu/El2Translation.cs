using SharpVisor.Arch;
using SharpVisor.Memory;

namespace SharpVisor.Cpu;

/// <summary>TLB maintenance of the hypervisor's own map.</summary>
internal sealed class El2Translation : TlbMaintenance
{
    /// <inheritdoc/>
    public override void AfterBreak(ulong address, ulong length)
    {
        Barrier.DataSynchronizationInnerShareableStores();
        if (length == PageTable.PageSize)
        {
            Tlb.InvalidateEl2(address >> 12);
        }
        else
        {
            Tlb.InvalidateAllEl2();
        }

        Barrier.DataSynchronizationInnerShareable();
        Barrier.Instruction();
    }

    /// <inheritdoc/>
    public override void AfterMake()
    {
        Barrier.DataSynchronizationInnerShareableStores();
        Barrier.Instruction();
    }
}
