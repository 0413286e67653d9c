using System;
using System.Runtime.CompilerServices;

namespace SharpVisor.Scheduling;

/// <summary>The steps of <see cref="Pick"/>. It runs at each change of guests: small steps are inlined into it.</summary>
public sealed partial class Scheduler
{
    // Counts what the CPU's entity has run.
    private static void Charge(CpuQueue queue, ulong now)
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
        if (entity.Reservation.IsSet)
        {
            entity.Reservation.Spend(time);
            return;
        }

        if (entity.Cap.IsSet)
        {
            entity.Cap.Spend(from, now);
        }

        ulong growth = InVirtualTime(Math.Min(time, LongestCharge), entity);
        entity.VirtualTime += growth;
        queue.Clock.Advance(growth * entity.Weight);
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
            if (entity.HasYielded)
            {
                return false;
            }

            if (TurnLeft(entity) > 1)
            {
                return true;
            }

            entity.VirtualDeadline = entity.VirtualTime + InVirtualTime(_turn, entity);
            return (long)(entity.VirtualTime - queue.Clock.Now) <= 0;
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

        for (SchedulingEntity? entity = queue.Waiting.First; entity != null; entity = entity.Next)
        {
            if (isRunningEligible && (long)(entity.Key - running!.VirtualDeadline) >= 0)
            {
                return running;
            }

            if ((long)(entity.VirtualTime - queue.Clock.Now) <= 0)
            {
                return entity;
            }
        }

        // Nobody who waits is eligible: one who yields lets them go first all the same.
        return running != null && running.HasYielded && queue.Waiting.First != null ? LeastServed(queue) : running;
    }

    private void Switch(CpuQueue queue, SchedulingEntity? next, ulong now)
    {
        SchedulingEntity? current = queue.Running;
        if (current != null)
        {
            current.State = SchedulingState.Waiting;
            Enqueue(queue, current);
        }

        queue.Running = next;
        if (next == null)
        {
            UpdateIdle(queue);
            return;
        }

        AccountWaiting(next, now);
        Dequeue(queue, next);
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
