using SharpVisor.Arch;
using SharpVisor.Memory;

namespace SharpVisor.Cpu;

/// <summary>TLB maintenance of one VM's stage-2 tables, by its VMID (Arm ARM D8.14.5).</summary>
internal sealed class Stage2Translation : TlbMaintenance
{
    private ulong _table;

    /// <summary>VTTBR_EL2 of the VM: 0 until its tables are live, when there is nothing cached to invalidate.</summary>
    internal ulong Table
    {
        get => _table;
        set => _table = value;
    }

    /// <inheritdoc/>
    public override void AfterBreak(ulong address, ulong length)
    {
        Barrier.DataSynchronizationInnerShareableStores();
        if (_table == 0)
        {
            return;
        }

        // The instructions act on the current VMID, which may be another VM's or none.
        ulong current = SystemRegisters.ReadVttbrEl2();
        SystemRegisters.WriteVttbrEl2(_table);
        Barrier.Instruction();
        if (length == PageTable.PageSize)
        {
            Tlb.InvalidateIpa(address >> 12);
            Barrier.DataSynchronizationInnerShareable();
            Tlb.InvalidateStage1(); // combined entries are found by virtual address only
        }
        else
        {
            Tlb.InvalidateVmid();
        }

        Barrier.DataSynchronizationInnerShareable();
        Barrier.Instruction();
        SystemRegisters.WriteVttbrEl2(current);
        Barrier.Instruction();
    }

    /// <summary>No CPU keeps anything of the VM's translations; its VMID may be another VM's from here on.</summary>
    internal void Forget()
    {
        AfterBreak(0, ulong.MaxValue);
        _table = 0;
    }

    /// <inheritdoc/>
    public override void AfterMake() => Barrier.DataSynchronizationInnerShareableStores();
}
