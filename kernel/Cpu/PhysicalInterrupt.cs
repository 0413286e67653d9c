using SharpVisor.Drivers;
using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>Interrupts that belong to the hypervisor, or to an emulated device behind which hardware stands.</summary>
internal static unsafe class PhysicalInterrupt
{
    /// <summary>
    /// One interrupt, acknowledged. Whoever enters a guest next looks at <see cref="PhysicalCpu.MustPick"/> before. Free of
    /// SIMD: the registers are the resident guest's.
    /// </summary>
    internal static void Take(PhysicalCpu cpu, uint acknowledged)
    {
        VCpu? resident = cpu.Resident;
        uint interrupt = InterruptController.IdOf(acknowledged);
        cpu.Count(interrupt);
        switch (interrupt)
        {
            case PhysicalCpu.KickSgi:
                cpu.Interrupts.Deactivate(acknowledged);
                resident?.Vm!.Gic.ServiceRequests(resident.Index);
                break;

            case InterruptNumbers.Maintenance:
                resident?.Vm!.Gic.HandleMaintenance(resident.Index);
                cpu.Interrupts.Deactivate(acknowledged);
                break;

            case InterruptNumbers.HypervisorTimer:
                cpu.Timer.Handle(cpu);
                cpu.Interrupts.Deactivate(acknowledged);
                break;

            case InterruptNumbers.VirtualTimer:
                if (resident != null)
                {
                    // The guest's own end of interrupt deactivates the physical one.
                    resident.Vm!.Gic.InjectHardware(resident.Index, InterruptNumbers.VirtualTimer);
                }
                else
                {
                    cpu.Interrupts.Deactivate(acknowledged); // it fell due while its VCpu was leaving
                }

                break;

            default:
                Trap.Rarely(&HandleDevice, resident ?? cpu.Idle, interrupt, 0, 0);
                cpu.Interrupts.Deactivate(acknowledged);
                break;
        }
    }

    private static VCpu HandleDevice(VCpu current, ulong interrupt, ulong unused1, ulong unused2)
    {
        Hypervisor.HandleDeviceInterrupt(current, (uint)interrupt);
        return current;
    }
}
