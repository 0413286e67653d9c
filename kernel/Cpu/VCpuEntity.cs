using SharpVisor.Scheduling;

namespace SharpVisor.Cpu;

/// <summary>A VCpu as the scheduler sees it.</summary>
internal sealed class VCpuEntity : SchedulingEntity
{
    internal VCpuEntity(VCpu vcpu)
    {
        VCpu = vcpu;
        Group = vcpu.Vm!.Id;
    }

    /// <summary>Whose it is.</summary>
    internal readonly VCpu VCpu;
}
