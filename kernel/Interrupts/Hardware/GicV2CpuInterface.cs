using System.Runtime.InteropServices;
using SharpVisor.Arch;
using SharpVisor.Drivers;

namespace SharpVisor.Interrupts;

/// <summary>
/// The virtual CPU interface of a GICv2 (GICH, Arm IHI 0048, 5.3), of whichever CPU calls: its registers are banked.
/// The guest reaches its side by the first 4 KiB of GICV, mapped where it looks for GICC; GICC_DIR in the next 4 KiB
/// is <see cref="GicDeactivationFrame"/>'s.
/// </summary>
public sealed class GicV2CpuInterface : VirtualCpuInterface
{
    private const ulong Control = 0x000;
    private const ulong Type = 0x004;
    private const ulong MachineControl = 0x008;
    private const ulong EndedStatus = 0x020;
    private const ulong EmptyStatus = 0x030;
    private const ulong ActivePriorities = 0x0f0;
    private const ulong FirstListRegister = 0x100;

    // GICH_HCR.
    private const uint Enable = 1;
    private const int EndCountShift = 27;
    private const uint EndCountMask = 31;

    // GICH_VMCR.
    private const uint GroupsMask = 3;
    private const uint SplitEnd = 1 << 9;

    private readonly InterruptController _controller;
    private readonly ulong _base;
    private readonly int _count;

    /// <summary>Makes one for all CPUs of a machine.</summary>
    /// <param name="controller">The machine's interrupt controller.</param>
    public GicV2CpuInterface(GicV2 controller)
    {
        _controller = controller;
        _base = controller.ControlInterface;
        int count = (int)(Mmio.Read32(_base + Type) & 63) + 1;
        _count = count < 16 ? count : 16;
    }

    /// <inheritdoc/>
    public override int ListRegisterCount => _count;

    /// <inheritdoc/>
    public override ulong ReadListRegister(int index) =>
        GicV2ListRegister.ToCommon(Mmio.Read32(_base + FirstListRegister + ((ulong)index * 4)));

    /// <inheritdoc/>
    public override void WriteListRegister(int index, ulong value) =>
        Mmio.Write32(_base + FirstListRegister + ((ulong)index * 4), GicV2ListRegister.FromCommon(value));

    /// <inheritdoc/>
    public override uint EmptyListRegisters() => Mmio.Read32(_base + EmptyStatus);

    /// <inheritdoc/>
    public override uint EndedListRegisters() => Mmio.Read32(_base + EndedStatus);

    /// <inheritdoc/>
    public override void SetMaintenance(MaintenanceReasons reasons) => Mmio.Write32(_base + Control, Enable | (uint)reasons);

    /// <inheritdoc/>
    public override int TakeEndCount()
    {
        uint value = Mmio.Read32(_base + Control);
        int count = (int)(value >> EndCountShift & EndCountMask);
        if (count != 0)
        {
            Mmio.Write32(_base + Control, value & ~(EndCountMask << EndCountShift));
        }

        return count != 0 && (Mmio.Read32(_base + MachineControl) & SplitEnd) == 0 ? count : 0;
    }

    /// <inheritdoc/>
    public override uint EnabledGroups() => Mmio.Read32(_base + MachineControl) & GroupsMask;

    /// <inheritdoc/>
    public override void DeactivatePhysical(uint interrupt) => _controller.Deactivate(interrupt);

    /// <inheritdoc/>
    public override void Start()
    {
        Clear();
        Mmio.Write32(_base + Control, Enable);
    }

    /// <inheritdoc/>
    public override void Save(ulong[] state) =>
        Native.SaveVirtualInterface2(ref MemoryMarshal.GetArrayDataReference(state), _base);

    /// <inheritdoc/>
    public override void Load(ulong[] state, MaintenanceReasons reasons) =>
        Native.LoadVirtualInterface2(ref MemoryMarshal.GetArrayDataReference(state), _base, Enable | (uint)reasons);

    /// <inheritdoc/>
    public override void Stop()
    {
        Mmio.Write32(_base + Control, 0);
        Clear();
    }

    private void Clear()
    {
        for (int i = 0; i < _count; i++)
        {
            WriteListRegister(i, 0);
        }

        Mmio.Write32(_base + ActivePriorities, 0);

        // Groups off, mask closed; binary points below their minimum become that.
        Mmio.Write32(_base + MachineControl, 0);
    }
}
