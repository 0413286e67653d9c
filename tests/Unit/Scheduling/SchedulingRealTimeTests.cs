using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Scheduling;
using Xunit;

namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>Reservations: budget and period.</summary>
public sealed class SchedulingRealTimeTests
{
    private const ulong Millisecond = SchedulingSimulator.Millisecond;

    [Fact]
    public void Whoever_is_admitted_and_keeps_to_its_budget_meets_every_deadline()
    {
        int admitted = 0;
        for (int seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            int cpus = random.Next(1, 4);
            var simulator = new SchedulingSimulator(cpus, seed);
            SchedulingFairnessTests.AddHogs(simulator, [10_000, 10_000, 100, 100, 1]);
            simulator.Add(SimulatedTask.Sleeper(() => (ulong)random.NextInt64(1, 100_000), () => (ulong)random.NextInt64(1, 100_000)));
            var tasks = new List<(SimulatedTask Task, ulong Period, ulong Worked)>();
            for (int i = 0; i < 12; i++)
            {
                ulong period = (ulong)random.NextInt64((long)Millisecond / 2, 50 * (long)Millisecond);
                ulong budget = (ulong)random.NextInt64((long)Millisecond / 20, (long)(period / 2));

                // One in four claims a budget and never stops: that is its own loss.
                bool isHog = random.Next(4) == 0;
                SimulatedTask task = isHog ? SimulatedTask.Hog() : SimulatedTask.Periodic(period, () => budget);
                Assert.True(simulator.Scheduler.TrySetRealTime(task.Entity, budget, period, simulator.Now));
                if (!simulator.Scheduler.TryAdd(task.Entity, simulator.Now))
                {
                    continue;
                }

                simulator.Scheduler.Remove(task.Entity, simulator.Now);
                simulator.Add(task, (ulong)random.NextInt64((long)period));
                if (!isHog)
                {
                    tasks.Add((task, period, budget));
                }
            }

            admitted += tasks.Count;
            simulator.Run(1000 * Millisecond);
            foreach ((SimulatedTask task, ulong period, _) in tasks)
            {
                Assert.True(task.WorstResponse <= period, $"seed {seed}: {task.WorstResponse} of {period}");
                Assert.InRange((ulong)task.Completions, (1000 * Millisecond / period) - 2, (1000 * Millisecond / period) + 1);
            }
        }

        Assert.True(admitted > 60, $"{admitted}");
    }

    [Fact]
    public void A_reservation_gives_no_more_than_its_budget_either()
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask task = SimulatedTask.Hog();
        Assert.True(simulator.Scheduler.TrySetRealTime(task.Entity, 3 * Millisecond, 10 * Millisecond, simulator.Now));
        simulator.Add(task);
        SimulatedTask other = simulator.Add(SimulatedTask.Hog());
        simulator.Run(1000 * Millisecond);
        Assert.Equal(300 * Millisecond, task.RunTime);
        Assert.Equal(700 * Millisecond, other.RunTime);
    }

    [Fact]
    public void Sleeping_at_the_right_moments_gains_nothing_beyond_the_reserved_share()
    {
        for (int seed = 1; seed <= 10; seed++)
        {
            var random = new Random(seed);
            var simulator = new SchedulingSimulator(1, seed);
            simulator.Add(SimulatedTask.Hog());
            SimulatedTask task = SimulatedTask.Sleeper(() => (ulong)random.NextInt64(1, 2 * (long)Millisecond), () => (ulong)random.NextInt64(1, 4 * (long)Millisecond));
            Assert.True(simulator.Scheduler.TrySetRealTime(task.Entity, 2 * Millisecond, 10 * Millisecond, simulator.Now));
            simulator.Add(task);
            simulator.Run(2000 * Millisecond);
            Assert.InRange(task.RunTime, 0ul, 402 * Millisecond);
        }
    }

    [Fact]
    public void A_cpu_admits_no_more_than_ninety_five_percent()
    {
        var scheduler = new Scheduler(2, SchedulingSimulator.Frequency);
        SchedulingEntity[] entities = [.. Enumerable.Range(0, 5).Select(_ => new SchedulingEntity())];
        Assert.All(entities, entity => Assert.True(scheduler.TryAdd(entity, 0)));
        Assert.False(scheduler.TrySetRealTime(entities[0], 96 * Millisecond, 100 * Millisecond, 0));
        Assert.True(scheduler.TrySetRealTime(entities[0], 50 * Millisecond, 100 * Millisecond, 0));
        Assert.True(scheduler.TrySetRealTime(entities[1], 50 * Millisecond, 100 * Millisecond, 0));
        Assert.False(scheduler.TrySetRealTime(entities[2], 50 * Millisecond, 100 * Millisecond, 0));
        Assert.Equal(0ul, entities[2].RealTimeBudget);
        Assert.True(scheduler.TrySetRealTime(entities[2], 44 * Millisecond, 100 * Millisecond, 0));
        Assert.False(scheduler.TrySetAffinity(entities[1], 1ul << entities[0].HomeCpu, 0));
        Assert.Equal(ulong.MaxValue, entities[1].Affinity);
        scheduler.Remove(entities[0], 0);
        Assert.True(scheduler.TrySetRealTime(entities[3], 50 * Millisecond, 100 * Millisecond, 0));
        Assert.True(scheduler.TrySetRealTime(entities[3], 0, 0, 0));
        Assert.True(scheduler.TrySetRealTime(entities[4], 50 * Millisecond, 100 * Millisecond, 0));
    }

    [Fact]
    public void Those_without_a_reservation_keep_their_shares_of_what_is_left()
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask task = SimulatedTask.Hog();
        Assert.True(simulator.Scheduler.TrySetRealTime(task.Entity, 9 * Millisecond, 10 * Millisecond, simulator.Now));
        simulator.Add(task);
        SimulatedTask[] others = SchedulingFairnessTests.AddHogs(simulator, [100, 300]);
        simulator.Run(1000 * Millisecond);
        Assert.InRange(others[0].RunTime / (double)Millisecond, 24, 26);
        Assert.InRange(others[1].RunTime / (double)Millisecond, 74, 76);
    }
}
