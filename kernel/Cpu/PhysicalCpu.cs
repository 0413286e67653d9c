using System.Threading;
using SharpVisor.Drivers;
using SharpVisor.Memory;

namespace SharpVisor.Cpu;

/// <summary>A CPU of the machine: its stacks, its interrupt controller, and what runs on it.</summary>
public sealed unsafe class PhysicalCpu
{
    /// <summary>Software-generated interrupt by which one CPU asks another to look at its VCpus.</summary>
    public const uint KickSgi = 0;

    /// <summary>The machine-wide interrupt controller.</summary>
    internal readonly InterruptController Interrupts;

    /// <summary>The CPU's EL2 timer.</summary>
    internal readonly HypervisorTimer Timer = new();

    /// <summary>What the CPU runs when no VCpu is runnable: never enters a guest.</summary>
    internal readonly VCpu Idle;

    /// <summary>The VCpus that belong to this CPU, in the order in which their VMs were made.</summary>
    internal readonly VCpu?[] Assigned = new VCpu?[MaximumAssigned];

    internal const int MaximumAssigned = 8;

    /// <summary>Aff3, Aff2, Aff1 and Aff0 of MPIDR_EL1.</summary>
    internal const ulong AffinityMask = 0xff_00ff_ffff;

    // boot/layout.inc: above the top of the stack stands what the CPU holds.
    private const ulong LocksHeld = 64;
    private const ulong StackSize = 32 << 10;
    private const ulong EmergencyStackSize = 8 << 10;

    private int _online;

    internal PhysicalCpu(int index, ulong affinity, InterruptController interrupts, ulong stackTop, ulong emergencyStackTop)
    {
        Index = index;
        Affinity = affinity;
        Interrupts = interrupts;
        StackTop = stackTop;
        EmergencyStackTop = emergencyStackTop;
        Idle = new VCpu(this);
        *(ulong*)(stackTop + LocksHeld) = 0;
    }

    /// <summary>Makes a CPU with stacks of its own, below them a page that nobody can touch.</summary>
    internal static bool TryMake(int index, ulong affinity, InterruptController interrupts, PageAllocator pages, PageTable map, out PhysicalCpu? cpu)
    {
        cpu = null;
        if (!pages.TryAllocate(PageTable.PageSize + StackSize + EmergencyStackSize, PageTable.PageSize, out ulong guard)
            || !map.TryUnmap(guard, PageTable.PageSize))
        {
            return false;
        }

        ulong stackTop = guard + PageTable.PageSize + StackSize;
        cpu = new PhysicalCpu(index, affinity, interrupts, stackTop, stackTop + EmergencyStackSize);
        return true;
    }

    /// <summary>Number, from 0 for the CPU that starts the machine; the others in the order of the device tree.</summary>
    public int Index { get; }

    /// <summary>MPIDR_EL1 affinity fields.</summary>
    public ulong Affinity { get; }

    /// <summary>First byte above the stack that every exit starts with.</summary>
    internal ulong StackTop { get; }

    /// <summary>First byte above the stack of the panic report.</summary>
    internal ulong EmergencyStackTop { get; }

    /// <summary>Whether the CPU has come up.</summary>
    internal bool IsOnline
    {
        get => Volatile.Read(ref _online) != 0;
        set => Volatile.Write(ref _online, value ? 1 : 0);
    }

    /// <summary>Number of entries of <see cref="Assigned"/> in use.</summary>
    internal int AssignedCount { get; private set; }

    /// <summary>Gives a VCpu to this CPU. False where it has its full number.</summary>
    internal bool TryAssign(VCpu vcpu)
    {
        if (AssignedCount == MaximumAssigned)
        {
            return false;
        }

        Assigned[AssignedCount++] = vcpu;
        return true;
    }

    /// <summary>Makes the CPU come to EL2 and look at its VCpus.</summary>
    internal void Kick() => Interrupts.SendSgi(Index, KickSgi);
}
