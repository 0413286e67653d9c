using System;
using System.Linq;
using CsCheck;
using SharpVisor.Scheduling;
using Xunit;

namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>Caps and burst credit.</summary>
public sealed class SchedulingBandwidthTests
{
    private const ulong Millisecond = SchedulingSimulator.Millisecond;

    [Fact]
    public void A_capped_hog_gets_its_quota_in_every_period_to_the_tick()
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask capped = AddCapped(simulator, SimulatedTask.Hog(), 25 * Millisecond, 100 * Millisecond);
        for (int period = 0; period < 20; period++)
        {
            ulong before = capped.RunTime;
            simulator.Run(100 * Millisecond);
            Assert.Equal(25 * Millisecond, capped.RunTime - before);
        }

        Assert.Equal(20 * 75 * Millisecond, capped.ThrottledTime);
    }

    [Fact]
    public void What_a_capped_entity_may_not_use_goes_to_the_others()
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask capped = AddCapped(simulator, SimulatedTask.Hog(), 25 * Millisecond, 100 * Millisecond);
        SimulatedTask other = simulator.Add(SimulatedTask.Hog());
        simulator.Run(1000 * Millisecond);
        Assert.Equal(250 * Millisecond, capped.RunTime);
        Assert.Equal(750 * Millisecond, other.RunTime);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 4)]
    public void Siblings_with_one_cap_get_it_together_however_many_of_them_work(int cpus, int busy)
    {
        var simulator = new SchedulingSimulator(cpus);
        var siblings = new SimulatedTask[4];
        for (int i = 0; i < siblings.Length; i++)
        {
            siblings[i] = i < busy ? SimulatedTask.Hog() : SimulatedTask.Sleeper(() => 100, () => 50 * Millisecond);
            siblings[i].Entity.Group = 5;
            Assert.True(i == 0 || simulator.Scheduler.TryShareCap(siblings[i].Entity, siblings[0].Entity));
        }

        Assert.True(simulator.Scheduler.TrySetCap(siblings[0].Entity, 5 * Millisecond / 2, 10 * Millisecond, simulator.Now));
        Array.ForEach(siblings, task => simulator.Add(task));
        SimulatedTask other = simulator.Add(SimulatedTask.Hog());
        simulator.Run(4000 * Millisecond);
        Assert.InRange(siblings.Sum(task => (double)task.RunTime) / (4000 * Millisecond), 0.2475, 0.2525);
        Assert.InRange(other.RunTime / (4000.0 * Millisecond), cpus == 1 ? 0.7475 : 0.87, 1);
        Assert.False(simulator.Scheduler.TryShareCap(siblings[1].Entity, siblings[0].Entity));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3000)]
    public void No_cap_is_exceeded_by_more_than_the_lateness_of_its_enforcement(int lateness)
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            var simulator = new SchedulingSimulator(random.Next(1, 4), seed) { Lateness = (ulong)lateness };
            ulong period = (ulong)random.Next(5, 40) * Millisecond;
            ulong quota = (ulong)random.NextInt64((long)Millisecond / 10, (long)period);
            SimulatedTask[] capped = [.. Enumerable.Range(0, 3).Select(_ => AddCapped(simulator, RandomTask(random), quota, period))];
            simulator.Add(SimulatedTask.Hog());
            for (ulong done = 1; done <= 40; done++)
            {
                ulong[] before = [.. capped.Select(task => task.RunTime)];
                simulator.Run(period);
                for (int i = 0; i < capped.Length; i++)
                {
                    Assert.True(capped[i].RunTime - before[i] <= quota + (ulong)lateness, $"seed {seed}");
                    Assert.True(capped[i].RunTime <= (done * quota) + (ulong)lateness, "what was overdrawn is missing later");
                }
            }
        }
    }

    [Fact]
    public void Unused_quota_is_kept_up_to_the_limit_and_spent_at_full_speed()
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask task = AddCapped(simulator, SimulatedTask.Hog(), 20 * Millisecond, 100 * Millisecond, 70 * Millisecond, delay: 1000 * Millisecond);
        simulator.Add(SimulatedTask.Hog());
        Assert.True(simulator.Scheduler.TrySetWeight(task.Entity, 10_000, simulator.Now));
        simulator.Run(1000 * Millisecond);
        Assert.Equal(0ul, task.RunTime);
        simulator.Run(100 * Millisecond);
        Assert.InRange(task.RunTime, 89 * Millisecond, 90 * Millisecond);
        simulator.Run(1000 * Millisecond);
        Assert.Equal((70 + 20 + 200) * Millisecond, task.RunTime);
        Assert.Equal(0ul, task.Entity.BurstCredit);
    }

    [Fact]
    public void Credit_is_exactly_what_was_not_used()
    {
        for (int seed = 1; seed <= 10; seed++)
        {
            var random = new Random(seed);
            var simulator = new SchedulingSimulator(1, seed);
            SimulatedTask task = AddCapped(simulator, RandomTask(random), 2 * Millisecond, 10 * Millisecond, ulong.MaxValue >> 16);
            simulator.Add(SimulatedTask.Hog());
            for (ulong period = 1; period <= 50; period++)
            {
                simulator.Run(10 * Millisecond);
                simulator.Change(() => simulator.Scheduler.TrySetBurst(task.Entity, ulong.MaxValue >> 16, simulator.Now));
                Assert.Equal((period * 2 * Millisecond) - task.RunTime, task.Entity.BurstCredit);
            }
        }
    }

    [Fact]
    public void A_cap_counts_as_a_bucket_filled_step_by_step_does()
    {
        Gen<(bool IsRunning, ulong Ticks)> step = Gen.Select(Gen.Bool, Gen.OneOf(Gen.ULong[1, 40], Gen.ULong[1, 1000]));
        Gen.Select(Gen.ULong[1, 20], Gen.ULong[0, 20], Gen.ULong[0, 100], step.Array[1, 40]).Sample((quota, more, limit, steps) =>
        {
            ulong period = quota + more;
            var cap = new Allowance();
            ulong now = 1000;
            cap.Set(quota, period, now);
            cap.SetCreditLimit(limit);
            long left = (long)quota;
            long credit = 0;
            ulong start = now;
            foreach ((bool isRunning, ulong ticks) in steps)
            {
                if (isRunning)
                {
                    cap.Spend(now, now + ticks);
                }

                for (ulong i = 0; i < ticks; i++)
                {
                    left -= isRunning ? 1 : 0;
                    if (++now == start + period)
                    {
                        start = now;
                        credit = Math.Min(left, (long)limit);
                        left = credit + (long)quota;
                    }
                }

                cap.Refill(now);
                Assert.Equal(left, cap.Left);
                Assert.Equal(Math.Max(0, Math.Min(left, credit)), (long)cap.Credit);
                Assert.Equal(start + period, cap.NextPeriod);
            }
        });
    }

    [Fact]
    public void Caps_that_make_no_sense_are_refused_and_change_nothing()
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask task = AddCapped(simulator, SimulatedTask.Hog(), Millisecond, 10 * Millisecond);
        Scheduler scheduler = simulator.Scheduler;
        Assert.False(scheduler.TrySetCap(task.Entity, 11, 10, simulator.Now));
        Assert.False(scheduler.TrySetCap(task.Entity, 1, Millisecond, simulator.Now));
        Assert.False(scheduler.TrySetCap(task.Entity, 11 * Millisecond, 10 * Millisecond, simulator.Now));
        Assert.False(scheduler.TrySetCap(task.Entity, Millisecond, 1ul << 31, simulator.Now));
        Assert.False(scheduler.TrySetBurst(task.Entity, 1ul << 48, simulator.Now));
        Assert.Equal(Millisecond, task.Entity.CapQuota);
        Assert.Equal(10 * Millisecond, task.Entity.CapPeriod);
        simulator.Run(100 * Millisecond);
        Assert.Equal(10 * Millisecond, task.RunTime);
    }

    private static SimulatedTask AddCapped(SchedulingSimulator simulator, SimulatedTask task, ulong quota, ulong period, ulong credit = 0, ulong delay = 0)
    {
        Assert.True(simulator.Scheduler.TrySetCap(task.Entity, quota, period, simulator.Now));
        Assert.True(simulator.Scheduler.TrySetBurst(task.Entity, credit, simulator.Now));
        return simulator.Add(task, delay);
    }

    private static SimulatedTask RandomTask(Random random) => random.Next(2) == 0
        ? SimulatedTask.Hog()
        : SimulatedTask.Sleeper(() => (ulong)random.NextInt64(1, 20 * (long)Millisecond), () => (ulong)random.NextInt64(1, 20 * (long)Millisecond));
}
