using SharpVisor.Arch;
using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>What a CPU does between guests: takes interrupts, finishes the stop of a VM, finds a VCpu to run.</summary>
internal static class CpuLoop
{
    private const uint NoInterrupt = 1020;

    /// <summary>Puts the guest's registers out of the CPU and goes on with whatever is next.</summary>
    internal static VCpu LeaveGuest(VCpu vcpu)
    {
        WorldSwitch.Leave(vcpu);
        vcpu.Vm!.CompleteStopWhenQuiet(vcpu);
        return Next(vcpu.Cpu);
    }

    /// <summary>Waits until a VCpu of this CPU is runnable and starts it.</summary>
    internal static VCpu Next(PhysicalCpu cpu)
    {
        while (true)
        {
            TakeInterrupts(cpu);
            for (int i = 0; i < cpu.AssignedCount; i++)
            {
                VCpu vcpu = cpu.Assigned[i]!;
                if (vcpu.IsRunnable && WorldSwitch.TryStart(vcpu))
                {
                    return vcpu;
                }
            }

            Native.WaitForInterrupt();
        }
    }

    private static void TakeInterrupts(PhysicalCpu cpu)
    {
        while (true)
        {
            uint interrupt = cpu.Interrupts.Acknowledge();
            if (interrupt >= NoInterrupt)
            {
                return;
            }

            PhysicalInterrupt.HandleOutsideGuest(cpu, interrupt);
        }
    }
}
