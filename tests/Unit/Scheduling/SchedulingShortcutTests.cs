using System;
using System.Linq;
using SharpVisor.Scheduling;
using Xunit;

namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>The calls that do several steps in one come to the same as the steps.</summary>
public sealed class SchedulingShortcutTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Waking_and_yielding_with_a_pick_in_one_are_what_the_steps_are(int cpus)
    {
        int switches = 0;
        for (int seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            int count = random.Next(2, 5);
            var together = new Scheduler(cpus, SchedulingSimulator.Frequency);
            var stepwise = new Scheduler(cpus, SchedulingSimulator.Frequency);
            SchedulingEntity[] first = Make(together, count, random.Next(3), seed);
            SchedulingEntity[] second = Make(stepwise, count, 0, seed);
            for (int i = 0; i < count; i++)
            {
                second[i].Group = first[i].Group;
            }

            ulong now = 1;
            for (int step = 0; step < 300; step++)
            {
                now += (ulong)random.Next(1, (int)together.Turn);
                int cpu = random.Next(cpus);
                int chosen = random.Next(count);
                SchedulingEntity? one;
                SchedulingEntity? other;
                ulong next;
                switch (random.Next(4))
                {
                    case 0:
                        one = together.PickAfterYield(cpu, now, out next);
                        stepwise.Yield(cpu, now);
                        break;
                    case 1:
                        together.Block(cpu, now);
                        one = together.Pick(cpu, now, out next);
                        stepwise.Block(cpu, now);
                        break;
                    default:
                        one = together.PickAfterWake(cpu, first[chosen], now, out next);
                        if (second[chosen].State == SchedulingState.Blocked)
                        {
                            stepwise.Wake(second[chosen], now);
                        }
                        else
                        {
                            stepwise.Urge(second[chosen], now);
                        }

                        break;
                }

                other = stepwise.Pick(cpu, now);
                Assert.Equal(Array.IndexOf(second, other), Array.IndexOf(first, one));
                Assert.Equal(stepwise.NextEvent(cpu), next);
                together.TakeKicks();
                stepwise.TakeKicks();
                Assert.Equal(second.Select(Describe), first.Select(Describe));
            }

            switches += (int)first.Sum(entity => (double)entity.Switches);
        }

        Assert.True(switches > 10_000, "hardly anything changed places");
    }

    private static SchedulingEntity[] Make(Scheduler scheduler, int count, int groups, int seed)
    {
        var random = new Random(seed);
        var entities = new SchedulingEntity[count];
        for (int i = 0; i < count; i++)
        {
            entities[i] = new SchedulingEntity { Group = groups == 0 ? 0 : 1 + (i % groups) };
            Assert.True(scheduler.TrySetWeight(entities[i], random.Next(3) == 0 ? 300u : 100u, 0));
            Assert.True(scheduler.TryAdd(entities[i], 0));
        }

        return entities;
    }

    private static (SchedulingState, int, ulong, ulong, ulong, ulong, ulong, ulong) Describe(SchedulingEntity entity) =>
        (entity.State, entity.Cpu, entity.RunTime, entity.WaitTime, entity.StealTime, entity.BlockedTime, entity.Switches, entity.Migrations);
}
