using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Drivers;

namespace SharpVisor.Cpu;

/// <summary>What a CPU does between guests: takes interrupts, finishes the stop of a VM, finds a VCpu to run.</summary>
internal static class CpuLoop
{
    /// <summary>Puts the guest's registers out of the CPU and goes on with whatever is next.</summary>
    /// <returns>
    /// Never: the next guest is entered from here, on a stack that its next exit starts anew. So nothing that an
    /// earlier caller saved for the old guest (its SIMD registers) is restored over the new one's.
    /// </returns>
    [DoesNotReturn]
    internal static VCpu LeaveGuest(VCpu vcpu)
    {
        PhysicalCpu cpu = vcpu.Cpu;
        WorldSwitch.Leave(vcpu);
        vcpu.Vm!.CompleteStopWhenQuiet();
        Run(cpu);
        return vcpu;
    }

    /// <summary>Waits until a VCpu of this CPU is runnable, starts and enters it.</summary>
    [DoesNotReturn]
    internal static void Run(PhysicalCpu cpu)
    {
        while (true)
        {
            TakeInterrupts(cpu);
            for (int i = 0; i < cpu.AssignedCount; i++)
            {
                VCpu vcpu = cpu.Assigned[i]!;
                if (vcpu.IsRunnable && WorldSwitch.TryStart(vcpu))
                {
                    EnterGuest(vcpu);
                }
            }

            Native.WaitForInterrupt();
        }
    }

    private static void TakeInterrupts(PhysicalCpu cpu)
    {
        while (true)
        {
            uint acknowledged = cpu.Interrupts.Acknowledge();
            if (InterruptController.IdOf(acknowledged) >= InterruptController.FirstSpecial)
            {
                return;
            }

            PhysicalInterrupt.HandleOutsideGuest(cpu, acknowledged);
        }
    }

    [DoesNotReturn]
    [RuntimeImport("*", "enter_guest")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void EnterGuest(VCpu vcpu);
}
