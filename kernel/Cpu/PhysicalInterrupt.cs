using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>Interrupts that belong to the hypervisor, or to an emulated device behind which hardware stands.</summary>
internal static unsafe class PhysicalInterrupt
{
    /// <summary>One interrupt, acknowledged, that came while <paramref name="vcpu"/> ran.</summary>
    internal static VCpu Handle(VCpu vcpu, uint interrupt)
    {
        PhysicalCpu cpu = vcpu.Cpu;
        switch (interrupt)
        {
            case PhysicalCpu.KickSgi:
                End(cpu, interrupt);
                if (vcpu.Vm!.IsStopping)
                {
                    return Trap.Rarely(&LeaveGuest, vcpu, 0, 0, 0);
                }

                vcpu.Vm.Gic.ServiceRequests(vcpu.Index);
                return vcpu;

            case InterruptNumbers.Maintenance:
                vcpu.Vm!.Gic.HandleMaintenance(vcpu.Index);
                End(cpu, interrupt);
                return vcpu;

            case InterruptNumbers.HypervisorTimer:
                vcpu.PhysicalTimer!.Update();
                End(cpu, interrupt);
                return vcpu;

            default:
                return Trap.Rarely(&HandleDevice, vcpu, interrupt, 0, 0);
        }
    }

    /// <summary>One interrupt, acknowledged, on a CPU that runs no guest.</summary>
    internal static void HandleOutsideGuest(PhysicalCpu cpu, uint interrupt)
    {
        if (interrupt is not (PhysicalCpu.KickSgi or InterruptNumbers.Maintenance or InterruptNumbers.HypervisorTimer or InterruptNumbers.VirtualTimer))
        {
            Hypervisor.HandleDeviceInterrupt(interrupt);
        }

        End(cpu, interrupt);
    }

    private static VCpu HandleDevice(VCpu vcpu, ulong interrupt, ulong unused1, ulong unused2)
    {
        Hypervisor.HandleDeviceInterrupt((uint)interrupt);
        End(vcpu.Cpu, (uint)interrupt);
        return vcpu;
    }

    private static VCpu LeaveGuest(VCpu vcpu, ulong unused1, ulong unused2, ulong unused3) => CpuLoop.LeaveGuest(vcpu);

    private static void End(PhysicalCpu cpu, uint interrupt)
    {
        cpu.Interrupts.PriorityDrop(interrupt);
        cpu.Interrupts.Deactivate(interrupt);
    }
}
