using System;
using System.Runtime.CompilerServices;

namespace SharpVisor.Scheduling;

/// <summary>How entities come into a CPU's competition, what they bring with them, and how they leave it.</summary>
public sealed partial class Scheduler
{
    // Finds a place for an entity that became runnable. Answers the CPU that must look, or −1.
    private int Activate(SchedulingEntity entity, ulong now)
    {
        bool mayRun = entity.Reservation.IsSet ? entity.Reservation.Wake(now) : !entity.Cap.IsSet || HasCapLeft(entity, now);
        if (mayRun)
        {
            return Place(entity, now);
        }

        ulong release = entity.Reservation.IsSet ? entity.Reservation.Deadline : entity.Cap.NextPeriod;
        CpuQueue queue = _queues[entity.HomeCpu >= 0 ? entity.HomeCpu : entity.Cpu];
        entity.Cpu = queue.Cpu;
        entity.State = SchedulingState.Throttled;
        queue.Throttled.Insert(entity, release);
        return queue.Throttled.First == entity ? queue.Cpu : -1;
    }

    private void ReleaseThrottled(CpuQueue queue, ulong now)
    {
        SchedulingEntity? entity = queue.Throttled.First;
        while (entity != null && (long)(now - entity.Key) >= 0)
        {
            Account(entity, now);
            queue.Throttled.Remove(entity);
            Kick(entity.Reservation.IsSet && entity.Reservation.Replenish(now) ? Place(entity, now) : Activate(entity, now), queue);
            entity = queue.Throttled.First;
        }
    }

    // Names a CPU that must look, unless it is the one that looks already.
    private void Kick(int cpu, CpuQueue looking)
    {
        if (cpu >= 0)
        {
            _kicks |= (1ul << cpu) & ~looking.Bit;
        }
    }

    private int Place(SchedulingEntity entity, ulong now)
    {
        CpuQueue queue = _queues[ChooseCpu(entity)];
        Charge(queue, now);
        Admit(queue, entity);
        return MustLook(queue, entity) ? queue.Cpu : -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Admit(CpuQueue queue, SchedulingEntity entity)
    {
        if (!entity.Reservation.IsSet)
        {
            StartCompeting(queue, entity);
            if (queue.Running != null && AreSiblings(queue.Running, entity))
            {
                TakeTurn(queue.Running, entity);
            }
        }

        entity.Cpu = queue.Cpu;
        entity.State = SchedulingState.Waiting;
        Enqueue(queue, entity);
        _idle &= ~queue.Bit;
    }

    // Whether a CPU is to be told of an entity that came to its queue.
    private bool MustLook(CpuQueue queue, SchedulingEntity entity)
    {
        SchedulingEntity? running = queue.Running;
        if (running == null)
        {
            return true;
        }

        if (entity.Reservation.IsSet)
        {
            return !running.Reservation.IsSet || (long)(entity.Reservation.Deadline - running.Reservation.Deadline) < 0;
        }

        // The first to wait needs a tick.
        if (queue.Waiting.Count == 1)
        {
            return !running.Reservation.IsSet || _queues.Length > 1;
        }

        return !running.Reservation.IsSet
            && IsEligible(entity, queue)
            && (long)(entity.VirtualDeadline - running.VirtualDeadline) < 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StartCompeting(CpuQueue queue, SchedulingEntity entity)
    {
        long lag = entity.Lag;
        if (lag < 0)
        {
            // Others have gone on meanwhile: what it had too much is less by that, and never becomes a claim.
            lag = Math.Min(0, lag + (long)(_queues[entity.Cpu].Clock.Now - entity.LeftAt));
        }

        entity.VirtualTime = queue.Clock.Now - (ulong)lag;
        entity.VirtualDeadline = entity.VirtualTime + InVirtualTime(_turn >> WakeTurnShift, entity);
        queue.Clock.Join(entity.VirtualTime, entity.Weight);
    }

    // What wakes beside a sibling that runs, most often because that one has sent it something, gets its place in the
    // competition, where that is the better one: together they have what they had.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void TakeTurn(SchedulingEntity running, SchedulingEntity entity)
    {
        ulong better = running.VirtualTime;
        long difference = (long)(entity.VirtualTime - better);
        if (difference > 0 && running.Weight == entity.Weight && !running.Reservation.IsSet)
        {
            running.VirtualTime = entity.VirtualTime;
            running.VirtualDeadline += (ulong)difference;
            entity.VirtualTime = better;
        }

        entity.VirtualDeadline = entity.VirtualTime + InVirtualTime(_turn >> WakeTurnShift, entity);
        ulong end = entity.VirtualDeadline + 1;
        if ((long)(running.VirtualDeadline - end) < 0)
        {
            running.VirtualDeadline = end;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreSiblings(SchedulingEntity first, SchedulingEntity second) => first.Group == second.Group && first.Group != 0;

    // The lag that is kept is at most a turn, either way.
    private void StopCompeting(CpuQueue queue, SchedulingEntity entity)
    {
        if (entity.Reservation.IsSet)
        {
            return;
        }

        long limit = (long)InVirtualTime(_turn, entity);
        ulong virtualNow = queue.Clock.Now;
        entity.Lag = Math.Max(-limit, Math.Min(limit, (long)(virtualNow - entity.VirtualTime)));
        entity.LeftAt = virtualNow;
        LeaveClock(queue, entity);
    }

    private void LeaveClock(CpuQueue queue, SchedulingEntity entity)
    {
        queue.Clock.Leave(entity.VirtualTime, entity.Weight);
        if (queue.Clock.Weight == 0)
        {
            // Time to spare for all who were here: debts are settled.
            queue.Clock.Skip(_turn << VirtualClock.UnitBits);
            queue.Unrelated = ulong.MaxValue;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Enqueue(CpuQueue queue, SchedulingEntity entity)
    {
        if (entity.Reservation.IsSet)
        {
            queue.RealTime.Insert(entity, entity.Reservation.Deadline);
        }
        else
        {
            queue.Waiting.Insert(entity, entity.VirtualDeadline);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dequeue(CpuQueue queue, SchedulingEntity entity)
    {
        if (entity.Reservation.IsSet)
        {
            queue.RealTime.Remove(entity);
        }
        else
        {
            queue.Waiting.Remove(entity);
        }
    }
}
