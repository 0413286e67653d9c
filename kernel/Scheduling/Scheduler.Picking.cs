using System;
using System.Runtime.CompilerServices;

namespace SharpVisor.Scheduling;

/// <summary>The steps of <see cref="Pick"/>. It runs at each change of guests: small steps are inlined into it.</summary>
public sealed partial class Scheduler
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private SchedulingEntity? PickFrom(CpuQueue queue, ulong now)
    {
        ChargeHere(queue, now);
        return PickCharged(queue, now);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private SchedulingEntity? PickCharged(CpuQueue queue, ulong now)
    {
        _online |= queue.Bit;
        if (queue.SendTo >= 0)
        {
            SendRunning(queue, now);
        }

        if (queue.Throttled.First != null)
        {
            ReleaseThrottled(queue, now);
        }

        SchedulingEntity? running = queue.Running;
        bool isEligible = running != null && (IsSimple(running, queue) ? !running.HasYielded && TurnGoesOn(running, queue) : KeepsRunning(queue, now));
        SchedulingEntity? next = Choose(queue, isEligible) ?? Pull(queue, now);
        if (next != null && next.IsRestricted && next != queue.Running)
        {
            next = HoldBackSpent(queue, next, isEligible, now);
        }

        if (next != queue.Running)
        {
            Switch(queue, next, now);
        }
        else if (next == null)
        {
            _idle |= queue.Bit;
        }
        else
        {
            next.HasYielded = false;
        }

        if (queue.Waiting.First != null && _queues.Length > 1 && (_idle != 0 || (long)(now - queue.NextBalance) >= 0))
        {
            next = PickAgain(queue, next, now);
        }

        return next;
    }

    // Whether a CPU has nothing else to see to than what runs on it, and one other that shall run now.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasNothingElse(CpuQueue queue, SchedulingEntity running, ulong now) =>
        IsSimple(running, queue) && queue.RealTime.First == null && queue.Throttled.First == null && queue.SendTo < 0
        && (_queues.Length == 1 || ((_idle & ~queue.Bit) == 0 && (long)(now - queue.NextBalance) < 0));

    // What Switch comes to then, and NextEvent; the other one is in no list any more, or is all that is in that of those who wait.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private SchedulingEntity Exchange(CpuQueue queue, SchedulingEntity running, SchedulingEntity other, ulong now, out ulong next)
    {
        running.State = SchedulingState.Waiting;
        queue.Waiting.SetOnly(running, running.VirtualDeadline);
        queue.Running = other;
        other.State = SchedulingState.Running;
        other.HasYielded = false;
        other.Since = now;
        other.Switches++;
        if (TurnLeft(other) <= 1)
        {
            other.VirtualDeadline = other.VirtualTime + InVirtualTime(_turn, other);
        }

        next = now + TurnLeft(other);
        return other;
    }

    // Lets others have what waits here; the CPU may have to give up what it was to run, too.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private SchedulingEntity? PickAgain(CpuQueue queue, SchedulingEntity? next, ulong now)
    {
        Spread(queue, now);
        if (queue.SendTo < 0)
        {
            return next;
        }

        SendRunning(queue, now);
        next = Choose(queue, false);
        if (next != null && next.IsRestricted)
        {
            next = HoldBackSpent(queue, next, false, now);
        }

        Switch(queue, next, now);
        return next;
    }

    // While one waited, a sibling may have spent the cap that they share.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private SchedulingEntity? HoldBackSpent(CpuQueue queue, SchedulingEntity? next, bool isRunningEligible, ulong now)
    {
        while (next != null && next != queue.Running && next.Cap.IsShared && !next.Reservation.IsSet && !HasCapLeft(next, now))
        {
            Withdraw(next, now);
            Kick(Activate(next, now), queue);
            next = Choose(queue, isRunningEligible) ?? Pull(queue, now);
        }

        return next;
    }

    // What the CPU runs lets another one go first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void GiveWay(CpuQueue queue)
    {
        SchedulingEntity? entity = queue.Running;
        if (entity == null || entity.Reservation.IsSet || queue.Waiting.First == null)
        {
            return;
        }

        ulong turn = InVirtualTime(_turn, entity);
        SchedulingEntity first = queue.Waiting.First;
        long forgone = (long)((first.Next == null ? first : LeastServed(queue)).VirtualTime + 1 - entity.VirtualTime);
        if (forgone > 0)
        {
            ulong growth = Math.Min((ulong)forgone, turn);
            entity.VirtualTime += growth;
            queue.Clock.Advance(growth * entity.Weight);
        }

        entity.VirtualDeadline = entity.VirtualTime + turn;
        entity.HasYielded = true;
    }

    // Counts what the CPU's entity has run.
    private static void Charge(CpuQueue queue, ulong now) => ChargeHere(queue, now);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ChargeHere(CpuQueue queue, ulong now)
    {
        SchedulingEntity? entity = queue.Running;
        if (entity == null)
        {
            return;
        }

        ulong from = entity.Since;
        ulong time = now - from;
        if ((long)time <= 0)
        {
            return;
        }

        entity.Since = now;
        entity.RunTime += time;
        if (entity.IsRestricted)
        {
            if (entity.Reservation.IsSet)
            {
                entity.Reservation.Spend(time);
                return;
            }

            entity.Cap.Spend(from, now);
        }

        ulong growth = InVirtualTime(Math.Min(time, LongestCharge), entity);
        entity.VirtualTime += growth;
        queue.Clock.Advance(growth * entity.Weight);
    }

    // Whether nothing but its turn and who waits decides on how long an entity runs here.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsSimple(SchedulingEntity entity, CpuQueue queue) => !entity.IsRestricted && (entity.Affinity & queue.Bit) != 0;

    // Whether it is in the middle of a turn, or has not had more than its share.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TurnGoesOn(SchedulingEntity entity, CpuQueue queue)
    {
        if (TurnLeft(entity) > 1)
        {
            return true;
        }

        entity.VirtualDeadline = entity.VirtualTime + InVirtualTime(_turn, entity);
        return (long)(entity.VirtualTime - queue.Clock.Now) <= 0;
    }

    // Whether what runs may stay, and if so, whether it is in the middle of a turn or has not had more than its share.
    // What may not stay is put out.
    private bool KeepsRunning(CpuQueue queue, ulong now)
    {
        SchedulingEntity? entity = queue.Running;
        if (entity == null)
        {
            return false;
        }

        bool mayStay = (entity.Affinity & queue.Bit) != 0;
        if (entity.Reservation.IsSet)
        {
            if (mayStay && entity.HomeCpu == queue.Cpu && entity.Reservation.Replenish(now))
            {
                return true;
            }
        }
        else if (mayStay && (!entity.Cap.IsSet || HasCapLeft(entity, now)))
        {
            return !entity.HasYielded && TurnGoesOn(entity, queue);
        }

        StopCompeting(queue, entity);
        queue.Running = null;
        UpdateIdle(queue);
        Kick(Activate(entity, now), queue);
        return false;
    }

    // The best of what waits here and what runs here.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static SchedulingEntity? Choose(CpuQueue queue, bool isRunningEligible)
    {
        SchedulingEntity? running = queue.Running;
        SchedulingEntity? first = queue.RealTime.First;
        if (running != null && running.Reservation.IsSet)
        {
            return first != null && (long)(first.Key - running.Reservation.Deadline) < 0 ? first : running;
        }

        if (first != null)
        {
            return first;
        }

        first = queue.Waiting.First;
        if (running != null && running.HasYielded && first != null && first.Next == null)
        {
            return first; // one who yields lets the only other one go first
        }

        for (SchedulingEntity? entity = first; entity != null; entity = entity.Next)
        {
            if (isRunningEligible && (long)(entity.Key - running!.VirtualDeadline) >= 0)
            {
                return running;
            }

            if (IsEligible(entity, queue))
            {
                return entity;
            }
        }

        // Nobody who waits is eligible: one who yields lets them go first all the same.
        return running != null && running.HasYielded && queue.Waiting.First != null ? LeastServed(queue) : running;
    }

    // Whether it has not had more than its share.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsEligible(SchedulingEntity entity, CpuQueue queue) => (long)(entity.VirtualTime - queue.Clock.Now) <= 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Switch(CpuQueue queue, SchedulingEntity? next, ulong now)
    {
        SchedulingEntity? current = queue.Running;
        queue.Running = next;
        if (next != null)
        {
            Dequeue(queue, next); // first: most often nobody else waits
        }

        if (current != null)
        {
            current.State = SchedulingState.Waiting;
            Enqueue(queue, current);
        }

        if (next == null)
        {
            UpdateIdle(queue);
            return;
        }

        AccountWaiting(next, now);
        next.State = SchedulingState.Running;
        next.Since = now;
        next.HasYielded = false;
        if (TurnLeft(next) <= 1)
        {
            next.VirtualDeadline = next.VirtualTime + InVirtualTime(_turn, next);
        }

        next.Switches++;
        if (next.LastCpu != queue.Cpu)
        {
            next.Migrations += next.LastCpu < 0 ? 0ul : 1;
            next.LastCpu = queue.Cpu;
        }
    }

    private void UpdateIdle(CpuQueue queue)
    {
        if (queue.IsIdle)
        {
            _idle |= queue.Bit & _online;
        }
        else
        {
            _idle &= ~queue.Bit;
        }
    }

    private static SchedulingEntity LeastServed(CpuQueue queue)
    {
        SchedulingEntity least = queue.Waiting.First!;
        for (SchedulingEntity? entity = least.Next; entity != null; entity = entity.Next)
        {
            if ((long)(entity.VirtualTime - least.VirtualTime) < 0)
            {
                least = entity;
            }
        }

        return least;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong NextEventOf(CpuQueue queue)
    {
        SchedulingEntity? running = queue.Running;
        ulong next = ulong.MaxValue;
        if (running != null)
        {
            if (running.Reservation.IsSet)
            {
                next = Later(running.Since, running.Reservation.Left);
                if (queue.Waiting.First != null && _queues.Length > 1)
                {
                    next = Math.Min(next, queue.NextBalance);
                }
            }
            else
            {
                if (queue.Waiting.First != null)
                {
                    next = running.Since + TurnLeft(running);
                }

                if (running.Cap.IsSet)
                {
                    next = Math.Min(next, Later(running.Since, running.Cap.Left));
                }
            }
        }

        SchedulingEntity? throttled = queue.Throttled.First;
        return throttled == null ? next : Math.Min(next, throttled.Key);
    }

    private static bool HasCapLeft(SchedulingEntity entity, ulong now)
    {
        entity.Cap.Refill(now);
        return entity.Cap.Left > 0;
    }

    private static ulong InVirtualTime(ulong ticks, SchedulingEntity entity) => (ticks * entity.InverseWeight) >> ChargeShift;

    // Whole ticks until the end of the turn.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong TurnLeft(SchedulingEntity entity)
    {
        long left = (long)(entity.VirtualDeadline - entity.VirtualTime);
        return left <= 0 ? 0 : ((ulong)left * entity.Weight) >> VirtualClock.UnitBits;
    }

    private static ulong Later(ulong time, long ticks) => ticks <= 0 ? time : time + (ulong)ticks;
}
