using SharpVisor.Drivers;
using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>Interrupts that belong to the hypervisor, or to an emulated device behind which hardware stands.</summary>
internal static unsafe class PhysicalInterrupt
{
    /// <summary>One interrupt, acknowledged, that came while <paramref name="vcpu"/> ran.</summary>
    internal static VCpu Handle(VCpu vcpu, uint acknowledged)
    {
        PhysicalCpu cpu = vcpu.Cpu;
        switch (InterruptController.IdOf(acknowledged))
        {
            case PhysicalCpu.KickSgi:
                End(cpu, acknowledged);
                if (vcpu.Vm!.IsStopping)
                {
                    return Trap.Rarely(&LeaveGuest, vcpu, 0, 0, 0);
                }

                vcpu.Vm.Gic.ServiceRequests(vcpu.Index);
                return vcpu;

            case InterruptNumbers.Maintenance:
                vcpu.Vm!.Gic.HandleMaintenance(vcpu.Index);
                End(cpu, acknowledged);
                return vcpu;

            case InterruptNumbers.HypervisorTimer:
                End(cpu, acknowledged);
                return Trap.Rarely(&HandleTimer, vcpu, 0, 0, 0);

            default:
                return Trap.Rarely(&HandleDevice, vcpu, acknowledged, 0, 0);
        }
    }

    /// <summary>One interrupt, acknowledged, on a CPU that runs no guest.</summary>
    internal static void HandleOutsideGuest(PhysicalCpu cpu, uint acknowledged)
    {
        uint interrupt = InterruptController.IdOf(acknowledged);
        if (interrupt >= InterruptController.FirstShared)
        {
            Hypervisor.HandleDeviceInterrupt(cpu.Idle, interrupt);
        }

        End(cpu, acknowledged);
    }

    private static VCpu HandleDevice(VCpu vcpu, ulong acknowledged, ulong unused1, ulong unused2)
    {
        Hypervisor.HandleDeviceInterrupt(vcpu, InterruptController.IdOf((uint)acknowledged));
        End(vcpu.Cpu, (uint)acknowledged);
        return vcpu;
    }

    private static VCpu HandleTimer(VCpu vcpu, ulong unused1, ulong unused2, ulong unused3)
    {
        vcpu.Cpu.Timer.Handle(vcpu);
        return vcpu;
    }

    private static VCpu LeaveGuest(VCpu vcpu, ulong unused1, ulong unused2, ulong unused3) => CpuLoop.LeaveGuest(vcpu);

    private static void End(PhysicalCpu cpu, uint acknowledged)
    {
        cpu.Interrupts.PriorityDrop(acknowledged);
        cpu.Interrupts.Deactivate(acknowledged);
    }
}
