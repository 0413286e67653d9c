using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Scheduling;
using Xunit;

namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>Everything at once, with the invariants checked after each event.</summary>
public sealed class SchedulingRandomTests
{
    private const ulong Millisecond = SchedulingSimulator.Millisecond;

    [Theory]
    [InlineData(0)]
    [InlineData(20_000)]
    public void Any_load_under_any_changes_keeps_the_invariants(int lateness)
    {
        int refused = 0;
        for (int seed = 1; seed <= 30; seed++)
        {
            var random = new Random(seed);
            var simulator = new SchedulingSimulator(random.Next(1, 6), seed) { Lateness = (ulong)lateness };
            var absent = new List<SimulatedTask>();
            for (int i = 0; i < 150; i++)
            {
                refused += Change(simulator, absent, random) ? 0 : 1;
                simulator.Run((ulong)random.NextInt64(1, 4 * (long)Millisecond));
            }

            foreach (SimulatedTask task in simulator.Tasks.ToArray())
            {
                simulator.Remove(task);
                Assert.Equal(SchedulingState.Absent, task.Entity.State);
            }

            simulator.Run(10 * Millisecond);
            for (int cpu = 0; cpu < simulator.Scheduler.CpuCount; cpu++)
            {
                Assert.Null(simulator.RunningOn(cpu));
                Assert.Equal(ulong.MaxValue, simulator.Scheduler.NextEvent(cpu));
            }
        }

        Assert.True(refused > 20, "nothing was refused: the limits were not tried");
    }

    [Fact]
    public void A_wrapping_counter_is_of_no_consequence()
    {
        var scheduler = new Scheduler(1, SchedulingSimulator.Frequency);
        SchedulingEntity[] entities = [new(), new()];
        ulong now = ulong.MaxValue - (50 * Millisecond);
        foreach (SchedulingEntity entity in entities)
        {
            Assert.True(scheduler.TryAdd(entity, now));
            scheduler.Wake(entity, now);
        }

        for (int i = 0; i < 200; i++)
        {
            Assert.NotNull(scheduler.Pick(0, now));
            now += Millisecond;
        }

        scheduler.Pick(0, now);
        Assert.All(entities, entity => Assert.InRange(entity.RunTime, 99 * Millisecond, 101 * Millisecond));
    }

    [Fact]
    public void A_cpu_alone_for_days_leaves_the_shares_right()
    {
        var simulator = new SchedulingSimulator(2);
        SimulatedTask[] alone = SchedulingFairnessTests.AddHogs(simulator, [1, 10_000]);
        simulator.Run(400_000_000 * Millisecond);
        SimulatedTask[] others = SchedulingFairnessTests.AddHogs(simulator, [1, 1, 10_000]);
        simulator.Run(1000 * Millisecond);
        Assert.InRange(others[2].RunTime / (double)Millisecond, 980, 1000);
        Assert.InRange(alone[1].RunTime % (400_000_000 * Millisecond) / (double)Millisecond, 980, 1000);
    }

    [Fact]
    public void A_counter_that_differs_between_cpus_takes_no_time_away()
    {
        var scheduler = new Scheduler(2, SchedulingSimulator.Frequency);
        SchedulingEntity[] entities = [new(), new(), new()];
        Array.ForEach(entities, entity => Assert.True(scheduler.TryAdd(entity, 10_000)));
        Array.ForEach(entities, entity => scheduler.Wake(entity, 10_000));
        for (ulong now = 10_000; now < 200 * Millisecond; now += 1000)
        {
            scheduler.Pick(0, now);
            scheduler.Pick(1, now - 300);
        }

        Assert.All(entities, entity => Assert.InRange(entity.RunTime + entity.WaitTime, 198 * Millisecond, 201 * Millisecond));
    }

    // False where something was refused.
    private static bool Change(SchedulingSimulator simulator, List<SimulatedTask> absent, Random random)
    {
        Scheduler scheduler = simulator.Scheduler;
        SimulatedTask? task = simulator.Tasks.Count == 0 ? null : simulator.Tasks[random.Next(simulator.Tasks.Count)];
        int kind = task == null || simulator.Tasks.Count < 4 ? 0 : random.Next(9);
        bool isDone = true;
        switch (kind)
        {
            case 0 when simulator.Tasks.Count < 16:
                simulator.Add(NewTask(random), (ulong)random.Next(1000));
                break;
            case 1:
                simulator.Remove(task!);
                absent.Add(task!);
                break;
            case 2 when absent.Count > 0 && !absent[^1].IsOnCpu && scheduler.TryAdd(absent[^1].Entity, simulator.Now):
                scheduler.Remove(absent[^1].Entity, simulator.Now);
                simulator.Add(absent[^1]);
                absent.RemoveAt(absent.Count - 1);
                break;
            case 3:
                simulator.Change(() => isDone = scheduler.TrySetWeight(task!.Entity, (uint)random.Next(0, 10_002), simulator.Now));
                break;
            case 4:
                ulong period = (ulong)random.Next(2, 20) * Millisecond;
                ulong quota = random.Next(3) == 0 ? 0 : (ulong)random.NextInt64((long)Millisecond / 10, (long)period);
                simulator.Change(() => isDone = scheduler.TrySetCap(task!.Entity, quota, period, simulator.Now));
                break;
            case 5:
                simulator.Change(() => isDone = scheduler.TrySetBurst(task!.Entity, (ulong)random.Next(10) * Millisecond, simulator.Now));
                break;
            case 6:
                simulator.Change(() => isDone = scheduler.TrySetAffinity(task!.Entity, (ulong)random.Next(0, 1 << scheduler.CpuCount), simulator.Now));
                break;
            case 7:
                ulong length = (ulong)random.Next(1, 30) * Millisecond;
                ulong budget = random.Next(3) == 0 ? 0 : (ulong)random.NextInt64((long)Millisecond / 100, (long)length);
                simulator.Change(() => isDone = scheduler.TrySetRealTime(task!.Entity, budget, length, simulator.Now));
                break;
            default:
                simulator.Yield(random.Next(scheduler.CpuCount));
                break;
        }

        return isDone;
    }

    private static SimulatedTask NewTask(Random random)
    {
        long longest = (long)Math.Pow(10, random.Next(3, 7));
        ulong period = (ulong)random.NextInt64(1000, 20 * (long)Millisecond);
        return random.Next(3) switch
        {
            0 => SimulatedTask.Hog(),
            1 => SimulatedTask.Periodic(period, () => (ulong)random.NextInt64(1, (long)period)),
            _ => SimulatedTask.Sleeper(() => (ulong)random.NextInt64(1, longest), () => (ulong)random.NextInt64(1, longest)),
        };
    }
}
