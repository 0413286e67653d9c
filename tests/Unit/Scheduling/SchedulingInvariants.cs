using System;
using System.Collections.Generic;
using SharpVisor.Scheduling;
using Xunit;

namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>What holds between any two calls of a <see cref="Scheduler"/>.</summary>
internal static class SchedulingInvariants
{
    /// <param name="scheduler">The scheduler.</param>
    /// <param name="tasks">All that it has.</param>
    /// <param name="now">The time.</param>
    /// <param name="isSettled">Whether every CPU has looked that was named.</param>
    internal static void Check(Scheduler scheduler, IReadOnlyList<SimulatedTask> tasks, ulong now, bool isSettled)
    {
        var seen = new HashSet<SchedulingEntity>();
        for (int cpu = 0; cpu < scheduler.CpuCount; cpu++)
        {
            CpuQueue queue = scheduler.QueueOf(cpu);
            CheckList(queue.Waiting, SchedulingState.Waiting, cpu, seen);
            CheckList(queue.RealTime, SchedulingState.Waiting, cpu, seen);
            CheckList(queue.Throttled, SchedulingState.Throttled, cpu, seen);
            if (queue.Running != null)
            {
                Assert.True(seen.Add(queue.Running));
                Assert.Equal(SchedulingState.Running, queue.Running.State);
                Assert.Equal(cpu, queue.Running.Cpu);
            }

            CheckClock(queue);
            CheckReserved(queue, tasks);
            if (isSettled)
            {
                CheckSettled(queue, tasks);
            }
        }

        foreach (SimulatedTask task in tasks)
        {
            Assert.True(task.Entity.State == SchedulingState.Blocked || seen.Remove(task.Entity));
            CheckCounters(task, now);
        }

        Assert.Empty(seen); // nothing is left of what was removed
    }

    // What is not accounted yet belongs to the state in which the entity has been since.
    private static void CheckCounters(SimulatedTask task, ulong now)
    {
        SchedulingEntity entity = task.Entity;
        ulong open = now - entity.Since;
        ulong throttled = entity.State == SchedulingState.Throttled ? open : 0;
        Assert.Equal(task.RunTime, entity.RunTime + (entity.State == SchedulingState.Running ? open : 0));
        Assert.Equal(task.BlockedTime, entity.BlockedTime + (entity.State == SchedulingState.Blocked ? open : 0));
        Assert.Equal(task.WaitTime, entity.WaitTime + (entity.State == SchedulingState.Waiting ? open : throttled));
        Assert.Equal(task.ThrottledTime, entity.ThrottledTime + throttled);
        Assert.True(entity.StealTime <= entity.WaitTime);
    }

    private static void CheckList(EntityList list, SchedulingState state, int cpu, HashSet<SchedulingEntity> seen)
    {
        int count = 0;
        SchedulingEntity? previous = null;
        for (SchedulingEntity? entity = list.First; entity != null; entity = entity.Next)
        {
            Assert.True(seen.Add(entity));
            Assert.Equal(state, entity.State);
            Assert.Equal(cpu, entity.Cpu);
            Assert.Same(previous, entity.Previous);
            Assert.True(previous == null || (long)(entity.Key - previous.Key) >= 0);
            previous = entity;
            count++;
        }

        Assert.Equal(list.Count, count);
    }

    private static void CheckReserved(CpuQueue queue, IReadOnlyList<SimulatedTask> tasks)
    {
        ulong reserved = 0;
        foreach (SimulatedTask task in tasks)
        {
            reserved += task.Entity.HomeCpu == queue.Cpu ? Reservation.UtilizationOf(task.Entity.RealTimeBudget, task.Entity.RealTimePeriod) : 0;
        }

        Assert.Equal(reserved, queue.Reserved);
        Assert.True(reserved <= Reservation.MaximumUtilization);
    }

    // The sum of distances from the virtual time, by weight, is nothing but the rounded-off part.
    private static void CheckClock(CpuQueue queue)
    {
        long weight = 0;
        Int128 sum = 0;
        for (SchedulingEntity? entity = queue.Waiting.First; entity != null; entity = entity.Next)
        {
            weight += entity.Weight;
            sum += (Int128)(long)(entity.VirtualTime - queue.Clock.Now) * entity.Weight;
        }

        if (queue.Running is { } running && !running.Reservation.IsSet)
        {
            weight += running.Weight;
            sum += (Int128)(long)(running.VirtualTime - queue.Clock.Now) * running.Weight;
        }

        Assert.Equal(weight, queue.Clock.Weight);
        Assert.True(sum >= 0 && (weight == 0 ? sum == 0 : sum < weight), $"{sum} of {weight}");
    }

    private static void CheckSettled(CpuQueue queue, IReadOnlyList<SimulatedTask> tasks)
    {
        if (queue.Running != null)
        {
            Assert.NotEqual(0ul, queue.Running.Affinity & queue.Bit);
            Assert.True(queue.Running.HomeCpu < 0 || queue.Running.HomeCpu == queue.Cpu);
            return;
        }

        // An idle CPU never sits beside work that it may run.
        foreach (SimulatedTask task in tasks)
        {
            SchedulingEntity entity = task.Entity;
            bool mayRunHere = entity.HomeCpu >= 0 ? entity.HomeCpu == queue.Cpu : (entity.Affinity & queue.Bit) != 0;
            Assert.False(entity.State == SchedulingState.Waiting && mayRunHere, "an idle CPU beside work");
        }
    }
}
