using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SharpVisor.Arch;

namespace SharpVisor.Interrupts;

/// <summary>
/// The virtual CPU interface of a GICv3 (ICH_*, Arm IHI 0069, 12.4), of whichever CPU calls. The guest reaches its
/// side by ICC_* system registers without a trap, except for sending SGIs.
/// </summary>
public sealed class GicV3CpuInterface : VirtualCpuInterface
{
    // ICH_HCR_EL2.
    private const ulong Enable = 1;
    private const ulong TrapCommon = 1 << 10;
    private const ulong TrapDeactivation = 1 << 14;
    private const ulong TrapEverything = (1 << 10) | (1 << 11) | (1 << 12);
    private const int EndCountShift = 27;
    private const ulong EndCountMask = 31;

    // ICH_VTR_EL2.
    private const ulong CountMask = 31;
    private const int PreemptionBitsShift = 26;
    private const ulong HasTrapForDeactivation = 1 << 19;

    // ICH_VMCR_EL2.
    private const ulong GroupsMask = 3;
    private const ulong SystemRegistersOnly = 7; // ICC_SRE_EL1: SRE and no bypass

    private readonly int _count;
    private readonly int _activePriorityRegisters;
    private readonly ulong _trapDeactivation;

    /// <summary>Makes one for all CPUs of a machine, whose interfaces are alike.</summary>
    public GicV3CpuInterface()
    {
        ulong type = SystemRegisters.ReadIchVtrEl2();
        _count = (int)(type & CountMask) + 1;
        int preemptionBits = (int)(type >> PreemptionBitsShift & 7) + 1;
        _activePriorityRegisters = 1 << (preemptionBits > 5 ? preemptionBits - 5 : 0);

        // Without a trap for ICC_DIR alone the other common registers come along: GicV3TrappedRegisters.
        _trapDeactivation = (type & HasTrapForDeactivation) != 0 ? TrapDeactivation : TrapCommon;
    }

    /// <inheritdoc/>
    public override int ListRegisterCount => _count;

    /// <inheritdoc/>
    public override ulong ReadListRegister(int index) => SystemRegisters.ReadIchLr(index);

    /// <inheritdoc/>
    public override void WriteListRegister(int index, ulong value) => SystemRegisters.WriteIchLr(index, value);

    /// <inheritdoc/>
    public override uint EmptyListRegisters() => (uint)SystemRegisters.ReadIchElrsrEl2();

    /// <inheritdoc/>
    public override uint EndedListRegisters() => (uint)SystemRegisters.ReadIchEisrEl2();

    /// <inheritdoc/>
    public override void SetMaintenance(MaintenanceReasons reasons)
    {
        ulong value = Enable | (uint)reasons;
        if ((reasons & MaintenanceReasons.EndNotPresent) != 0 && SplitsEnd)
        {
            value |= _trapDeactivation;
        }

        SystemRegisters.WriteIchHcrEl2(value);
        Barrier.Instruction();
    }

    /// <inheritdoc/>
    public override int TakeEndCount()
    {
        ulong value = SystemRegisters.ReadIchHcrEl2();
        int count = (int)(value >> EndCountShift & EndCountMask);
        if (count != 0)
        {
            SystemRegisters.WriteIchHcrEl2(value & ~(EndCountMask << EndCountShift));
            Barrier.Instruction();
        }

        return count != 0 && !SplitsEnd ? count : 0;
    }

    /// <inheritdoc/>
    public override uint EnabledGroups() => (uint)(SystemRegisters.ReadIchVmcrEl2() & GroupsMask);

    /// <inheritdoc/>
    public override void DeactivatePhysical(uint interrupt) => SystemRegisters.WriteIccDirEl1(interrupt);

    /// <inheritdoc/>
    public override void Start()
    {
        SystemRegisters.WriteIccSreEl1(SystemRegistersOnly);
        Barrier.Instruction();
        Clear();
        SystemRegisters.WriteIchHcrEl2(Enable);
        Barrier.Instruction();
    }

    /// <inheritdoc/>
    public override void Stop()
    {
        SystemRegisters.WriteIchHcrEl2(0);
        Clear();
        Barrier.Instruction();
    }

    /// <inheritdoc/>
    public override void Save(ulong[] state)
    {
        if (_activePriorityRegisters == 1)
        {
            Native.SaveVirtualInterface(ref MemoryMarshal.GetArrayDataReference(state));
        }
        else
        {
            SaveAll(state);
        }
    }

    /// <inheritdoc/>
    public override void Load(ulong[] state, MaintenanceReasons reasons)
    {
        if (_activePriorityRegisters == 1 && reasons == MaintenanceReasons.None)
        {
            Native.LoadVirtualInterface(ref MemoryMarshal.GetArrayDataReference(state));
        }
        else
        {
            LoadAll(state, reasons);
        }
    }

    /// <summary>Hides the calling CPU's GICv3 from a guest: every ICC_* register traps, and nothing is delivered.</summary>
    internal static void Hide() => SystemRegisters.WriteIchHcrEl2(TrapEverything);

    /// <summary>Whether the guest has chosen EOImode 1.</summary>
    private static bool SplitsEnd => (SystemRegisters.ReadIchVmcrEl2() & (1 << 9)) != 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SaveAll(ulong[] state)
    {
        state[0] = SystemRegisters.ReadIchVmcrEl2();
        for (int i = 0; i < _activePriorityRegisters; i++)
        {
            state[1 + i] = SystemRegisters.ReadIchAp0rEl2(i);
            state[5 + i] = SystemRegisters.ReadIchAp1rEl2(i);
        }

        SystemRegisters.WriteIchHcrEl2(0);
        Barrier.Instruction();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void LoadAll(ulong[] state, MaintenanceReasons reasons)
    {
        SystemRegisters.WriteIchVmcrEl2(state[0]);
        for (int i = 0; i < _activePriorityRegisters; i++)
        {
            SystemRegisters.WriteIchAp0rEl2(i, state[1 + i]);
            SystemRegisters.WriteIchAp1rEl2(i, state[5 + i]);
        }

        if (reasons == MaintenanceReasons.None)
        {
            SystemRegisters.WriteIchHcrEl2(Enable);
        }
        else
        {
            SetMaintenance(reasons);
        }

        Barrier.Instruction();
    }

    private void Clear()
    {
        for (int i = 0; i < _count; i++)
        {
            SystemRegisters.WriteIchLr(i, 0);
        }

        for (int i = 0; i < _activePriorityRegisters; i++)
        {
            SystemRegisters.WriteIchAp0rEl2(i, 0);
            SystemRegisters.WriteIchAp1rEl2(i, 0);
        }

        // Groups off, mask closed; binary points below their minimum become that.
        SystemRegisters.WriteIchVmcrEl2(0);
    }
}
