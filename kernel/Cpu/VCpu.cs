using System.Runtime.CompilerServices;
using System.Threading;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Devices;
using SharpVisor.Machine;
using SharpVisor.Scheduling;

namespace SharpVisor.Cpu;

/// <summary>
/// A virtual CPU of a VM. While it is resident on a CPU, that CPU's EL1 registers hold its state; else
/// <see cref="System"/> does.
/// </summary>
public sealed class VCpu : GuestContext
{
    private PhysicalCpu? _residentOn;

    /// <summary>Makes a VCpu of a VM; <paramref name="cpu"/> only serves until it is loaded for the first time.</summary>
    internal unsafe VCpu(Vm vm, int index, PhysicalCpu cpu)
    {
        Vm = vm;
        Bus = vm.Bus;
        Index = index;
        TraceName = EventTrace.NameOf(vm.Id, index);
        Cpu = cpu;
        HostStack = cpu.StackTop;
        EmergencyStack = cpu.EmergencyStackTop;
        System = new SystemContext();
        Entity = new VCpuEntity(this);
        PhysicalTimer = new PhysicalTimer(this);
        Watch = new SpinWatch(this);
        StolenRecord = StolenTime.RecordOf(vm.StolenTimePage, index);
    }

    /// <summary>Makes the stand-in that a CPU's registers point to while it runs no guest.</summary>
    internal VCpu(PhysicalCpu cpu)
    {
        Cpu = cpu;
        HostStack = cpu.StackTop;
        EmergencyStack = cpu.EmergencyStackTop;
    }

    /// <summary>What the calling CPU runs: a VCpu, or the CPU's idle stand-in. Only once the CPU has one.</summary>
    internal static unsafe VCpu Current
    {
        get
        {
            ulong current = SystemRegisters.ReadTpidrEl2();
            return Unsafe.As<nint, VCpu>(ref *(nint*)&current);
        }
    }

    /// <summary>The VM; null for a CPU's idle stand-in.</summary>
    internal readonly Vm? Vm;

    /// <summary>The VM's devices; null for an idle stand-in.</summary>
    internal readonly MmioBus? Bus;

    /// <summary>The CPU on which it is resident, or was last.</summary>
    internal PhysicalCpu Cpu;

    /// <summary>Its EL1 state while it is not resident; null for an idle stand-in.</summary>
    internal readonly SystemContext? System;

    /// <summary>What the scheduler knows of it; null for an idle stand-in.</summary>
    internal readonly VCpuEntity? Entity;

    /// <summary>Whether a cap, a reservation or an affinity set says more than its weight.</summary>
    internal bool IsHeldToShare;

    /// <summary>Looks of <see cref="SpinWatch"/> since it moved or accessed a device; set to 0 on the hot path.</summary>
    internal int QuietLooks;

    /// <summary>
    /// Whether a device access has to be done anew, for its work is not finished (<see cref="DeviceWork"/>). Whoever makes
    /// the access looks, and sets it back.
    /// </summary>
    internal bool MustRepeat;

    /// <summary>Whether it has been reset and not been loaded since.</summary>
    internal bool IsFresh;

    /// <summary>The queue in which it sleeps until <see cref="WakeTime"/>, at <see cref="SleepPlace"/>; null for none.</summary>
    internal SleepQueue? SleepsIn;

    /// <summary>When it has to wake, by the physical counter.</summary>
    internal ulong WakeTime;

    /// <summary>Its place in <see cref="SleepsIn"/>.</summary>
    internal int SleepPlace;

    /// <summary>Since when it has been waiting for memory, by the physical counter; 0 where it is not.</summary>
    internal ulong ShortSince;

    /// <summary>When it tries again to go on, by the physical counter; 0 where it does not wait for that.</summary>
    internal ulong RetryAt;

    /// <summary>Number within the VM, from 0; affinity level 0 of its MPIDR.</summary>
    internal readonly int Index;

    /// <summary>The EL1 physical timer that the guest sees; null for an idle stand-in.</summary>
    internal readonly PhysicalTimer? PhysicalTimer;

    /// <summary>Notices when the guest spins; null for an idle stand-in.</summary>
    internal readonly SpinWatch? Watch;

    /// <summary>Where the guest is told of <see cref="StolenTime"/>; not for an idle stand-in.</summary>
    internal readonly unsafe ulong* StolenRecord;

    /// <summary>What <see cref="SchedulingEntity.StealTime"/> was when its VM was powered on.</summary>
    internal ulong StealTimeAtStart;

    /// <summary>Where the guest begins at the next start, with X0 = <see cref="StartArgument"/>.</summary>
    internal ulong StartAddress;

    /// <summary>X0 at the next start.</summary>
    internal ulong StartArgument;

    /// <summary>Where the object lies: what SP_EL2 and TPIDR_EL2 hold while it runs. Objects never move.</summary>
    internal ulong Address
    {
        get
        {
            VCpu self = this;
            return (ulong)Unsafe.As<VCpu, nint>(ref self);
        }
    }

    /// <summary>The CPU whose registers hold its state; null where they are saved. Written by that CPU.</summary>
    internal PhysicalCpu? ResidentOn
    {
        get => Volatile.Read(ref _residentOn);
        set => Volatile.Write(ref _residentOn, value);
    }

    /// <summary>Whether the hypervisor's work for it was given up because of a bug.</summary>
    internal bool IsAbandoned { get; set; }

    /// <summary>Moves past the instruction that was emulated: also ends its branch-target state and its single step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void SkipInstruction()
    {
        Pc += 4;
        Pstate &= ~(ProcessorState.BranchType | ProcessorState.SoftwareStep);
    }
}
