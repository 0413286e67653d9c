using System.Runtime.CompilerServices;

namespace SharpVisor.Scheduling;

/// <summary>
/// Something that a <see cref="Scheduler"/> shares CPUs among: a VCpu. It holds its own settings, state and counters,
/// so scheduling allocates nothing. Settings and counters outlive <see cref="Scheduler.Remove"/>.
/// </summary>
/// <remarks>Everything here is read and written under the scheduler's lock. Times are in ticks of the system counter.</remarks>
public class SchedulingEntity
{
    /// <summary>Lowest weight.</summary>
    public const uint MinimumWeight = 1;

    /// <summary>Highest weight.</summary>
    public const uint MaximumWeight = 10_000;

    /// <summary>Weight of an entity of which nothing is said.</summary>
    public const uint DefaultWeight = 100;

    /// <summary>Fraction bits of <see cref="InverseWeight"/>.</summary>
    internal const int InverseBits = 32;

    /// <summary>Makes an entity of default weight that may run anywhere, without cap or reservation.</summary>
    public SchedulingEntity()
    {
        SetWeight(DefaultWeight);
        Affinity = ulong.MaxValue;
        HomeCpu = -1;
        LastCpu = -1;
    }

    /// <summary>
    /// Entities with the same number, other than 0, are siblings: one that wakes takes the turn of one that runs, which is
    /// no loss to the others.
    /// </summary>
    public int Group { get; set; }

    /// <summary>1 to 10,000: its part of the CPUs against others' weights.</summary>
    public uint Weight { get; private set; }

    /// <summary>The CPUs on which it may run, one bit each.</summary>
    public ulong Affinity { get; internal set; }

    /// <summary>Ticks that it may run in each <see cref="CapPeriod"/>; 0 where it has no cap.</summary>
    public ulong CapQuota => Cap.Quota;

    /// <summary>Ticks; 0 where it has no cap.</summary>
    public ulong CapPeriod => Cap.Period;

    /// <summary>Most ticks of unused quota that it keeps for later.</summary>
    public ulong BurstLimit => Cap.CreditLimit;

    /// <summary>Ticks of unused quota that it has kept, as of its last accounting.</summary>
    public ulong BurstCredit => Cap.IsSet ? Cap.Credit : 0;

    /// <summary>Ticks that are reserved for it in each <see cref="RealTimePeriod"/>; 0 where there is no reservation.</summary>
    public ulong RealTimeBudget => Reservation.Budget;

    /// <summary>Ticks; 0 where there is no reservation.</summary>
    public ulong RealTimePeriod => Reservation.Period;

    /// <summary>Where it stands.</summary>
    public SchedulingState State { get; internal set; }

    /// <summary>The CPU that it runs on, waits for, or was on last.</summary>
    public int Cpu { get; internal set; }

    /// <summary>Time for which it ran.</summary>
    public ulong RunTime { get; internal set; }

    /// <summary>Time for which it could have run and did not, <see cref="ThrottledTime"/> included.</summary>
    public ulong WaitTime { get; internal set; }

    /// <summary>The part of <see cref="WaitTime"/> in which its own cap or reservation held it back.</summary>
    public ulong ThrottledTime { get; internal set; }

    /// <summary>The part of <see cref="WaitTime"/> that it did not ask for by yielding: what its guest sees as stolen.</summary>
    public ulong StealTime { get; internal set; }

    /// <summary>Time for which it was blocked.</summary>
    public ulong BlockedTime { get; internal set; }

    /// <summary>How often a CPU began to run it after something else, or nothing.</summary>
    public ulong Switches { get; internal set; }

    /// <summary>How often it began to run on another CPU than before.</summary>
    public ulong Migrations { get; internal set; }

    /// <summary>Its cap, or the one that it has together with siblings.</summary>
    internal Allowance Cap = new();

    /// <summary>Its reservation.</summary>
    internal Reservation Reservation;

    /// <summary>Whether there is a cap or a reservation.</summary>
    internal bool IsRestricted
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Cap.Quota | Reservation.Budget) != 0;
    }

    /// <summary>2^32 / <see cref="Weight"/>.</summary>
    internal ulong InverseWeight;

    /// <summary>What it has had, by its weight; compared with <see cref="VirtualClock.Now"/> while it waits or runs.</summary>
    internal ulong VirtualTime;

    /// <summary>The virtual time at which what it asks for now will have been given to it.</summary>
    internal ulong VirtualDeadline;

    /// <summary>How far behind the virtual time it was when it last stopped competing: positive where it was owed.</summary>
    internal long Lag;

    /// <summary>The virtual time of its CPU when it last stopped competing.</summary>
    internal ulong LeftAt;

    /// <summary>Up to when its time is counted.</summary>
    internal ulong Since;

    /// <summary>The CPU that has admitted its reservation; −1 where it has none.</summary>
    internal int HomeCpu;

    /// <summary>The CPU on which it last ran; −1 before that.</summary>
    internal int LastCpu;

    /// <summary>Whether it gave the CPU away and has not run since.</summary>
    internal bool HasYielded;

    /// <summary>Its place in an <see cref="EntityList"/>.</summary>
    internal ulong Key;

    /// <summary>The next in its list.</summary>
    internal SchedulingEntity? Next;

    /// <summary>The one before it in its list.</summary>
    internal SchedulingEntity? Previous;

    /// <summary>Sets the weight and its inverse.</summary>
    internal void SetWeight(uint weight)
    {
        Weight = weight;
        InverseWeight = ((1ul << InverseBits) + (weight / 2)) / weight;
    }
}
