using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using CsCheck;
using SharpVisor.Cpu;
using Xunit;

namespace SharpVisor.Tests.Unit.Cpu;

public class ChannelTableTests
{
    private const ulong Page = 0x1000;
    private const int VmCount = 4;

    [Fact]
    public void A_channel_comes_to_be_when_both_have_asked_for_the_same()
    {
        (ChannelTable table, ChannelPort[] vms) = Make();
        Assert.Equal(VendorResult.Waiting, table.Ask(vms[0], vms[1].Name, Page, out int end, out ChannelPort? other, out _));
        Assert.Null(other);
        Assert.Equal(ChannelState.Waiting, vms[0].Ends[end].State);
        Assert.Equal(VendorResult.Success, table.Ask(vms[1], vms[0].Name, Page, out int otherEnd, out other, out int found));
        Assert.Same(vms[0], other);
        Assert.Equal(end, found);
        table.Pair(vms[1], otherEnd, vms[0], found, 42);
        Assert.Equal((ChannelState.Connected, ChannelState.Connected), (vms[0].Ends[end].State, vms[1].Ends[otherEnd].State));
        Assert.Equal((42ul, 42ul), (vms[0].Ends[end].Memory, vms[1].Ends[otherEnd].Memory));
    }

    [Fact]
    public void An_answer_does_not_say_whether_a_VM_is_there_that_has_not_asked()
    {
        (ChannelTable table, ChannelPort[] vms) = Make();
        ulong there = table.Ask(vms[0], vms[1].Name, Page, out _, out _, out _);
        ulong notThere = table.Ask(vms[0], new ChannelName("nobody"u8), Page, out _, out _, out _);
        Assert.Equal(there, notThere);
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(1ul)]
    [InlineData(0xffful)]
    [InlineData(0x10_1000ul)]
    [InlineData(ulong.MaxValue)]
    [InlineData(0xffff_ffff_ffff_f000ul)]
    public void A_size_that_cannot_be_is_refused(ulong size)
    {
        (ChannelTable table, ChannelPort[] vms) = Make();
        Assert.Equal(VendorResult.InvalidParameter, table.Ask(vms[0], vms[1].Name, size, out _, out _, out _));
        Assert.All(vms[0].Ends, end => Assert.Equal(ChannelState.Free, end.State));
    }

    [Fact]
    public void Nobody_talks_to_itself_or_to_nobody()
    {
        (ChannelTable table, ChannelPort[] vms) = Make();
        Assert.Equal(VendorResult.InvalidParameter, table.Ask(vms[0], vms[0].Name, Page, out _, out _, out _));
        Assert.Equal(VendorResult.InvalidParameter, table.Ask(vms[0], default, Page, out _, out _, out _));
    }

    [Fact]
    public void Another_size_is_told_to_the_second_one()
    {
        (ChannelTable table, ChannelPort[] vms) = Make();
        table.Ask(vms[0], vms[1].Name, Page, out _, out _, out _);
        Assert.Equal(VendorResult.SizeDiffers, table.Ask(vms[1], vms[0].Name, 2 * Page, out _, out _, out _));
    }

    [Fact]
    public void A_VM_has_eight_channels_at_most()
    {
        (ChannelTable table, ChannelPort[] vms) = Make();
        for (int i = 0; i < ChannelTable.EndsPerVm; i++)
        {
            Assert.Equal(VendorResult.Waiting, table.Ask(vms[0], new ChannelName(Encoding.ASCII.GetBytes($"peer{i}")), Page, out int end, out _, out _));
            Assert.Equal(i, end);
        }

        Assert.Equal(VendorResult.NoRoom, table.Ask(vms[0], vms[1].Name, Page, out _, out _, out _));
        table.Leave(vms[0], 3, out _);
        Assert.Equal(VendorResult.Waiting, table.Ask(vms[0], vms[1].Name, Page, out int free, out _, out _));
        Assert.Equal(3, free);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("a", "a")]
    [InlineData("abcdefgh", "abcdefgh")]
    [InlineData("a-name-of-thirty-one-characters", "a-name-of-thirty-one-characters")]
    [InlineData("a-name-of-thirty-one-charactersX", "a-name-of-thirty-one-characters")]
    public void A_name_is_the_same_as_text_and_in_registers(string text, string kept)
    {
        ReadOnlySpan<byte> bytes = Encoding.ASCII.GetBytes(text);
        var registers = new ChannelName(ChannelName.Part(bytes, 0), ChannelName.Part(bytes, 8), ChannelName.Part(bytes, 16), ChannelName.Part(bytes, 24));
        Assert.True(registers.Is(new ChannelName(Encoding.ASCII.GetBytes(kept))));
        Assert.Equal(kept.Length == 0, registers.IsEmpty);
        Assert.False(registers.Is(new ChannelName("another"u8)));
    }

    /// <summary>Random askers and leavers against a model that knows VMs by number, and who owns which memory.</summary>
    [Fact]
    public void Random_operations_agree_with_a_model_and_no_memory_is_lost()
    {
        Gen.Select(Gen.Int[0, VmCount - 1], Gen.Int[0, VmCount], Gen.Int[0, 9], Gen.Int[1, 2]).Array[0, 120].Sample(operations =>
        {
            (ChannelTable table, ChannelPort[] vms) = Make();
            Dictionary<(int Vm, int End), (int Peer, ulong Size, int State, ulong Memory)> model = [];
            HashSet<ulong> memories = [];
            ulong lastMemory = 0;
            foreach ((int vm, int peer, int what, int pages) in operations)
            {
                if (what < 7)
                {
                    ulong size = (ulong)pages * Page;
                    ChannelName name = peer == VmCount ? new ChannelName("nobody"u8) : vms[peer].Name;
                    ulong result = table.Ask(vms[vm], name, size, out int end, out ChannelPort? other, out int otherEnd);
                    bool mine = model.Any(pair => pair.Key.Vm == vm && pair.Value.Peer == peer);
                    KeyValuePair<(int Vm, int End), (int Peer, ulong Size, int State, ulong Memory)>[] theirs =
                        [.. model.Where(pair => pair.Key.Vm == peer && pair.Value.Peer == vm && pair.Value.State == 1)];
                    ulong expected = vm == peer ? VendorResult.InvalidParameter
                        : mine ? VendorResult.AlreadyThere
                        : theirs.Length == 0 ? VendorResult.Waiting
                        : theirs[0].Value.Size == size ? VendorResult.Success : VendorResult.SizeDiffers;
                    Assert.Equal(expected, result);
                    if (result is VendorResult.Waiting)
                    {
                        model.Add((vm, end), (peer, size, 1, 0));
                    }
                    else if (result is VendorResult.Success && what == 0)
                    {
                        Assert.False(table.Leave(vms[vm], end, out _)); // no memory for it
                    }
                    else if (result is VendorResult.Success)
                    {
                        Assert.Same(vms[peer], other);
                        Assert.Equal(theirs[0].Key, (peer, otherEnd));
                        memories.Add(++lastMemory);
                        table.Pair(vms[vm], end, other!, otherEnd, lastMemory);
                        model.Add((vm, end), (peer, size, 2, lastMemory));
                        model[(peer, otherEnd)] = (vm, size, 2, lastMemory);
                    }
                }
                else
                {
                    int end = (peer + what) % ChannelTable.EndsPerVm;
                    bool isFree = table.Leave(vms[vm], end, out ChannelEnd left);
                    model.Remove((vm, end), out (int Peer, ulong Size, int State, ulong Memory) was);
                    Assert.Equal((was.State, was.Memory), ((int)left.State, left.Memory));
                    Assert.Equal(was.State == 3, isFree);
                    if (isFree)
                    {
                        Assert.True(memories.Remove(left.Memory));
                    }
                    else if (was.State == 2)
                    {
                        (int Vm, int End) key = model.Single(pair => pair.Value.Memory == was.Memory).Key;
                        Assert.Equal(key, (was.Peer, left.OtherEnd));
                        model[key] = model[key] with { State = 3 };
                    }
                }

                for (int i = 0; i < VmCount; i++)
                {
                    for (int end = 0; end < ChannelTable.EndsPerVm; end++)
                    {
                        model.TryGetValue((i, end), out (int Peer, ulong Size, int State, ulong Memory) expected);
                        ref ChannelEnd real = ref vms[i].Ends[end];
                        Assert.Equal((expected.State, expected.Size, expected.Memory), ((int)real.State, real.Size, real.Memory));
                    }
                }
            }

            for (int i = 0; i < VmCount; i++)
            {
                for (int end = 0; end < ChannelTable.EndsPerVm; end++)
                {
                    if (table.Leave(vms[i], end, out ChannelEnd left))
                    {
                        Assert.True(memories.Remove(left.Memory));
                    }
                }
            }

            Assert.Empty(memories);
        });
    }

    private static (ChannelTable Table, ChannelPort[] Vms) Make()
    {
        ChannelTable table = new(VmCount);
        ChannelPort[] vms = [.. Enumerable.Range(0, VmCount).Select(i => new ChannelPort(new ChannelName(Encoding.ASCII.GetBytes($"vm{i}"))))];
        Assert.All(vms, vm => Assert.True(table.TryAdd(vm)));
        Assert.False(table.TryAdd(new ChannelPort(default)));
        return (table, vms);
    }
}
