using System;
using SharpVisor.Devices;
using SharpVisor.Devices.Virtio;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>A device for the transport's tests: answers each request with the bytes it asks with, a few at a time.</summary>
internal sealed class EchoDevice : VirtioDevice
{
    internal const ulong OddFeature = 1;
    internal const ulong NeedsOdd = 2;
    private const int RequestsPerTurn = 4;

    private readonly DeviceMemory _memory;
    private readonly DescriptorChain _chain = new(64);

    internal EchoDevice(DeviceMemory memory)
        : base(42, VirtioFeatures.Transport | OddFeature | NeedsOdd, [new Virtqueue(memory, 64), new Virtqueue(memory, 8)])
    {
        _memory = memory;
    }

    internal uint[] Config { get; } = [0x0403_0201, 0x0807_0605, 0];

    internal int Starts { get; private set; }

    internal int Resets { get; private set; }

    internal int QueueResets { get; private set; }

    public override bool Accepts(ulong features) => (features & NeedsOdd) == 0 || (features & OddFeature) != 0;

    public override void Start() => Starts++;

    public override bool Work(int queue)
    {
        Virtqueue ring = Queues[queue];
        byte[] data = new byte[4096];
        for (int i = 0; i < RequestsPerTurn; i++)
        {
            if (!ring.TryTakeOrWatch(_chain))
            {
                ring.Publish();
                return true;
            }

            int length = (int)Math.Min(Math.Min(_chain.Readable, _chain.Writable), (uint)data.Length);
            if (!_chain.TryRead(_memory, data.AsSpan(0, length)) || !_chain.TryWrite(_memory, data.AsSpan(0, length)))
            {
                ring.Break();
                return true;
            }

            ring.Complete(_chain.Ticket, (uint)length);
        }

        ring.Publish();
        return false;
    }

    public override void SuspendQueue(int queue)
    {
    }

    public override void ResetQueue(int queue) => QueueResets++;

    public override void Reset() => Resets++;

    public override uint ReadConfig(uint index) => index < (uint)Config.Length ? Config[index] : 0;

    public override void WriteConfig(uint offset, int size, uint value)
    {
        if (size == 4 && offset / 4 < (uint)Config.Length)
        {
            Config[offset / 4] = value;
        }
    }

    public override void Save(ref StateWriter state) => state.Add(Config[2]);

    public override bool TryRestore(ref StateReader state)
    {
        Config[2] = (uint)state.Take();
        return Config[2] != uint.MaxValue;
    }
}
