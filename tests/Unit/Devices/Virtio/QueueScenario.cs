using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Devices.Virtio;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>
/// A model driver and a device at the two ends of a queue, each doing something at random: requests of all shapes go in,
/// come out whole, are answered in any order, and every notification and interrupt that is due is there.
/// </summary>
internal sealed class QueueScenario
{
    internal const ulong RamStart = 0x4000_0000;
    private const int RamSize = 1 << 20;
    private const ulong RingArea = RamStart + 0x1000;
    private const ulong TableArea = RamStart + 0x2_0000;
    private const ulong DataArea = RamStart + 0x8_0000;
    private const int BufferSize = 40;
    private const int MostBuffers = 12;

    private readonly Random _random;
    private readonly ulong _features;
    private readonly ModelDriver _driver;
    private readonly Dictionary<int, Request> _requests = [];
    private readonly Queue<ulong> _freeData = new();
    private readonly List<Request> _taken = [];
    private long _used;
    private long _published;
    private bool _isWatched;

    internal QueueScenario(ulong features, int size, int seed)
    {
        _random = new Random(seed);
        _features = features;
        bool hasEventIndex = (features & VirtioFeatures.EventIndex) != 0;
        _driver = (features & VirtioFeatures.PackedRing) != 0
            ? new ModelPackedDriver(Memory, RingArea, size, TableArea, hasEventIndex, seed)
            : new ModelSplitDriver(Memory, RingArea, size, TableArea, hasEventIndex, seed);
        for (int i = 0; i < size; i++)
        {
            _freeData.Enqueue(DataArea + (ulong)(i * MostBuffers * BufferSize));
        }

        Queue = new Virtqueue(Memory, 256);
        Queue.Reset();
        Assert.True(Queue.TryEnable((uint)size, _driver.DescriptorArea, _driver.DriverArea, _driver.DeviceArea, features));
    }

    internal ByteMemory Memory { get; } = new(RamStart, RamSize);

    internal Virtqueue Queue { get; private set; }

    internal DescriptorChain Chain { get; } = new(256);

    internal long Completed { get; private set; }

    internal void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            Step();
        }

        // Everything comes to an end.
        while (TryTake())
        {
        }

        while (_taken.Count != 0)
        {
            Complete();
        }

        Publish();
        while (TryPoll())
        {
        }

        Assert.Empty(_requests);
        Assert.False(Queue.IsBroken);
        Assert.Equal(0, Memory.Refused);
    }

    internal void Step()
    {
        switch (_random.Next(10))
        {
            case 0 or 1 or 2:
                Add(_random.Next(1, 4));
                break;
            case 3 or 4:
                TryTake();
                break;
            case 5 or 6:
                Complete();
                break;
            case 7:
                Publish();
                break;
            case 8:
                if (_random.Next(2) == 0)
                {
                    _driver.WantInterrupt(_random.Next(2) == 0, _random.Next(_driver.Size));
                }
                else
                {
                    TryPoll();
                }

                break;
            default:
                if (_random.Next(8) == 0)
                {
                    TakeAndPutBack();
                }
                else if (_random.Next(8) == 0)
                {
                    SaveAndRestore();
                }
                else
                {
                    Watch();
                }

                break;
        }
    }

    /// <summary>The driver adds up to so many requests, and then looks whether a notification is due.</summary>
    private void Add(int count)
    {
        int added = 0;
        for (int i = 0; i < count; i++)
        {
            int buffers = _random.Next(1, MostBuffers + 1);
            int direct = (_features & VirtioFeatures.IndirectDescriptors) == 0 || _random.Next(2) == 0 ? buffers
                : _random.Next(2) == 0 ? 0 : _random.Next(Math.Min(buffers, _driver.Size));
            if (direct == buffers)
            {
                direct = buffers = Math.Min(buffers, _driver.Size);
            }

            Request request = Request.Make(_random, buffers, direct);
            if (_driver.PlacesOf(request.Buffers, direct) > _driver.Free)
            {
                break;
            }

            request.Lay(Memory, _freeData.Dequeue());
            request.Id = _driver.Add(request.Buffers, direct);
            request.Places = (_features & VirtioFeatures.PackedRing) != 0 ? _driver.PlacesOf(request.Buffers, direct) : 1;
            _requests.Add(request.Id, request);
            added++;
        }

        bool mustNotify = _driver.MustNotify();
        if (_isWatched && added != 0)
        {
            Assert.True(mustNotify);
        }

        _isWatched &= added == 0;
    }

    private bool TryTake()
    {
        if (!Queue.TryTake(Chain))
        {
            Assert.False(Queue.IsBroken);
            return false;
        }

        Request request = Identify();
        byte[] read = new byte[Chain.Readable];
        SplitRead(read);
        Assert.Equal(request.Readable, read);
        Assert.Equal((uint)request.WritableLength, Chain.Writable);
        byte[] answer = new byte[_random.Next(request.WritableLength + 1)];
        _random.NextBytes(answer);
        int half = _random.Next(answer.Length + 1);
        Assert.True(Chain.TryWrite(Memory, answer.AsSpan(0, half)));
        Assert.True(Chain.TryWrite(Memory, answer.AsSpan(half)));
        Assert.Equal((uint)answer.Length, Chain.Written);
        request.Answer = answer;
        request.Ticket = Chain.Ticket;
        _taken.Add(request);
        return true;
    }

    private void SplitRead(byte[] into)
    {
        int half = _random.Next(into.Length + 1);
        Assert.True(Chain.TryRead(Memory, into.AsSpan(0, half)));
        Assert.True(Chain.TryRead(Memory, into.AsSpan(half)));
        Assert.False(Chain.TryRead(Memory, new byte[1]));
    }

    private Request Identify()
    {
        Request request = _requests[Chain.Ticket.Id];
        Assert.Equal(request.Buffers.Count, Chain.Count);
        Assert.Equal(request.Places, Chain.Ticket.Slots);
        return request;
    }

    private void TakeAndPutBack()
    {
        if (Queue.TryTake(Chain))
        {
            Identify();
            Queue.PutBack(Chain.Ticket);
        }
    }

    private void Complete()
    {
        if (_taken.Count != 0)
        {
            Request request = _taken[_random.Next(_taken.Count)];
            _taken.Remove(request);
            Queue.Complete(request.Ticket, (uint)request.Answer.Length);
            _used += request.Places;
            Completed++;
        }
    }

    private void Publish()
    {
        Queue.Publish();
        Assert.Equal(_driver.MustInterrupt(_published, _used), Queue.WantsInterrupt);
        Queue.WantsInterrupt = false;
        _published = _used;
    }

    private bool TryPoll()
    {
        if (!_driver.TryGetUsed(out int id, out uint written))
        {
            return false;
        }

        Request request = _requests[id];
        Assert.DoesNotContain(request, _taken);
        Assert.Equal((uint)request.Answer.Length, written);
        request.Check(Memory);
        _freeData.Enqueue(request.Data);
        _requests.Remove(id);
        return true;
    }

    /// <summary>With nothing left to take, the next request must be told.</summary>
    private void Watch()
    {
        if (_random.Next(2) == 0)
        {
            Queue.Ignore();
            _isWatched = false;
            return;
        }

        _driver.MustNotify();
        Queue.Watch();
        _isWatched = !TryTake();
    }

    /// <summary>Only with nothing taken; what the driver sees stays as it is.</summary>
    private void SaveAndRestore()
    {
        if (_taken.Count != 0 || _published != _used)
        {
            return;
        }

        ulong[] words = new ulong[8];
        StateWriter writer = new(words);
        Queue.Save(ref writer);
        Assert.True(writer.IsComplete);
        StateReader reader = new(words);
        Queue = new Virtqueue(Memory, 256);
        Assert.True(Queue.TryRestore(ref reader, _features));
    }

    private sealed class Request
    {
        private byte[] _before = [];

        internal List<ModelBuffer> Buffers { get; } = [];

        internal int Id { get; set; }

        internal int Places { get; set; }

        internal ulong Data { get; private set; }

        internal byte[] Readable { get; private set; } = [];

        internal int WritableLength => Buffers.Where(buffer => buffer.IsWritable).Sum(buffer => (int)buffer.Length);

        internal byte[] Answer { get; set; } = [];

        internal QueueTicket Ticket { get; set; }

        internal static Request Make(Random random, int buffers, int direct)
        {
            Request request = new() { _before = new byte[MostBuffers * BufferSize] };
            random.NextBytes(request._before);
            int readable = random.Next(buffers + 1);
            for (int i = 0; i < buffers; i++)
            {
                request.Buffers.Add(new ModelBuffer((ulong)(i * BufferSize), (uint)random.Next(BufferSize + 1), i >= readable));
            }

            return request;
        }

        internal void Lay(ByteMemory memory, ulong data)
        {
            Data = data;
            _before.CopyTo(memory.Bytes, (int)(data - RamStart));
            for (int i = 0; i < Buffers.Count; i++)
            {
                Buffers[i] = Buffers[i] with { Address = data + Buffers[i].Address };
            }

            Readable = [.. Buffers.Where(buffer => !buffer.IsWritable).SelectMany(buffer => Content(memory, buffer))];
        }

        /// <summary>The answer stands at the beginning of what was writable, and nothing else has changed.</summary>
        internal void Check(ByteMemory memory)
        {
            int done = 0;
            foreach (ModelBuffer buffer in Buffers.Where(buffer => buffer.IsWritable))
            {
                int length = Math.Min((int)buffer.Length, Answer.Length - done);
                Answer.AsSpan(done, length).CopyTo(_before.AsSpan((int)(buffer.Address - Data)));
                done += length;
            }

            Assert.Equal(_before, memory.Bytes.AsSpan((int)(Data - RamStart), _before.Length).ToArray());
        }

        private static byte[] Content(ByteMemory memory, ModelBuffer buffer) =>
            memory.Bytes.AsSpan((int)(buffer.Address - RamStart), (int)buffer.Length).ToArray();
    }
}
