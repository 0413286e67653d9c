using System;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Formats;
using SharpVisor.Machine.Life;

namespace SharpVisor.Machine;

/// <summary>A VM as the table of VMs has it: its number, its definition, its life, and the VM itself while there is one.</summary>
internal sealed class VmEntry : VmLife
{
    private readonly LoadedBundle _bundle;
    private Vm? _vm;
    private int _grace;

    internal VmEntry(LoadedBundle bundle, VmDefinition definition)
        : base(definition.OnCrash, SystemRegisters.ReadCntfrqEl0())
    {
        _bundle = bundle;
        Definition = definition;
        Id = VmTable.NextId();
    }

    /// <summary>Its number, from 1: no other definition ever has it.</summary>
    internal int Id { get; }

    /// <summary>What it is made from.</summary>
    internal VmDefinition Definition { get; }

    /// <summary>The VM; null while it is only defined, or is being taken apart.</summary>
    internal Vm? Vm => IsBeingDestroyed ? null : _vm;

    /// <inheritdoc/>
    protected override ulong Now => SystemRegisters.ReadCntpctEl0();

    /// <inheritdoc/>
    protected override bool GoesWithVm => _bundle.IsTemporary;

    /// <inheritdoc/>
    protected override bool IsStopping => _vm!.IsStopping;

    /// <inheritdoc/>
    protected override bool HasLeft => _vm!.HasLeft;

    /// <inheritdoc/>
    protected override bool IsReleasable => GracePeriod.IsOver(_grace);

    /// <inheritdoc/>
    protected override LifeOutcome Make()
    {
        LifeOutcome outcome = VmFactory.TryMake(this, out Vm? vm);
        _vm = vm;
        return outcome;
    }

    /// <inheritdoc/>
    protected override LifeOutcome PowerOn() => _vm!.PowerOn();

    /// <inheritdoc/>
    protected override void Leave(VmStop reason) => _vm!.RequestStop(reason);

    /// <inheritdoc/>
    protected override VmStop TakeReason() => _vm!.TakeReason();

    /// <inheritdoc/>
    protected override void StandStill() => _vm!.StandStill();

    /// <inheritdoc/>
    protected override LifeOutcome GoOn() => _vm!.GoOn() ? LifeOutcome.Done : LifeOutcome.NoCpu;

    /// <inheritdoc/>
    protected override void Hide() => Hypervisor.ForgetConsole(_vm!);

    /// <inheritdoc/>
    protected override void BeginRelease() => _grace = GracePeriod.Begin();

    /// <inheritdoc/>
    protected override void Release()
    {
        VmFactory.Release(_vm!);
        _vm = null;
    }

    /// <inheritdoc/>
    protected override void Vanish() => _bundle.Remove(this);

    /// <inheritdoc/>
    protected override void Say(LifeEvent what, ulong wait)
    {
        LogLine line = Log.Line(what == LifeEvent.Crashed ? Severity.Error : Severity.Information).Text(Definition.Name).Text(what switch
        {
            LifeEvent.PoweredOff => ": powered off"u8,
            LifeEvent.Reset => ": reset"u8,
            LifeEvent.Crashed => ": crashed"u8,
            LifeEvent.RestartsLater => ": starts again in "u8,
            LifeEvent.Kept => ": kept as it is; regs shows its registers, vm start begins it anew"u8,
            LifeEvent.Stopped => ": stopped from the console"u8,
            LifeEvent.Paused => ": paused"u8,
            _ => ": destroyed"u8,
        });
        if (what == LifeEvent.RestartsLater)
        {
            line = line.Decimal(wait).Text(" s"u8);
        }

        line.End();
        if (what is LifeEvent.PoweredOff or LifeEvent.Stopped || (what == LifeEvent.Crashed && Definition.OnCrash != BundleCrashPolicy.Keep))
        {
            Vm!.Memory.Clear(); // nobody looks at it any more, and it begins anew with none
        }
    }
}
