using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>WFI and WFE of a guest, where HCR_EL2.TWI or TWE traps them.</summary>
internal static class WaitTrap
{
    private const ulong IsWfe = 1;

    /// <summary>
    /// WFI: the VCpu sleeps unless something is pending for it. WFE: it spins for a lock whose holder may be one that
    /// waits for this very CPU, so that others go first.
    /// </summary>
    internal static VCpu Handle(VCpu vcpu, ulong syndrome)
    {
        vcpu.SkipInstruction();
        if ((syndrome & IsWfe) != 0)
        {
            return CpuLoop.Yield(vcpu);
        }

        return vcpu.Vm!.Gic.HasPendingFor(vcpu.Index) ? vcpu : CpuLoop.Sleep(vcpu);
    }
}
