using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using SharpVisor.Scheduling;

namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>
/// What each of a set of entities that never block is entitled to, as if CPUs could be divided at will: the weighted
/// max-min fair rates under affinity. Written from the definition: rates rise together, by weight, until some
/// set of CPUs is full; who may run nowhere else stays there, and the others go on.
/// </summary>
/// <remarks>
/// Rates can be scheduled exactly when nobody has more than one CPU and, for each set of CPUs, those confined to it
/// ask for no more than there are (Hall's condition; that nobody runs on two at once costs nothing, as with the
/// preemptive open shop).
/// </remarks>
internal static class FluidModel
{
    /// <summary>Each entity's rate, in CPUs.</summary>
    internal static double[] Rates(int cpus, IReadOnlyList<SchedulingEntity> entities)
    {
        ulong present = (1ul << cpus) - 1;
        var rates = new double[entities.Count];
        var rising = Enumerable.Range(0, entities.Count).ToHashSet();
        while (rising.Count > 0)
        {
            double level = rising.Min(index => 1.0 / entities[index].Weight);
            var full = new List<ulong>();
            for (ulong set = 1; set <= present; set++)
            {
                int[] confined = [.. Enumerable.Range(0, entities.Count).Where(index => (entities[index].Affinity & present & ~set) == 0)];
                double weight = confined.Where(rising.Contains).Sum(index => (double)entities[index].Weight);
                if (weight == 0)
                {
                    continue;
                }

                double limit = (BitOperations.PopCount(set) - confined.Where(index => !rising.Contains(index)).Sum(index => rates[index])) / weight;
                if (limit < level * (1 - 1e-12))
                {
                    full.Clear();
                }

                level = Math.Min(level, limit);
                if (limit <= level * (1 + 1e-12))
                {
                    full.Add(set);
                }
            }

            foreach (int index in rising.ToArray())
            {
                rates[index] = level * entities[index].Weight;
                if (rates[index] >= 1 - 1e-12 || full.Any(set => (entities[index].Affinity & present & ~set) == 0))
                {
                    rising.Remove(index);
                }
            }
        }

        return rates;
    }
}
