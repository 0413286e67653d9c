using System;
using System.Linq;
using SharpVisor.Scheduling;
using Xunit;

namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>How long it takes until one runs that can.</summary>
public sealed class SchedulingLatencyTests
{
    private const ulong Millisecond = SchedulingSimulator.Millisecond;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Who_asks_for_less_than_its_share_runs_soon_after_it_wakes(int cpus)
    {
        for (int seed = 1; seed <= 12; seed++)
        {
            var random = new Random(seed);
            var simulator = new SchedulingSimulator(cpus, seed);
            SimulatedTask[] hogs = SchedulingFairnessTests.AddHogs(simulator, Enumerable.Range(0, random.Next(1, 4 * cpus)).Select(_ => (uint)random.Next(50, 200)));
            int count = random.Next(1, 5);
            ulong weights = hogs.Aggregate(0ul, (sum, task) => sum + task.Entity.Weight) + ((ulong)count * 100);

            // Wakes every 10 to 30 ms, for at most half of what its share would give it in that time.
            ulong work = 10 * Millisecond * 100 / weights / 2;
            SimulatedTask[] sleepers = [.. Enumerable.Range(0, count).Select(_ => simulator.Add(SimulatedTask.Sleeper(
                () => (ulong)random.NextInt64(1, (long)work), () => (ulong)random.NextInt64(10 * (long)Millisecond, 30 * (long)Millisecond))))];
            simulator.Run(1000 * Millisecond);

            // The turn that is on, and an eighth of a turn for everyone by weight.
            ulong bound = simulator.Scheduler.Turn + (simulator.Scheduler.Turn / 8 * weights / 100);
            Assert.All(sleepers, task => Assert.InRange(task.WorstLatency, 0ul, bound));
            Assert.All(sleepers, task => Assert.InRange(task.Completions, 20, 100));
        }
    }

    [Fact]
    public void One_that_wakes_beside_a_hog_mostly_runs_at_once()
    {
        var random = new Random(1);
        var simulator = new SchedulingSimulator(1);
        simulator.Add(SimulatedTask.Hog());
        simulator.Add(SimulatedTask.Hog());
        ulong late = 0;
        SimulatedTask task = simulator.Add(SimulatedTask.Sleeper(() => 1000, () => (ulong)random.NextInt64((long)Millisecond, 10 * (long)Millisecond)));
        simulator.Inspect = () => late += task.IsAwaitingFirstRun && task.WokeAt == simulator.Now ? 1ul : 0;
        simulator.Run(10_000 * Millisecond);
        Assert.InRange(task.Completions, 1000, 10_000);
        Assert.InRange(late, 0ul, (ulong)task.Completions / 3);
    }

    [Fact]
    public void One_that_wakes_beside_a_sibling_that_runs_takes_its_turn_at_once()
    {
        // Together they ask for more than the CPU: by its share alone, the sleeper would mostly have to wait.
        var simulator = new SchedulingSimulator(1);
        SimulatedTask hog = simulator.Add(SimulatedTask.Hog());
        SimulatedTask sleeper = simulator.Add(SimulatedTask.Sleeper(() => 3 * Millisecond / 100, () => Millisecond / 100));
        hog.Entity.Group = 7;
        sleeper.Entity.Group = 7;
        simulator.Run(1000 * Millisecond);
        Assert.InRange(sleeper.WorstLatency, 0ul, 1ul);
        Assert.InRange(sleeper.Completions, 24_000, 25_000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Siblings_that_wake_each_other_take_nothing_from_others(int group)
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask hog = simulator.Add(SimulatedTask.Hog());
        SimulatedTask sleeper = simulator.Add(SimulatedTask.Sleeper(() => 3 * Millisecond / 100, () => Millisecond / 100));
        SimulatedTask other = simulator.Add(SimulatedTask.Hog());
        hog.Entity.Group = group;
        sleeper.Entity.Group = group;
        simulator.Run(3000 * Millisecond);
        Assert.InRange(other.RunTime / (double)Millisecond, 990, 3000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Nobody_waits_for_longer_than_its_weight_explains(int cpus)
    {
        for (int seed = 1; seed <= 10; seed++)
        {
            var random = new Random(seed);
            var simulator = new SchedulingSimulator(cpus, seed);
            SimulatedTask[] tasks = SchedulingFairnessTests.AddHogs(simulator, Enumerable.Range(0, random.Next(2, 10)).Select(_ => (uint)random.Next(1, 100)));
            for (int i = 0; i < 3; i++)
            {
                simulator.Add(SimulatedTask.Sleeper(() => (ulong)random.NextInt64(1, (long)Millisecond), () => (ulong)random.NextInt64(1, (long)Millisecond)));
            }

            simulator.Run(2000 * Millisecond);
            ulong weights = simulator.Tasks.Aggregate(0ul, (sum, task) => sum + task.Entity.Weight);
            ulong turn = simulator.Scheduler.Turn;
            foreach (SimulatedTask task in tasks)
            {
                // Until it is eligible, and then until its deadline; where there are several CPUs, one that comes over with a
                // claim goes before.
                ulong bound = (2 * turn) + (2 * turn * weights / task.Entity.Weight) + (cpus == 1 ? 0 : 16 * turn);
                Assert.True(task.WorstWait <= bound, $"seed {seed}: weight {task.Entity.Weight} of {weights} waited {task.WorstWait}, bound {bound}");
            }
        }
    }

    [Fact]
    public void Yielding_lets_the_others_run_first()
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask[] tasks = SchedulingFairnessTests.AddHogs(simulator, [10_000, 1]);
        simulator.Run(10 * Millisecond);
        Assert.Same(tasks[0], simulator.RunningOn(0));
        ulong stolen = tasks[0].Entity.StealTime;
        simulator.Yield(0);
        Assert.Same(tasks[1], simulator.RunningOn(0));
        simulator.Run(5 * Millisecond);
        Assert.Same(tasks[0], simulator.RunningOn(0));
        Assert.Equal(stolen, tasks[0].Entity.StealTime);
        Assert.True(tasks[0].Entity.WaitTime > stolen);
        Assert.Equal(tasks[1].Entity.WaitTime, tasks[1].Entity.StealTime);
    }

    [Fact]
    public void Yielding_alone_or_with_a_reservation_changes_nothing()
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask task = simulator.Add(SimulatedTask.Hog());
        simulator.Run(Millisecond);
        simulator.Yield(0);
        Assert.Same(task, simulator.RunningOn(0));
        Assert.True(simulator.Scheduler.TrySetRealTime(task.Entity, 5 * Millisecond, 10 * Millisecond, simulator.Now));
        simulator.Add(SimulatedTask.Hog());
        simulator.Run(Millisecond);
        simulator.Yield(0);
        Assert.Same(task, simulator.RunningOn(0));
    }

    [Fact]
    public void One_that_yields_all_the_time_gets_what_the_others_leave_and_never_stops_them()
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask[] tasks = SchedulingFairnessTests.AddHogs(simulator, [100, 100]);
        for (int i = 0; i < 1000; i++)
        {
            simulator.Run(Millisecond / 10);
            if (simulator.RunningOn(0) == tasks[0])
            {
                simulator.Yield(0);
            }
        }

        Assert.InRange(tasks[0].RunTime, 5 * Millisecond, 30 * Millisecond);
        Assert.Equal(100 * Millisecond, tasks[0].RunTime + tasks[1].RunTime);
    }

    [Fact]
    public void One_alone_needs_no_tick_and_a_second_brings_it()
    {
        var scheduler = new Scheduler(1, SchedulingSimulator.Frequency);
        SchedulingEntity first = new();
        SchedulingEntity second = new();
        Assert.True(scheduler.TryAdd(first, 1000));
        Assert.True(scheduler.TryAdd(second, 1000));
        Assert.Equal(0, scheduler.Wake(first, 1000));
        Assert.Same(first, scheduler.Pick(0, 1000));
        Assert.Equal(ulong.MaxValue, scheduler.NextEvent(0));
        Assert.Equal(0, scheduler.Wake(second, 2000));
        Assert.Equal(-1, scheduler.Wake(second, 2000));
        Assert.NotNull(scheduler.Pick(0, 2000));
        Assert.InRange(scheduler.NextEvent(0), 2001ul, 2000 + scheduler.Turn);
    }
}
