using SharpVisor.Interrupts;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>The software interface as a model of the hardware's, with a count of what the hypervisor does to it.</summary>
internal sealed class TestCpuInterface(TestMachine machine, int vcpu, int listRegisters) : SoftwareCpuInterface(listRegisters)
{
    internal int Writes;
    internal int Reads;

    internal MaintenanceReasons Reasons;

    public override void WriteListRegister(int index, ulong value)
    {
        Writes++;
        base.WriteListRegister(index, value);
    }

    public override ulong ReadListRegister(int index)
    {
        Reads++;
        return base.ReadListRegister(index);
    }

    public override void SetMaintenance(MaintenanceReasons reasons)
    {
        Reasons = reasons;
        base.SetMaintenance(reasons);
    }

    public override void DeactivatePhysical(uint interrupt) => machine.DeactivatePhysical(vcpu, interrupt);

    protected override void SignalChanged()
    {
    }
}
