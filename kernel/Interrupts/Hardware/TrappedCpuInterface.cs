using SharpVisor.Arch;
using SharpVisor.Drivers;

namespace SharpVisor.Interrupts;

/// <summary>
/// The software CPU interface of a VCpu whose guest has a GICv2 on a machine that has no GICV for it: its output is
/// the virtual interrupt of HCR_EL2.
/// </summary>
public sealed class TrappedCpuInterface : SoftwareCpuInterface
{
    private const int ListRegisters = 16;
    private const ulong VirtualInterrupt = 1 << 7; // HCR_EL2.VI
    private const ulong LowerLevelsMayEnable = 1 << 3; // ICC_SRE_EL2.Enable

    private readonly InterruptController _controller;

    /// <summary>Makes one.</summary>
    /// <param name="controller">The machine's interrupt controller.</param>
    public TrappedCpuInterface(InterruptController controller)
        : base(ListRegisters) => _controller = controller;

    /// <inheritdoc/>
    public override void DeactivatePhysical(uint interrupt) => _controller.Deactivate(interrupt);

    /// <inheritdoc/>
    public override void Start()
    {
        HideMachine();
        base.Start();
        SignalChanged();
    }

    /// <inheritdoc/>
    public override void Stop()
    {
        base.Stop();
        SignalChanged();
        ShowMachine();
    }

    /// <inheritdoc/>
    public override void Save(ulong[] state)
    {
        base.Save(state);
        ShowMachine();
    }

    /// <inheritdoc/>
    public override void Load(ulong[] state, MaintenanceReasons reasons)
    {
        HideMachine();
        base.Load(state, reasons);
        SignalChanged();
    }

    /// <inheritdoc/>
    protected override void SignalChanged()
    {
        ulong value = SystemRegisters.ReadHcrEl2() & ~VirtualInterrupt;
        SystemRegisters.WriteHcrEl2(IsSignalled ? value | VirtualInterrupt : value);
    }

    /// <summary>The guest must not find the machine's own interface.</summary>
    private void HideMachine()
    {
        if (_controller.Version >= 3)
        {
            GicV3CpuInterface.Hide();
            SystemRegisters.WriteIccSreEl2(SystemRegisters.ReadIccSreEl2() & ~LowerLevelsMayEnable);
            Barrier.Instruction();
        }
    }

    private void ShowMachine()
    {
        if (_controller.Version >= 3)
        {
            SystemRegisters.WriteIccSreEl2(SystemRegisters.ReadIccSreEl2() | LowerLevelsMayEnable);
            SystemRegisters.WriteIchHcrEl2(0);
            Barrier.Instruction();
        }
    }
}
