using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>WFI and WFE of a guest, where HCR_EL2.TWI or TWE traps them.</summary>
internal static class WaitTrap
{
    private const ulong IsWfe = 1;

    /// <summary>
    /// WFI: the CPU sleeps at EL2 unless something is pending for the guest; any physical interrupt wakes it and
    /// is taken on return. WFE: a hint to let others run, of which there are none on this CPU.
    /// </summary>
    internal static VCpu Handle(VCpu vcpu, ulong syndrome)
    {
        if ((syndrome & IsWfe) == 0 && !vcpu.Vm!.Gic.HasPendingFor(vcpu.Index))
        {
            Native.WaitForInterrupt();
        }

        vcpu.SkipInstruction();
        return vcpu;
    }
}
