using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Scheduling;
using Xunit;

namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>Shares by weight. A share error is a fraction of a CPU over ten periods of 100 ms.</summary>
public sealed class SchedulingFairnessTests
{
    private const ulong Window = 10 * SchedulingSimulator.Period;
    private const double Allowed = 0.01;

    [Fact]
    public void Weights_of_one_two_and_four_get_one_two_and_four_sevenths_of_a_cpu()
    {
        var simulator = new SchedulingSimulator(1);
        SimulatedTask[] tasks = AddHogs(simulator, [100, 200, 400]);
        for (int window = 0; window < 5; window++)
        {
            double[] shares = Measure(simulator, tasks, Window);
            Assert.InRange(shares[0] * 7, 0.99, 1.01);
            Assert.InRange(shares[1] * 7, 1.98, 2.02);
            Assert.InRange(shares[2] * 7, 3.96, 4.04);
        }
    }

    [Fact]
    public void Any_weights_on_any_number_of_cpus_get_their_shares() =>
        AssertShares(RandomWeights, (_, _) => ulong.MaxValue);

    [Fact]
    public void Groups_of_cpus_are_shared_by_weight_each_for_itself() =>
        AssertShares(RandomWeights, (random, cpus) => random.Next(2) == 0 ? 1ul : ~1ul);

    [Fact]
    public void What_is_pinned_and_what_is_free_get_the_same_by_weight() =>
        AssertShares(SimilarWeights, (random, cpus) => random.Next(2) == 0 ? ulong.MaxValue : 1ul << random.Next(cpus));

    [Fact]
    public void Similar_weights_under_any_affinities_get_what_these_leave_to_each() =>
        AssertShares(SimilarWeights, (random, cpus) => random.Next(3) == 0 ? ulong.MaxValue : (ulong)random.Next(1, 1 << cpus));

    // The stated limit: entities whose weight asks for more than a CPU distort the shares beside them where
    // affinities overlap.
    [Fact]
    public void Extreme_weights_under_overlapping_affinities_are_off_by_less_than_three_percent_in_the_mean()
    {
        double mean = Errors(RandomWeights, (random, cpus) => random.Next(3) == 0 ? ulong.MaxValue : (ulong)random.Next(1, 1 << cpus)).Average();
        Assert.True(mean < 0.03, $"{mean:P3}");
    }

    [Fact]
    public void As_many_entities_as_cpus_have_one_each_whatever_their_weights()
    {
        var simulator = new SchedulingSimulator(4);
        SimulatedTask[] tasks = AddHogs(simulator, [1, 10_000, 100, 7]);
        simulator.Run(Window);
        Assert.All(tasks, task => Assert.Equal(Window, task.RunTime));
        Assert.All(tasks, task => Assert.Equal(0ul, task.Entity.Migrations));
        Assert.All(tasks, task => Assert.Equal(1ul, task.Entity.Switches));
    }

    [Fact]
    public void Equal_loads_stay_where_they_are()
    {
        var simulator = new SchedulingSimulator(4);
        SimulatedTask[] tasks = AddHogs(simulator, Enumerable.Repeat(100u, 12));
        simulator.Run(SchedulingSimulator.Period);
        ulong before = tasks.Aggregate(0ul, (sum, task) => sum + task.Entity.Migrations);
        simulator.Run(Window);
        Assert.Equal(before, tasks.Aggregate(0ul, (sum, task) => sum + task.Entity.Migrations));
    }

    [Fact]
    public void Three_on_two_cpus_take_turns_but_not_at_every_turn()
    {
        var simulator = new SchedulingSimulator(2);
        SimulatedTask[] tasks = AddHogs(simulator, [100, 100, 100]);
        simulator.Run(Window);
        Assert.All(tasks, task => Assert.InRange(task.RunTime / (double)Window, 0.66, 0.674));
        Assert.InRange(tasks.Aggregate(0ul, (sum, task) => sum + task.Entity.Migrations), 10ul, 300ul);
    }

    [Fact]
    public void Shares_follow_changes_of_weights_affinities_and_company()
    {
        for (int seed = 1; seed <= 6; seed++)
        {
            var random = new Random(seed);
            int cpus = random.Next(1, 5);
            var simulator = new SchedulingSimulator(cpus, seed);
            AddHogs(simulator, SimilarWeights(random, cpus + 3));
            for (int change = 0; change < 5; change++)
            {
                SimulatedTask task = simulator.Tasks[random.Next(simulator.Tasks.Count)];
                switch (random.Next(4))
                {
                    case 0:
                        simulator.Change(() => Assert.True(simulator.Scheduler.TrySetWeight(task.Entity, (uint)random.Next(50, 500), simulator.Now)));
                        break;
                    case 1:
                        simulator.Change(() => Assert.True(simulator.Scheduler.TrySetAffinity(task.Entity, (ulong)random.Next(1, 1 << cpus), simulator.Now)));
                        break;
                    case 2 when simulator.Tasks.Count > 2:
                        simulator.Remove(task);
                        break;
                    default:
                        AddHogs(simulator, SimilarWeights(random, 1));
                        break;
                }

                Assert.InRange(WorstError(simulator, cpus, [.. simulator.Tasks]), 0, Allowed);
            }
        }
    }

    [Fact]
    public void Sleepers_take_no_more_than_their_share_from_a_hog()
    {
        for (int seed = 1; seed <= 10; seed++)
        {
            // Runs shorter than a turn, sleeps far shorter than what it would have to wait: it asks for nearly everything.
            var random = new Random(seed);
            var simulator = new SchedulingSimulator(1, seed);
            SimulatedTask hog = AddHogs(simulator, [100])[0];
            ulong longest = (ulong)random.Next(1000, 100_000);
            SimulatedTask sleeper = simulator.Add(SimulatedTask.Sleeper(() => (ulong)random.NextInt64(1, (long)longest), () => (ulong)random.NextInt64(1, (long)longest / 10)));
            simulator.Run(Window);
            Assert.InRange(hog.RunTime / (double)Window, 0.49, 1);
            Assert.InRange(sleeper.RunTime / (double)Window, 0.3, 0.51);
        }
    }

    internal static SimulatedTask[] AddHogs(SchedulingSimulator simulator, IEnumerable<uint> weights) =>
        [.. weights.Select(weight =>
        {
            SimulatedTask task = SimulatedTask.Hog();
            Assert.True(simulator.Scheduler.TrySetWeight(task.Entity, weight, simulator.Now));
            return simulator.Add(task);
        })];

    private static uint[] RandomWeights(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (uint)Math.Clamp(Math.Pow(10, random.NextDouble() * 4), 1, 10_000))];

    private static uint[] SimilarWeights(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (uint)random.Next(50, 500))];

    private static void AssertShares(Func<Random, int, uint[]> weights, Func<Random, int, ulong> affinity)
    {
        double[] errors = Errors(weights, affinity);
        Assert.True(errors.Max() < Allowed, $"seed {Array.IndexOf(errors, errors.Max()) + 1}: {errors.Max():P3}");
    }

    private static double[] Errors(Func<Random, int, uint[]> weights, Func<Random, int, ulong> affinity)
    {
        var errors = new double[20];
        for (int seed = 1; seed <= errors.Length; seed++)
        {
            var random = new Random(seed);
            int cpus = random.Next(1, 6);
            var simulator = new SchedulingSimulator(cpus, seed);
            SimulatedTask[] tasks = AddHogs(simulator, weights(random, random.Next(2, 14)));
            foreach (SimulatedTask task in tasks)
            {
                ulong allowed = affinity(random, cpus);
                simulator.Change(() => simulator.Scheduler.TrySetAffinity(task.Entity, allowed, simulator.Now));
            }

            simulator.Run(SchedulingSimulator.Period);
            errors[seed - 1] = WorstError(simulator, cpus, tasks);
        }

        return errors;
    }

    private static double WorstError(SchedulingSimulator simulator, int cpus, SimulatedTask[] tasks)
    {
        double[] rates = FluidModel.Rates(cpus, [.. tasks.Select(task => task.Entity)]);
        return Measure(simulator, tasks, Window).Zip(rates, (share, rate) => Math.Abs(share - rate)).Max();
    }

    private static double[] Measure(SchedulingSimulator simulator, SimulatedTask[] tasks, ulong ticks)
    {
        ulong[] before = [.. tasks.Select(task => task.RunTime)];
        simulator.Run(ticks);
        return [.. tasks.Select((task, index) => (task.RunTime - before[index]) / (double)ticks)];
    }
}
