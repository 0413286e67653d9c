using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Drivers;
using SharpVisor.Scheduling;

namespace SharpVisor.Cpu;

/// <summary>What a CPU does between guests: finds the VCpu to run next, and sleeps while there is none.</summary>
/// <remarks>
/// Runs with the resident guest's SIMD registers live, so it is free of them (the build checks it); only
/// <see cref="LeaveGuest"/> and <see cref="Run"/> may be called from elsewhere.
/// </remarks>
internal static unsafe class CpuLoop
{
    /// <summary>The VCpu to run on a CPU whose present one may have to make room.</summary>
    internal static VCpu Reschedule(PhysicalCpu cpu) => Activate(cpu, Dispatcher.Pick(cpu));

    /// <summary>The VCpu waits for an interrupt (WFI). It stays resident until another one needs the CPU.</summary>
    internal static VCpu Sleep(VCpu vcpu)
    {
        PhysicalCpu cpu = vcpu.Cpu;
        return Activate(cpu, Dispatcher.PickAfterBlock(cpu, vcpu));
    }

    /// <summary>As <see cref="Sleep"/>, from a rare trap, whose frame holds the guest's SIMD registers.</summary>
    [DoesNotReturn]
    internal static VCpu SleepRarely(VCpu vcpu)
    {
        PhysicalCpu cpu = vcpu.Cpu;
        Dispatcher.Block(cpu);
        WorldSwitch.Save(cpu, vcpu, (ulong*)vcpu.SimdState);
        vcpu.Vm!.NoteLeft();
        Run(cpu);
        return vcpu;
    }

    /// <summary>The VCpu lets others run first.</summary>
    internal static VCpu Yield(VCpu vcpu)
    {
        PhysicalCpu cpu = vcpu.Cpu;
        return Activate(cpu, Dispatcher.PickAfterYield(cpu));
    }

    /// <summary>
    /// Puts a VCpu, whose SIMD registers were saved when its trap became a rare one, off its CPU for good or until its VM
    /// goes on, and goes on with whatever is next.
    /// </summary>
    /// <returns>
    /// Never: the next guest is entered from here, on a stack that its next exit starts anew. So nothing that an
    /// earlier caller saved for the old guest (its SIMD registers) is restored over the new one's.
    /// </returns>
    [DoesNotReturn]
    internal static VCpu LeaveGuest(VCpu vcpu)
    {
        PhysicalCpu cpu = vcpu.Cpu;
        WorldSwitch.Save(cpu, vcpu, (ulong*)vcpu.SimdState);
        vcpu.Vm!.NoteLeft();
        Run(cpu);
        return vcpu;
    }

    /// <summary>Waits until there is a VCpu to run on this CPU, and enters it. Nothing is resident.</summary>
    [DoesNotReturn]
    internal static void Run(PhysicalCpu cpu) => EnterGuest(Activate(cpu, Dispatcher.Pick(cpu)));

    private static VCpu Activate(PhysicalCpu cpu, VCpu? vcpu)
    {
        cpu.LooksAnyway = true;
        while (true)
        {
            if (vcpu != null)
            {
                VCpu? old = cpu.Resident;
                if (vcpu != old)
                {
                    if (old != null && !old.Vm!.IsStopping && vcpu.ResidentOn == null)
                    {
                        WorldSwitch.Exchange(cpu, old, vcpu);
                    }
                    else
                    {
                        PutAside(cpu);
                        Fetch(vcpu, cpu);
                        WorldSwitch.Load(cpu, vcpu);
                        if (cpu.IsTraced)
                        {
                            EventTrace.Write(cpu, TraceKind.Arrive, vcpu, 0, 0);
                        }
                    }
                }

                if (!cpu.MustPick)
                {
                    if (vcpu.System!.TrapsWaiting != Dispatcher.IsShared)
                    {
                        vcpu.System.SetTrapsWaiting(Dispatcher.IsShared);
                    }

                    cpu.Timer.Program();
                    cpu.LooksAnyway = false;
                    return vcpu;
                }

                vcpu = Dispatcher.Pick(cpu);
                continue;
            }

            // The resident one is asleep, or needed elsewhere, or is to leave.
            VCpu? resident = cpu.Resident;
            if (resident != null && (resident.Entity!.State != SchedulingState.Blocked || resident.Entity.Cpu != cpu.SchedulerIndex))
            {
                PutAside(cpu);
            }

            cpu.Timer.Program();
            if (!cpu.MustPick)
            {
                if (cpu.IsTraced)
                {
                    EventTrace.Write(cpu, TraceKind.Idle, cpu.Idle, 0, 0);
                }

                cpu.WaitForInterrupt();
                if (cpu.IsTraced)
                {
                    EventTrace.Write(cpu, TraceKind.Awake, cpu.Idle, 0, 0);
                }
            }

            TakeInterrupts(cpu);
            resident = cpu.Resident;
            if (resident != null && resident.Vm!.Gic.HasPendingFor(resident.Index))
            {
                Dispatcher.Wake(resident);
            }

            vcpu = Dispatcher.Pick(cpu);
        }
    }

    /// <summary>Saves what is resident. Where that was the last of a VM that is being stopped, finishes the stop.</summary>
    private static void PutAside(PhysicalCpu cpu)
    {
        VCpu? old = cpu.Resident;
        if (old == null)
        {
            return;
        }

        WorldSwitch.Save(cpu, old, null);
        if (old.Vm!.IsStopping)
        {
            Trap.Rarely(&NoteLeft, old, 0, 0, 0);
        }
    }

    private static VCpu NoteLeft(VCpu vcpu, ulong unused1, ulong unused2, ulong unused3)
    {
        vcpu.Vm!.NoteLeft();
        return vcpu;
    }

    /// <summary>
    /// Waits until another CPU, on which the VCpu lies asleep, has put it aside. The caller holds nothing that anybody
    /// waits for: its own resident VCpu has been saved.
    /// </summary>
    private static void Fetch(VCpu vcpu, PhysicalCpu cpu)
    {
        PhysicalCpu? other = vcpu.ResidentOn;
        if (other != null && other != cpu)
        {
            other.MustPick = true;
            other.Kick();
            while (vcpu.ResidentOn != null)
            {
                Native.Yield();
            }
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

            PhysicalInterrupt.Take(cpu, acknowledged);
        }
    }

    [DoesNotReturn]
    [RuntimeImport("*", "enter_guest_anew")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void EnterGuest(VCpu vcpu);
}
