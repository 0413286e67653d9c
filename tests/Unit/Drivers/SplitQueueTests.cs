using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Drivers;
using Xunit;

namespace SharpVisor.Tests.Unit.Drivers;

public sealed class SplitQueueTests : IDisposable
{
    private readonly DeviceMemory _memory = new(SplitQueue.MemorySize);

    public void Dispose() => _memory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(SplitQueue.LargestSize)]
    public void Its_parts_fit_the_page_and_are_aligned(int size)
    {
        SplitQueue queue = new(_memory.Address, size);
        Assert.Equal(_memory.Address, queue.DescriptorAddress);
        Assert.Equal(queue.DescriptorAddress + (16ul * (ulong)size), queue.AvailableAddress);
        Assert.True(queue.UsedAddress >= queue.AvailableAddress + 6 + (2ul * (ulong)size));
        Assert.Equal(0ul, queue.UsedAddress % SplitQueue.UsedAlignment);
        Assert.True(queue.UsedAddress + 6 + (8ul * (ulong)size) <= _memory.Address + SplitQueue.MemorySize);
    }

    [Fact]
    public void Chains_go_and_come_back_in_any_order()
    {
        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 5], Gen.UInt).Array[1, 300].Sample(steps =>
        {
            using DeviceMemory memory = new(SplitQueue.MemorySize);
            SplitQueue queue = new(memory.Address, 16);
            ModelQueue device = new(queue);
            Dictionary<uint, VirtioBuffer[]> added = [];
            Queue<uint> order = [];
            List<(int Head, uint Token)> atDevice = [];
            Queue<(uint Token, uint Length)> finished = [];
            uint token = 0;
            int free = 16;
            int unpublished = 0;
            foreach ((int step, int count, uint value) in steps)
            {
                switch (step)
                {
                    case 0:
                        VirtioBuffer[] buffers = [.. Enumerable.Range(0, count).Select(i => new VirtioBuffer(value + (ulong)i, value ^ (uint)i, i > count / 2))];
                        bool isAdded = queue.TryAdd(buffers, token);
                        Assert.Equal(count <= free, isAdded);
                        if (isAdded)
                        {
                            added.Add(token, buffers);
                            order.Enqueue(token++);
                            free -= count;
                            unpublished++;
                        }

                        break;
                    case 1:
                        device.WantsNotification = (value & 1) != 0;
                        Assert.Equal(unpublished != 0 && (value & 1) != 0, queue.Publish());
                        for (; unpublished > 0; unpublished--)
                        {
                            Assert.True(device.TryPop(out int head, out List<VirtioBuffer> seen));
                            uint next = order.Dequeue();
                            Assert.Equal(added[next], seen);
                            atDevice.Add((head, next));
                        }

                        Assert.False(device.TryPop(out _, out _));
                        break;
                    case 2 when atDevice.Count != 0:
                        int place = (int)(value % (uint)atDevice.Count);
                        device.Push((uint)atDevice[place].Head, value);
                        finished.Enqueue((atDevice[place].Token, value));
                        atDevice.RemoveAt(place);
                        break;
                    case 3:
                        Assert.Equal(finished.Count != 0, queue.TryTake(out uint taken, out uint length));
                        if (finished.TryDequeue(out (uint Token, uint Length) expected))
                        {
                            Assert.Equal(expected, (taken, length));
                            free += added[taken].Length;
                        }

                        break;
                }

                Assert.Equal(free, queue.FreeCount);
            }
        }, iter: 500);
    }

    [Fact]
    public void Indices_go_round()
    {
        SplitQueue queue = new(_memory.Address, 4);
        ModelQueue device = new(queue);
        for (uint i = 0; i < 70_000; i++)
        {
            Assert.True(queue.TryAdd(i, 1, isForDevice: true, i));
            queue.Publish();
            Assert.True(device.TryPop(out int head, out List<VirtioBuffer> buffers));
            Assert.Equal(i, buffers[0].Address);
            device.Push((uint)head, i);
            Assert.True(queue.TryTake(out uint token, out uint length));
            Assert.Equal((i, i), (token, length));
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1)]
    [InlineData(uint.MaxValue)]
    public void A_device_that_gives_back_what_it_did_not_get_breaks_the_queue(uint head)
    {
        SplitQueue queue = new(_memory.Address, 4);
        ModelQueue device = new(queue);
        queue.TryAdd(0, 1, isForDevice: true, 9);
        queue.Publish();
        device.Push(head, 0);
        Assert.False(queue.TryTake(out _, out _));
        Assert.True(queue.IsBroken);
        Assert.False(queue.TryTake(out _, out _));
    }

    [Fact]
    public void An_interrupt_is_asked_for_without_missing_what_came_before()
    {
        SplitQueue queue = new(_memory.Address, 4);
        ModelQueue device = new(queue);
        queue.DisableInterrupt();
        Assert.False(device.WantsInterrupt);
        Assert.True(queue.TryEnableInterrupt());
        Assert.True(device.WantsInterrupt);
        queue.TryAdd(0, 1, isForDevice: true, 9);
        queue.Publish();
        device.TryPop(out int head, out _);
        device.Push((uint)head, 0);
        Assert.False(queue.TryEnableInterrupt());
        Assert.True(queue.TryTake(out _, out _));
        Assert.True(queue.TryEnableInterrupt());
    }

    [Fact]
    public void An_empty_chain_is_none()
    {
        SplitQueue queue = new(_memory.Address, 4);
        Assert.False(queue.TryAdd([], 0));
        Assert.False(queue.Publish());
    }
}
