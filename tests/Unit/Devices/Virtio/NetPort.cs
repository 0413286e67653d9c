using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Devices.Virtio;
using SharpVisor.Network;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>A guest with a network device, as its driver sees it.</summary>
internal sealed class NetPort
{
    internal const ulong RamStart = 0x4000_0000;
    private const int QueueSize = 64;
    private const ulong Data = RamStart + 0x10_0000;

    private readonly ByteMemory _memory = new(RamStart, 8 << 20);
    private readonly ModelDriver[] _queues;
    private readonly Dictionary<int, (ulong Address, int Length)> _buffers = [];
    private readonly Queue<ulong> _room = new();
    private readonly int _bufferSize;
    private readonly ulong _features;

    internal NetPort(NetworkSwitch network, PortSettings settings, ulong features, int bufferSize, int pairs = 1)
    {
        Device = new NetDevice(_memory, network, settings, pairs);
        Assert.True(Device.TryConnect());
        Transport = new TransportUnderTest(Device);
        _features = features | VirtioFeatures.Version1;
        _bufferSize = bufferSize;
        Assert.True(Transport.Negotiate(_features));
        _queues = new ModelDriver[(2 * pairs) + 1];
        for (int i = 0; i < _queues.Length; i++)
        {
            bool isControl = i == 2 * pairs;
            _queues[i] = TransportUnderTest.MakeDriver(_memory, _features, RamStart + (ulong)(i * 0x8000), isControl ? 16 : QueueSize, i);
            _queues[i].WantInterrupt(true, 0);
            Transport.SetUp(i, _queues[i]);
        }

        Transport.Start();
        for (int i = 0; i < 60; i++)
        {
            _room.Enqueue(Data + ((ulong)i * 0x12000));
        }
    }

    internal NetDevice Device { get; }

    internal TransportUnderTest Transport { get; }

    internal ByteMemory Memory => _memory;

    /// <summary>Makes receive buffers available, each cut into pieces.</summary>
    internal void Offer(int count, int pieces = 1, int queue = 0)
    {
        for (int i = 0; i < count; i++)
        {
            ulong address = _room.Dequeue();
            List<ModelBuffer> list = [];
            int piece = _bufferSize / pieces;
            for (int j = 0; j < pieces; j++)
            {
                int length = j == pieces - 1 ? _bufferSize - (piece * j) : piece;
                list.Add(new ModelBuffer(address + (ulong)(piece * j), (uint)length, true));
            }

            _buffers[(queue << 16) | _queues[queue].Add(list, list.Count)] = (address, _bufferSize);
        }
    }

    /// <summary>Sends a frame in some pieces.</summary>
    internal void Send(byte[] frame, FrameOffload offload = default, int pieces = 1, int queue = 1)
    {
        byte[] all = [.. new byte[12], .. frame];
        offload.Write(all, 0);
        ulong address = Data + 0x50_0000;
        all.CopyTo(_memory.Bytes.AsSpan((int)(address - RamStart)));
        List<ModelBuffer> list = [];
        int piece = all.Length / pieces;
        for (int j = 0; j < pieces; j++)
        {
            int length = j == pieces - 1 ? all.Length - (piece * j) : piece;
            list.Add(new ModelBuffer(address + (ulong)(piece * j), (uint)length, false));
        }

        _queues[queue].Add(list, list.Count);
        Transport.Notify(queue);
        Assert.True(_queues[queue].TryGetUsed(out _, out uint written), "a frame was not taken");
        Assert.Equal(0u, written);
    }

    /// <summary>Gives a command to the control queue. Its answer.</summary>
    internal byte Command(byte type, byte command, params byte[] data)
    {
        ulong at = Data + 0x40_0000;
        byte[] all = [type, command, .. data];
        all.CopyTo(_memory.Bytes.AsSpan((int)(at - RamStart)));
        int queue = _queues.Length - 1;
        _queues[queue].Add(TransportUnderTest.Buffers((at, (uint)all.Length, false), (at + 4096, 1, true)), 2);
        Transport.Notify(queue);
        Assert.True(_queues[queue].TryGetUsed(out _, out uint written));
        Assert.Equal(1u, written);
        return _memory.Bytes[(int)(at + 4096 - RamStart)];
    }

    /// <summary>Takes a frame; null where there is none.</summary>
    internal byte[]? Take(out FrameOffload offload, int queue = 0)
    {
        offload = default;
        if (!_queues[queue].TryGetUsed(out int id, out uint written))
        {
            return null;
        }

        List<byte> all = [.. Used(queue, id, written)];
        byte[] header = all.Take(12).ToArray();
        offload = FrameOffload.Read(header);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(10));
        for (int i = 1; i < count; i++)
        {
            Assert.True(_queues[queue].TryGetUsed(out id, out written), "a buffer of a frame is missing");
            all.AddRange(Used(queue, id, written));
        }

        return all.Skip(12).ToArray();
    }

    private byte[] Used(int queue, int id, uint written)
    {
        Assert.True(_buffers.Remove((queue << 16) | id, out (ulong Address, int Length) buffer));
        Assert.InRange((int)written, 1, buffer.Length);
        _room.Enqueue(buffer.Address);
        return _memory.Bytes.AsSpan((int)(buffer.Address - RamStart), (int)written).ToArray();
    }
}
