using System.Threading;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Drivers;
using SharpVisor.Memory;

namespace SharpVisor.Cpu;

/// <summary>A CPU of the machine: its stacks, its interrupt controller, and what runs on it.</summary>
public sealed unsafe class PhysicalCpu
{
    /// <summary>Software-generated interrupt by which one CPU asks another to look at its VCpus.</summary>
    public const uint KickSgi = 0;

    /// <summary>Software-generated interrupt by which a CPU asks for a review of the VMs.</summary>
    public const uint ReviewSgi = 1;

    /// <summary>The machine-wide interrupt controller.</summary>
    internal readonly InterruptController Interrupts;

    /// <summary>The CPU's EL2 timer.</summary>
    internal readonly HypervisorTimer Timer = new();

    /// <summary>What the CPU runs when no VCpu is runnable: never enters a guest.</summary>
    internal readonly VCpu Idle;

    /// <summary>What happened here.</summary>
    internal readonly TraceRing Trace;

    /// <summary>Whether it is written down. Set by this CPU.</summary>
    internal bool IsTraced
    {
        get => _isTraced;
        set
        {
            _isTraced = value;
            *(ulong*)(StackTop + TraceOnOffset) = value ? 1u : 0;
        }
    }

    /// <summary>VCpus that were put aside here asleep.</summary>
    internal readonly SleepQueue Sleepers = new(Dispatcher.MaximumVCpus);

    /// <summary>How often the virtual timer's interrupt came while its guest ran: not among those of <see cref="Count"/>.</summary>
    internal ulong TimersOfGuests;

    /// <summary>The VCpu whose state the CPU's registers hold, running or asleep.</summary>
    internal VCpu? Resident;

    /// <summary>Its number among the CPUs that take part, as the scheduler counts them.</summary>
    internal int SchedulerIndex;

    /// <summary>What the next <see cref="Dispatcher.Pick"/> of this CPU has to wake first; null for nothing.</summary>
    internal VCpu? ToWake;

    /// <summary>Whether the CPU, while it is at EL2 as now, asks the scheduler before it enters a guest, so that it need not kick itself.</summary>
    internal bool LooksAnyway;

    /// <summary>Aff3, Aff2, Aff1 and Aff0 of MPIDR_EL1.</summary>
    internal const ulong AffinityMask = 0xff_00ff_ffff;

    // boot/layout.inc: above the top of the stack stands what the CPU holds, and its ring of events.
    private const ulong LocksHeld = 64;
    private const ulong TraceRingOffset = 480;
    private const ulong TraceOnOffset = 496;
    private const ulong StackSize = 32 << 10;
    private const ulong EmergencyStackSize = 8 << 10;

    private readonly ulong[] _interrupts = new ulong[InterruptController.FirstSpecial];
    private ulong _idleTime;
    private ulong _idleSince;
    private int _online;
    private int _passedGrace;
    private bool _mustPick;
    private bool _isTraced;
    private VCpu? _chosen;

    internal PhysicalCpu(int index, ulong affinity, InterruptController interrupts, ulong stackTop, ulong emergencyStackTop)
    {
        Index = index;
        Affinity = affinity;
        Interrupts = interrupts;
        StackTop = stackTop;
        EmergencyStackTop = emergencyStackTop;
        Idle = new VCpu(this);
        *(ulong*)(stackTop + LocksHeld) = 0;
        *(ulong*)(stackTop + TraceRingOffset) = 0;
        *(ulong*)(stackTop + TraceOnOffset) = 0;
        Trace = new TraceRing((ulong*)(stackTop + TraceRingOffset));
    }

    /// <summary>Makes a CPU with stacks of its own, below them a page that nobody can touch.</summary>
    internal static bool TryMake(
        int index, ulong affinity, ulong releaseAddress, InterruptController interrupts, PageAllocator pages, PageTable map, out PhysicalCpu? cpu)
    {
        cpu = null;
        if (!pages.TryAllocate(PageTable.PageSize + StackSize + EmergencyStackSize, PageTable.PageSize, out ulong guard)
            || !map.TryUnmap(guard, PageTable.PageSize))
        {
            return false;
        }

        ulong stackTop = guard + PageTable.PageSize + StackSize;
        cpu = new PhysicalCpu(index, affinity, interrupts, stackTop, stackTop + EmergencyStackSize) { ReleaseAddress = releaseAddress };
        return true;
    }

    /// <summary>Number, from 0 for the CPU that starts the machine; the others in the order of the device tree.</summary>
    public int Index { get; }

    /// <summary>MPIDR_EL1 affinity fields.</summary>
    public ulong Affinity { get; }

    /// <summary>Where it waits for an address to go to (its spin table), in mapped memory; 0 where firmware starts it.</summary>
    internal ulong ReleaseAddress { get; private set; }

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

    /// <summary>Whether the scheduler may have another answer than before. Set by any CPU, which then kicks this one.</summary>
    internal bool MustPick
    {
        get => Volatile.Read(ref _mustPick);
        set => Volatile.Write(ref _mustPick, value);
    }

    /// <summary>What <see cref="Dispatcher.Pick"/> answered last, until it leaves the CPU; null for nothing.</summary>
    internal VCpu? Chosen
    {
        get => Volatile.Read(ref _chosen);
        set => Volatile.Write(ref _chosen, value);
    }

    /// <summary>The last of <see cref="Machine.GracePeriod"/> in which the CPU has taken an interrupt.</summary>
    internal int PassedGrace
    {
        get => Volatile.Read(ref _passedGrace);
        set => Volatile.Write(ref _passedGrace, value);
    }

    /// <summary>Makes the CPU take an interrupt that reviews the VMs.</summary>
    internal void AskForReview() => Interrupts.SendSgi(Index, ReviewSgi);

    /// <summary>When it came up, by the physical counter.</summary>
    internal ulong OnlineSince { get; set; }

    /// <summary>
    /// Ticks for which it had nothing to run, until now; seen from another CPU it may be a little behind. While every VCpu
    /// has a CPU of its own, guests wait by themselves, and that is not seen.
    /// </summary>
    internal ulong IdleTime
    {
        get
        {
            ulong since = Volatile.Read(ref _idleSince);
            ulong time = Volatile.Read(ref _idleTime);
            ulong now = SystemRegisters.ReadCntpctEl0();
            return since == 0 || now < since ? time : time + (now - since);
        }
    }

    /// <summary>Waits until an interrupt is pending.</summary>
    internal void WaitForInterrupt()
    {
        ulong since = SystemRegisters.ReadCntpctEl0();
        Volatile.Write(ref _idleSince, since);
        Native.WaitForInterrupt();
        Volatile.Write(ref _idleSince, 0);
        _idleTime += SystemRegisters.ReadCntpctEl0() - since;
    }

    /// <summary>Counts a physical interrupt, one that is not special. By this CPU.</summary>
    internal void Count(uint interrupt) => _interrupts[interrupt]++;

    /// <summary>How often an interrupt came to this CPU.</summary>
    internal ulong CountOf(uint interrupt) => _interrupts[interrupt] + (interrupt == InterruptNumbers.VirtualTimer ? TimersOfGuests : 0);

    /// <summary>Makes the CPU come to EL2.</summary>
    internal void Kick() => Interrupts.SendSgi(Index, KickSgi);
}
