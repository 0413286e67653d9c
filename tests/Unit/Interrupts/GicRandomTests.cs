using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Interrupts;
using Xunit;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>
/// Random operations of guests, devices and hardware on the virtual GIC and on <see cref="GicModel"/>. After each one,
/// what every VCpu's acknowledge would return is the same in both, and every so often all state registers.
/// </summary>
public class GicRandomTests
{
    private static readonly int[] s_universe = [0, 1, 2, 15, 27, 30, 32, 33, 34, 35, 63, 64, 100, 287];

    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(2, 3)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    [InlineData(3, 4)]
    public void Whatever_guests_and_devices_do_the_GIC_behaves_as_the_architecture_says(int version, int cpus)
    {
        var random = new PCG((uint)((version * 16) + cpus), 20_241);
        Gen<uint[]> operations = Gen.UInt.Array[20, 400];
        for (int i = 0; i < 700; i++)
        {
            int listRegisters = 1 + (i % 16);
            bool splitEnd = i / 16 % 2 != 0;
            uint[] words = operations.Generate(random, null, out _);
            if (Try(version, cpus, listRegisters, splitEnd, words) is { } problem)
            {
                words = Shorten(words, shorter => Try(version, cpus, listRegisters, splitEnd, shorter) != null);
                var trace = new List<string>();
                problem = Try(version, cpus, listRegisters, splitEnd, words, trace);
                Assert.Fail($"GICv{version}, {cpus} VCpus, {listRegisters} list registers, EOImode {splitEnd}:\n{string.Join("\n", trace)}\n{problem}");
            }
        }
    }

    private static uint[] Shorten(uint[] words, Func<uint[], bool> fails)
    {
        for (int i = 0; i < words.Length;)
        {
            uint[] shorter = words.Where((_, j) => j != i).ToArray();
            if (fails(shorter))
            {
                words = shorter;
            }
            else
            {
                i++;
            }
        }

        return words;
    }

    private static string? Try(int version, int cpus, int listRegisters, bool splitEnd, uint[] words, List<string>? trace = null)
    {
        try
        {
            var pair = new GicPair(version, cpus, listRegisters, splitEnd, s_universe) { Trace = trace };
            foreach (uint word in words)
            {
                pair.Step(word);
                pair.CompareInterfaces();
            }

            pair.CompareRegisters();
            return null;
        }
        catch (Exception e)
        {
            return e.ToString();
        }
    }
}
