using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace SharpVisor.Scheduling;

/// <summary>
/// Decides which entity each CPU runs, and for how long. Entities with a reservation go first, by earliest deadline;
/// the others share by weight: eligible is who has not had more than its share, and of those the earliest virtual
/// deadline runs (EEVDF, Stoica and Abdel-Wahab, 1995). README.md has the promises.
/// </summary>
/// <remarks>
/// A policy, no mechanism: it reads no clock, sends no interrupt, takes no lock. The caller holds one lock over every
/// call and every read of an entity, has each CPU call <see cref="Pick"/> when <see cref="NextEvent"/> is reached and
/// when another's call has named the CPU (<see cref="Wake"/>'s result, <see cref="TakeKicks"/>), and gives the time
/// in ticks of the system counter. Small differences between CPUs' counters do no harm.
/// </remarks>
public sealed partial class Scheduler
{
    /// <summary>Most CPUs.</summary>
    public const int MaximumCpus = 64;

    // A turn is 1 ms: short against 100 ms, the period by which people measure shares, long against a world switch.
    private const ulong TurnsPerSecond = 1000;

    // A waker asks for a 32nd of a turn first, so that its deadline is early and it runs soon.
    private const int WakeTurnShift = 5;

    // No budget, quota or turn of less than 10 µs: the switch itself takes about 1.
    private const ulong ShortestPerSecond = 100_000;

    // A longer time without a look at the clock counts as this much of virtual time: it happens only to who is alone.
    private const ulong LongestCharge = 1ul << 30;

    // VirtualClock's unit out of ticks and an inverse weight.
    private const int ChargeShift = SchedulingEntity.InverseBits - VirtualClock.UnitBits;

    private readonly CpuQueue[] _queues;
    private readonly ulong _turn;
    private readonly ulong _shortest;
    private readonly ulong _present;
    private ulong _idle;
    private ulong _online;
    private ulong _kicks;

    /// <summary>Makes a scheduler with no entities.</summary>
    /// <param name="cpus">Number of CPUs, 1 to 64. A CPU gets work from its first <see cref="Pick"/> on.</param>
    /// <param name="frequency">Ticks of the system counter in a second, 1 MHz to 1 GHz.</param>
    public Scheduler(int cpus, ulong frequency)
    {
        _queues = new CpuQueue[cpus];
        for (int i = 0; i < cpus; i++)
        {
            _queues[i] = new CpuQueue(i);
        }

        _present = cpus == MaximumCpus ? ulong.MaxValue : (1ul << cpus) - 1;
        _turn = frequency / TurnsPerSecond;
        _shortest = frequency / ShortestPerSecond;
        _offsets = new long[cpus * cpus];
        _ways = new Way[cpus];
    }

    /// <summary>Number of CPUs.</summary>
    public int CpuCount => _queues.Length;

    /// <summary>Ticks that an entity runs for in one go while others wait.</summary>
    public ulong Turn => _turn;

    /// <summary>
    /// Takes in an entity that no scheduler has, as blocked; <see cref="Wake"/> starts it. False where it is in
    /// already, where no CPU of its affinity is there, or where none of them can admit its reservation. Not before a CPU
    /// that ran it when it was removed has looked. Credit and lag begin at nothing, but that of a shared cap goes on.
    /// </summary>
    public bool TryAdd(SchedulingEntity entity, ulong now)
    {
        ulong allowed = entity.Affinity & _present;
        if (entity.State != SchedulingState.Absent || allowed == 0 || !TryFindHome(entity, allowed, entity.Reservation.Utilization, out int home))
        {
            return false;
        }

        SetHome(entity, home);
        entity.State = SchedulingState.Blocked;
        entity.Since = now;
        entity.Lag = 0;
        entity.LastCpu = -1;
        entity.HasYielded = false;
        entity.Cpu = home >= 0 ? home : BitOperations.TrailingZeroCount(allowed);
        entity.LeftAt = _queues[entity.Cpu].Clock.Now;
        entity.Reservation.Set(entity.Reservation.Budget, entity.Reservation.Period, now);
        if (!entity.Cap.IsShared)
        {
            entity.Cap.Set(entity.Cap.Quota, entity.Cap.Period, now);
        }

        return true;
    }

    /// <summary>
    /// Takes an entity out, whatever it does. The scheduler keeps no reference to it; a CPU that ran it is among the
    /// kicks and goes on with it until it looks.
    /// </summary>
    public void Remove(SchedulingEntity entity, ulong now)
    {
        if (entity.State == SchedulingState.Absent)
        {
            return;
        }

        Withdraw(entity, now);
        if (entity.State == SchedulingState.Running)
        {
            CpuQueue queue = _queues[entity.Cpu];
            queue.Running = null;
            _kicks |= queue.Bit;
            UpdateIdle(queue);
        }

        SetHome(entity, -1);
        entity.State = SchedulingState.Absent;
    }

    /// <summary>
    /// A blocked entity has something to do; any other is left as it is. Post the reason first: who blocks looks for
    /// reasons under the lock.
    /// </summary>
    /// <returns>
    /// The CPU that must call <see cref="Pick"/> now, because it is idle, to be pre-empted, or must set its timer anew;
    /// −1 where none.
    /// </returns>
    public int Wake(SchedulingEntity entity, ulong now)
    {
        if (entity.State != SchedulingState.Blocked)
        {
            return -1;
        }

        Account(entity, now);
        return Activate(entity, now);
    }

    /// <summary>
    /// There is something new for an entity that waits, from a sibling that runs on its CPU: it takes that one's turn.
    /// <see cref="Pick(int, ulong)"/> of that CPU follows. Nothing for any other.
    /// </summary>
    public void Urge(SchedulingEntity entity, ulong now)
    {
        CpuQueue queue = _queues[entity.Cpu];
        SchedulingEntity? running = queue.Running;
        if (entity.State == SchedulingState.Waiting && !entity.Reservation.IsSet && running != null && AreSiblings(running, entity))
        {
            Charge(queue, now);
            queue.Waiting.Remove(entity);
            TakeTurn(running, entity);
            Enqueue(queue, entity);
        }
    }

    /// <summary>Counts what has run, and chooses what the CPU runs from now on.</summary>
    /// <returns>Null: nothing; the CPU waits for an interrupt.</returns>
    public SchedulingEntity? Pick(int cpu, ulong now) => PickFrom(_queues[cpu], now);

    /// <summary><see cref="Pick(int, ulong)"/> and <see cref="NextEvent"/> in one.</summary>
    public SchedulingEntity? Pick(int cpu, ulong now, out ulong next)
    {
        CpuQueue queue = _queues[cpu];
        SchedulingEntity? entity = PickFrom(queue, now);
        next = NextEventOf(queue);
        return entity;
    }

    /// <summary><see cref="Yield"/>, <see cref="Pick(int, ulong)"/> and <see cref="NextEvent"/> in one.</summary>
    public SchedulingEntity? PickAfterYield(int cpu, ulong now, out ulong next)
    {
        CpuQueue queue = _queues[cpu];
        ChargeHere(queue, now);
        SchedulingEntity? running = queue.Running;
        SchedulingEntity? only = queue.Waiting.First;
        GiveWay(queue);
        if (running != null && only != null && only.Next == null && !only.IsRestricted && HasNothingElse(queue, running, now))
        {
            AccountWaiting(only, now);
            if (only.LastCpu != cpu)
            {
                only.Migrations += only.LastCpu < 0 ? 0ul : 1;
                only.LastCpu = cpu;
            }

            return Exchange(queue, running, only, now, out next);
        }

        return PickOther(queue, now, out next);
    }

    /// <summary>
    /// <see cref="Wake"/>, <see cref="Pick(int, ulong)"/> and <see cref="NextEvent"/> in one, or where the entity waits for
    /// its turn <see cref="Urge"/> in place of the first.
    /// </summary>
    public SchedulingEntity? PickAfterWake(int cpu, SchedulingEntity entity, ulong now, out ulong next)
    {
        CpuQueue queue = _queues[cpu];
        ChargeHere(queue, now);
        if (entity.State == SchedulingState.Blocked && !entity.IsRestricted && MayStay(entity, queue))
        {
            ulong time = now - entity.Since;
            if ((long)time > 0)
            {
                entity.BlockedTime += time;
                entity.Since = now;
            }

            SchedulingEntity? running = queue.Running;
            if (running != null && AreSiblings(running, entity) && running.Weight == entity.Weight && HasNothingElse(queue, running, now))
            {
                // Two competitors of one weight: the one that has had less is eligible, and that is the one that wakes, once
                // it has the other's turn, with the earlier deadline.
                StartCompeting(queue, entity);
                TakeTurn(running, entity);
                if (TurnLeft(running) <= 1)
                {
                    running.VirtualDeadline = running.VirtualTime + InVirtualTime(_turn, running);
                }

                _idle &= ~queue.Bit;
                return Exchange(queue, running, entity, now, out next);
            }

            Admit(queue, entity);
        }
        else if (entity.State == SchedulingState.Blocked)
        {
            Kick(Wake(entity, now), queue);
        }
        else
        {
            Urge(entity, now);
        }

        return PickOther(queue, now, out next);
    }

    // The long way of those that have a short one: once in the image is enough.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private SchedulingEntity? PickOther(CpuQueue queue, ulong now, out ulong next)
    {
        SchedulingEntity? chosen = PickCharged(queue, now);
        next = NextEventOf(queue);
        return chosen;
    }

    /// <summary>What the CPU runs has nothing to do until woken. <see cref="Pick"/> follows.</summary>
    public void Block(int cpu, ulong now)
    {
        CpuQueue queue = _queues[cpu];
        SchedulingEntity? entity = queue.Running;
        if (entity == null)
        {
            return;
        }

        Charge(queue, now);
        StopCompeting(queue, entity);
        entity.State = SchedulingState.Blocked;
        queue.Running = null;
        UpdateIdle(queue);
    }

    /// <summary>
    /// What the CPU runs waits for another (WFE, a contended lock): one that waits on this CPU goes first, even before
    /// its share. It costs the yielder at most a turn. Nothing for one with a reservation. <see cref="Pick"/> follows.
    /// </summary>
    public void Yield(int cpu, ulong now)
    {
        Charge(_queues[cpu], now);
        GiveWay(_queues[cpu]);
    }

    /// <summary>
    /// When the CPU must call <see cref="Pick"/> again: the end of a turn, of a quota or a budget, or their refilling.
    /// Holds until the next call that names the CPU. An entity alone, without cap, needs no tick.
    /// </summary>
    /// <returns>A time, perhaps passed already; <see cref="ulong.MaxValue"/> for none.</returns>
    public ulong NextEvent(int cpu) => NextEventOf(_queues[cpu]);

    /// <summary>
    /// The CPUs that must call <see cref="Pick"/> because of calls since the last time this was asked, one bit each.
    /// Ask after every call but <see cref="NextEvent"/>, and send them an interrupt.
    /// </summary>
    public ulong TakeKicks()
    {
        ulong kicks = _kicks;
        _kicks = 0;
        return kicks;
    }

    /// <summary>Entities that wait for their turn on a CPU; without the lock, as it may have been a moment ago.</summary>
    public int ReadyOn(int cpu) => _queues[cpu].Waiting.Count + _queues[cpu].RealTime.Count;

    /// <summary>What a CPU has to run.</summary>
    internal CpuQueue QueueOf(int cpu) => _queues[cpu];

    /// <summary>Brings an entity's counters up to <paramref name="now"/>.</summary>
    public void Account(SchedulingEntity entity, ulong now)
    {
        if (entity.State == SchedulingState.Running)
        {
            Charge(_queues[entity.Cpu], now);
            return;
        }

        ulong time = now - entity.Since;
        if ((long)time <= 0)
        {
            return;
        }

        if (entity.State == SchedulingState.Blocked)
        {
            entity.BlockedTime += time;
        }
        else if (entity.State != SchedulingState.Absent)
        {
            AccountWaiting(entity, now);
            entity.ThrottledTime += entity.State == SchedulingState.Throttled ? time : 0;
        }

        entity.Since = now;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AccountWaiting(SchedulingEntity entity, ulong now)
    {
        ulong time = now - entity.Since;
        if ((long)time > 0)
        {
            entity.WaitTime += time;
            entity.StealTime += entity.HasYielded ? 0 : time;
        }
    }
}
