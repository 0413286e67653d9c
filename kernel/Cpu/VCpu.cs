using System.Runtime.CompilerServices;
using System.Threading;
using SharpVisor.Arch;
using SharpVisor.Devices;
using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>
/// A virtual CPU. It belongs to one VM and, in this version, to one physical CPU, whose EL1 registers hold its
/// state from start to stop.
/// </summary>
public sealed class VCpu : GuestContext
{
    private int _runnable;
    private int _resident;

    /// <summary>Makes a VCpu of a VM that will run on <paramref name="cpu"/>.</summary>
    internal VCpu(Vm vm, int index, PhysicalCpu cpu)
    {
        Vm = vm;
        Bus = vm.Bus;
        Index = index;
        Cpu = cpu;
        HostStack = cpu.StackTop;
        EmergencyStack = cpu.EmergencyStackTop;
        PhysicalTimer = new PhysicalTimer(this);
        Watch = new SpinWatch(this);
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

    /// <summary>The CPU that runs this VCpu.</summary>
    internal readonly PhysicalCpu Cpu;

    /// <summary>Number within the VM, from 0; affinity level 0 of its MPIDR.</summary>
    internal readonly int Index;

    /// <summary>The EL1 physical timer that the guest sees; null for an idle stand-in.</summary>
    internal readonly PhysicalTimer? PhysicalTimer;

    /// <summary>Notices when the guest spins; null for an idle stand-in.</summary>
    internal readonly SpinWatch? Watch;

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

    /// <summary>Whether a CPU holds this VCpu's registers (between <see cref="WorldSwitch.Enter"/> and Leave).</summary>
    internal bool IsResident => Volatile.Read(ref _resident) != 0;

    /// <summary>Whether the hypervisor's work for it was given up because of a bug.</summary>
    internal bool IsAbandoned { get; set; }

    /// <summary>Whether the VCpu waits to be run by its CPU.</summary>
    internal bool IsRunnable => Volatile.Read(ref _runnable) != 0;

    /// <summary>Lets the VCpu start at <paramref name="address"/>; its CPU takes it up when kicked.</summary>
    internal void MakeRunnable(ulong address, ulong argument)
    {
        StartAddress = address;
        StartArgument = argument;
        Volatile.Write(ref _runnable, 1);
    }

    /// <summary>Takes the VCpu off: it does not start again until made runnable.</summary>
    internal void MakeOff() => Volatile.Write(ref _runnable, 0);

    internal void SetResident(bool value) => Volatile.Write(ref _resident, value ? 1 : 0);

    /// <summary>Moves past the instruction that was emulated: also ends its branch-target state and its single step.</summary>
    internal void SkipInstruction()
    {
        Pc += 4;
        Pstate &= ~(ProcessorState.BranchType | ProcessorState.SoftwareStep);
    }
}
