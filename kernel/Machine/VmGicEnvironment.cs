using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Debug;
using SharpVisor.Interrupts;

namespace SharpVisor.Machine;

/// <summary>What a VM's GIC asks of the machine around it.</summary>
internal sealed class VmGicEnvironment : GicEnvironment
{
    private const ulong TimerAsserted = 5; // CNTV_CTL_EL0: ENABLE and ISTATUS, IMASK clear
    private const ulong TimerMask = 7;

    private Vm? _vm;

    /// <summary>Names the VM, which is made after its GIC.</summary>
    internal void Connect(Vm vm) => _vm = vm;

    /// <inheritdoc/>
    public override void Kick(int vcpu) => _vm!.VCpus[vcpu].Cpu.Kick();

    /// <inheritdoc/>
    public override void Wake(int vcpu) => Dispatcher.Wake(_vm!.VCpus[vcpu]);

    /// <inheritdoc/>
    public override void WhileWaiting()
    {
        VCpu current = VCpu.Current;
        if (current.Vm != null)
        {
            current.Vm.Gic.AnswerRecall(current.Index);
        }
    }

    /// <inheritdoc/>
    public override void NoteInjection(int vcpu, uint interrupt)
    {
        VCpu target = _vm!.VCpus[vcpu];
        EventTrace.Write(target.Cpu, TraceKind.Injection, target, 0, interrupt);
    }

    /// <inheritdoc/>
    public override bool IsHardwareAsserted(uint interrupt) =>
        interrupt == InterruptNumbers.VirtualTimer && (SystemRegisters.ReadCntvCtlEl0() & TimerMask) == TimerAsserted;
}
