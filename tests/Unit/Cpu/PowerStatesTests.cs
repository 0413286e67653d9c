using System;
using System.Linq;
using System.Threading;
using CsCheck;
using SharpVisor.Cpu;
using Xunit;

namespace SharpVisor.Tests.Unit.Cpu;

public class PowerStatesTests
{
    private const long InvalidParameters = -2;
    private const long AlreadyOn = -4;
    private const long InvalidAddress = -9;

    [Theory]
    [InlineData(0, 0x000ul)]
    [InlineData(7, 0x007ul)]
    [InlineData(15, 0x00ful)]
    [InlineData(16, 0x100ul)]
    [InlineData(35, 0x203ul)]
    public void Clusters_hold_sixteen(int index, ulong affinity) => Assert.Equal(affinity, PowerStates.AffinityOf(index));

    [Fact]
    public void After_a_reset_only_the_first_VCpu_is_about_to_start()
    {
        var states = new PowerStates(2);
        Assert.False(states.IsAnyOn);
        states.Reset();
        Assert.Equal(2, states.AffinityInfo(0, 0));
        Assert.Equal(1, states.AffinityInfo(1, 0));
        states.ConfirmOn(0);
        Assert.Equal(0, states.AffinityInfo(0, 0));
        Assert.True(states.IsAnyOn);
    }

    [Fact]
    public void A_VCpu_goes_on_and_off_and_on_again()
    {
        PowerStates states = Started(2);
        Assert.Equal(0, states.CpuOn(1, true, out int index));
        Assert.Equal(1, index);
        Assert.Equal(2, states.AffinityInfo(1, 0));
        Assert.Equal(AlreadyOn, states.CpuOn(1, true, out _));
        states.ConfirmOn(1);
        Assert.Equal(0, states.AffinityInfo(1, 0));
        Assert.Equal(AlreadyOn, states.CpuOn(1, true, out _));
        states.ConfirmOff(1);
        Assert.Equal(1, states.AffinityInfo(1, 0));
        Assert.Equal(0, states.CpuOn(1, true, out _));
    }

    [Fact]
    public void A_late_off_does_not_undo_a_reset()
    {
        PowerStates states = Started(1);
        states.Reset();
        states.ConfirmOff(0);
        Assert.Equal(2, states.AffinityInfo(0, 0));
    }

    [Theory]
    [InlineData(4ul)]
    [InlineData(16ul)]
    [InlineData(0x101ul)]
    [InlineData(0x1_0000ul)]
    [InlineData(0x8000_0001ul)] // MPIDR's RES1 bit is no part of an affinity
    [InlineData(0x1_0000_0001ul)]
    [InlineData(0x100_0000_0001ul)]
    [InlineData(ulong.MaxValue)]
    public void A_target_that_is_not_there_is_refused(ulong target)
    {
        PowerStates states = Started(4);
        Assert.Equal(InvalidParameters, states.CpuOn(target, true, out _));
        Assert.Equal(InvalidParameters, states.AffinityInfo(target, 0));
    }

    [Fact]
    public void A_bad_entry_address_changes_nothing()
    {
        PowerStates states = Started(2);
        Assert.Equal(InvalidAddress, states.CpuOn(1, false, out _));
        Assert.Equal(1, states.AffinityInfo(1, 0));
        Assert.Equal(AlreadyOn, states.CpuOn(0, false, out _));
    }

    [Fact]
    public void Affinity_levels_ask_for_groups()
    {
        PowerStates states = Started(20);
        Assert.Equal(0, states.AffinityInfo(0x00f, 1)); // the cluster of VCpu 0
        Assert.Equal(1, states.AffinityInfo(0x1ff, 1)); // VCpus 16 to 19
        Assert.Equal(0, states.CpuOn(0x102, true, out int index));
        Assert.Equal(18, index);
        Assert.Equal(2, states.AffinityInfo(0x100, 1));
        Assert.Equal(InvalidParameters, states.AffinityInfo(0x200, 1));
        Assert.Equal(0, states.AffinityInfo(0xffff, 2));
        Assert.Equal(InvalidParameters, states.AffinityInfo(0x1_0000, 2));
        Assert.Equal(0, states.AffinityInfo(0xff_ffff, 3));
        Assert.Equal(InvalidParameters, states.AffinityInfo(0x1_0000_0000, 3));
        Assert.Equal(InvalidParameters, states.AffinityInfo(0x1_0000_0000, 1));
        Assert.Equal(InvalidParameters, states.AffinityInfo(0, 4));
        Assert.Equal(InvalidParameters, states.AffinityInfo(0, ulong.MaxValue));
    }

    [Fact]
    public void Of_many_callers_exactly_one_turns_a_VCpu_on()
    {
        const int Callers = 4;
        for (int round = 0; round < 50; round++)
        {
            PowerStates states = Started(2);
            long[] results = new long[Callers];
            using var start = new ManualResetEventSlim();
            Thread[] threads = Enumerable.Range(0, Callers).Select(i => new Thread(() =>
            {
                start.Wait();
                results[i] = states.CpuOn(1, true, out _);
            })).ToArray();
            Array.ForEach(threads, t => t.Start());
            start.Set();
            Array.ForEach(threads, t => t.Join());
            Assert.Equal(1, results.Count(r => r == 0));
            Assert.Equal(Callers - 1, results.Count(r => r == AlreadyOn));
        }
    }

    // Against a model: an array of three states and the rules of DEN0022 written out.
    [Fact]
    public void Any_sequence_agrees_with_the_model() =>
        Gen.Select(Gen.Int[1, 20], Gen.Select(Gen.Int[0, 4], Gen.Int[0, 20], Gen.Int[0, 3]).Array[0, 60]).Sample(
            (count, steps) =>
            {
                var states = new PowerStates(count);
                string[] model = Enumerable.Repeat("off", count).ToArray();
                foreach ((int operation, int vcpu, int level) in steps)
                {
                    bool isThere = vcpu < count;
                    ulong affinity = (ulong)(((vcpu / 16) * 256) + (vcpu % 16));
                    switch (operation)
                    {
                        case 0:
                            long expected = !isThere ? InvalidParameters : model[vcpu] == "off" ? 0 : AlreadyOn;
                            if (states.CpuOn(affinity, true, out int index) != expected)
                            {
                                return false;
                            }

                            if (expected == 0)
                            {
                                model[vcpu] = "pending";
                                Assert.Equal(vcpu, index);
                            }

                            break;
                        case 1 when isThere:
                            states.ConfirmOn(vcpu);
                            model[vcpu] = model[vcpu] == "pending" ? "on" : model[vcpu];
                            break;
                        case 2 when isThere:
                            states.ConfirmOff(vcpu);
                            model[vcpu] = model[vcpu] == "on" ? "off" : model[vcpu];
                            break;
                        case 3:
                            states.Reset();
                            Array.Fill(model, "off");
                            model[0] = "pending";
                            break;
                        case 4:
                            string[] group = model.Where((_, i) => level == 0 ? i == vcpu : level > 1 || i / 16 == vcpu / 16).ToArray();
                            long info = group.Length == 0 ? InvalidParameters : group.Contains("on") ? 0 : group.Contains("pending") ? 2 : 1;
                            if (states.AffinityInfo(affinity, (ulong)level) != info)
                            {
                                return false;
                            }

                            break;
                    }

                    if (states.IsAnyOn != model.Any(m => m != "off"))
                    {
                        return false;
                    }
                }

                return true;
            });

    private static PowerStates Started(int count)
    {
        var states = new PowerStates(count);
        states.Reset();
        states.ConfirmOn(0);
        return states;
    }
}
