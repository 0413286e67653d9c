using System;
using System.Numerics;

namespace SharpVisor.Scheduling;

/// <summary>Settings of entities: each at any time, whatever the entity does. What is refused changes nothing.</summary>
public sealed partial class Scheduler
{
    // What a shared cap may be at most, in periods.
    private const ulong MostSharers = 64;

    // So that products of two times fit 64 bits: 34 s at 62.5 MHz.
    private const ulong LongestPeriod = 1ul << 31;

    /// <summary>Changes the weight. What the entity is owed stays the same.</summary>
    /// <param name="entity">Any entity, also one of no scheduler.</param>
    /// <param name="weight">1 to 10,000.</param>
    /// <param name="now">The time.</param>
    public bool TrySetWeight(SchedulingEntity entity, uint weight, ulong now)
    {
        if (weight is < SchedulingEntity.MinimumWeight or > SchedulingEntity.MaximumWeight)
        {
            return false;
        }

        Withdraw(entity, now);
        entity.Lag = entity.Lag * entity.Weight / weight;
        entity.SetWeight(weight);
        Reinstate(entity, now);
        return true;
    }

    /// <summary>Sets a cap, whose first period begins now, or none. A reservation stands above it.</summary>
    /// <param name="entity">Any entity, also one of no scheduler.</param>
    /// <param name="quota">
    /// Ticks to run in each period, at least 10 µs and at most the period, or that for each of those that share it; 0 for no cap.
    /// </param>
    /// <param name="period">Ticks, below 2^31.</param>
    /// <param name="now">The time.</param>
    public bool TrySetCap(SchedulingEntity entity, ulong quota, ulong period, ulong now)
    {
        ulong most = entity.Cap.IsShared ? period * MostSharers : period;
        if (quota != 0 && !(IsPart(Math.Min(quota, period), period) && quota <= most))
        {
            return false;
        }

        Withdraw(entity, now);
        entity.Cap.Set(quota, quota == 0 ? 0 : period, now);
        Reinstate(entity, now);
        return true;
    }

    /// <summary>
    /// From now on an entity has the cap of another one: what they run counts together. Both are in no scheduler yet, or
    /// not any more; false where they are. What is set for one holds for both.
    /// </summary>
    public bool TryShareCap(SchedulingEntity entity, SchedulingEntity with)
    {
        if (entity.State != SchedulingState.Absent || with.State != SchedulingState.Absent)
        {
            return false;
        }

        with.Cap.IsShared = true;
        entity.Cap = with.Cap;
        return true;
    }

    /// <summary>Sets how much of its unused quota an entity with a cap may keep, to run above the cap later.</summary>
    /// <param name="entity">Any entity, also one of no scheduler.</param>
    /// <param name="limit">Ticks, below 2^48; 0 for no credit.</param>
    /// <param name="now">The time.</param>
    public bool TrySetBurst(SchedulingEntity entity, ulong limit, ulong now)
    {
        if (limit >> 48 != 0)
        {
            return false;
        }

        Withdraw(entity, now);
        if (entity.Cap.IsSet)
        {
            entity.Cap.Refill(now);
        }

        entity.Cap.SetCreditLimit(limit);
        Reinstate(entity, now);
        return true;
    }

    /// <summary>
    /// Sets the CPUs on which an entity may run; it leaves another one at that CPU's next look, which is kicked. False
    /// where none of them is there, or none can admit its reservation.
    /// </summary>
    public bool TrySetAffinity(SchedulingEntity entity, ulong cpus, ulong now)
    {
        ulong allowed = cpus & _present;
        int home = -1;
        bool isAbsent = entity.State == SchedulingState.Absent;
        if (allowed == 0 || (!isAbsent && !TryFindHome(entity, allowed, entity.Reservation.Utilization, out home)))
        {
            return false;
        }

        Withdraw(entity, now);
        SetHome(entity, home);
        entity.Affinity = cpus;
        Reinstate(entity, now);
        if (entity.State == SchedulingState.Waiting)
        {
            _kicks |= _idle & allowed; // one of them pulls it
        }

        return true;
    }

    /// <summary>
    /// Sets or ends a real-time reservation. It replaces weight and cap, and binds the entity to one CPU. False where
    /// no CPU of its affinity has that much left of its 95 %, whoever it belongs to.
    /// </summary>
    /// <param name="entity">Any entity; with one of no scheduler, <see cref="TryAdd"/> does the admission.</param>
    /// <param name="budget">Ticks in each period, at least 10 µs; 0 for no reservation.</param>
    /// <param name="period">Ticks, below 2^31.</param>
    /// <param name="now">The time.</param>
    public bool TrySetRealTime(SchedulingEntity entity, ulong budget, ulong period, ulong now)
    {
        if (budget != 0 && !IsPart(budget, period))
        {
            return false;
        }

        int home = -1;
        bool isAbsent = entity.State == SchedulingState.Absent;
        ulong utilization = Reservation.UtilizationOf(budget, period);
        if (utilization > Reservation.MaximumUtilization
            || (!isAbsent && !TryFindHome(entity, entity.Affinity & _present, utilization, out home)))
        {
            return false;
        }

        Withdraw(entity, now);
        SetHome(entity, -1);
        entity.Reservation.Set(budget, budget == 0 ? 0 : period, now);
        entity.Lag = 0;
        SetHome(entity, home);
        Reinstate(entity, now);
        return true;
    }

    private bool IsPart(ulong part, ulong period) => part >= _shortest && part <= period && period < LongestPeriod;

    // A CPU with room for a reservation: where it is, or the one with most room. −1 where there is nothing to reserve.
    private bool TryFindHome(SchedulingEntity entity, ulong allowed, ulong utilization, out int home)
    {
        home = -1;
        if (utilization == 0)
        {
            return true;
        }

        ulong least = ulong.MaxValue;
        for (ulong left = allowed; left != 0; left &= left - 1)
        {
            int cpu = BitOperations.TrailingZeroCount(left);
            ulong reserved = _queues[cpu].Reserved;
            if (cpu == entity.HomeCpu)
            {
                reserved -= entity.Reservation.Utilization;
            }

            if (reserved + utilization > Reservation.MaximumUtilization)
            {
                continue;
            }

            if (cpu == entity.HomeCpu)
            {
                home = cpu;
                return true;
            }

            if (reserved < least)
            {
                least = reserved;
                home = cpu;
            }
        }

        return home >= 0;
    }

    private void SetHome(SchedulingEntity entity, int home)
    {
        if (entity.HomeCpu >= 0)
        {
            _queues[entity.HomeCpu].Reserved -= entity.Reservation.Utilization;
        }

        if (home >= 0)
        {
            _queues[home].Reserved += entity.Reservation.Utilization;
        }

        entity.HomeCpu = home;
    }

    // Takes an entity out of all sums and lists, its state unchanged, so that its settings may change.
    private void Withdraw(SchedulingEntity entity, ulong now)
    {
        if (entity.State == SchedulingState.Absent)
        {
            return;
        }

        Account(entity, now);
        CpuQueue queue = _queues[entity.Cpu];
        switch (entity.State)
        {
            case SchedulingState.Throttled:
                queue.Throttled.Remove(entity);
                break;
            case SchedulingState.Waiting:
                Charge(queue, now);
                Dequeue(queue, entity);
                StopCompeting(queue, entity);
                UpdateIdle(queue);
                break;
            case SchedulingState.Running:
                StopCompeting(queue, entity);
                break;
        }
    }

    // What runs goes on until its CPU looks; what waits or was held back is placed as if it woke.
    private void Reinstate(SchedulingEntity entity, ulong now)
    {
        if (entity.State == SchedulingState.Running)
        {
            CpuQueue queue = _queues[entity.Cpu];
            if (entity.Reservation.IsSet)
            {
                entity.Reservation.Wake(now);
            }
            else
            {
                StartCompeting(queue, entity);
            }

            _kicks |= queue.Bit;
        }
        else if (entity.State is SchedulingState.Waiting or SchedulingState.Throttled)
        {
            int cpu = Activate(entity, now);
            _kicks |= cpu < 0 ? 0 : 1ul << cpu;
        }
    }
}
