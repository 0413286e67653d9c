using System;

namespace SharpVisor.Devices.Virtio;

/// <summary>The entropy device (virtio 1.2, 5.4): fills the guest's buffers with random bytes.</summary>
public sealed class EntropyDevice : VirtioDevice
{
    private const uint DeviceId = 4;
    private const uint QueueSize = 16;

    // A request may get fewer bytes than it has room for (5.4.6.1): so each is short, and done in one go.
    private const uint MostPerRequest = 256;
    private const int RequestsPerTurn = 8;

    private readonly DeviceMemory _memory;
    private readonly RandomSource _source;
    private readonly DescriptorChain _chain = new((int)QueueSize);
    private ulong _givenBytes;

    /// <summary>Makes a device.</summary>
    public EntropyDevice(DeviceMemory memory, RandomSource source)
        : base(DeviceId, VirtioFeatures.Transport, [new Virtqueue(memory, QueueSize)])
    {
        _memory = memory;
        _source = source;
    }

    /// <summary>Random bytes that the guest has got.</summary>
    public ulong GivenBytes => _givenBytes;

    /// <inheritdoc/>
    public override bool Work(int queue)
    {
        Virtqueue ring = Queues[queue];
        Span<byte> bytes = stackalloc byte[(int)MostPerRequest];
        for (int i = 0; i < RequestsPerTurn; i++)
        {
            if (!ring.TryTakeOrWatch(_chain))
            {
                ring.Publish();
                return true;
            }

            Span<byte> some = bytes.Slice(0, (int)Math.Min(_chain.Writable, MostPerRequest));
            _source.Fill(some);
            if (!_chain.TryWrite(_memory, some))
            {
                ring.Break();
                return true;
            }

            _givenBytes += (uint)some.Length;
            ring.Complete(_chain.Ticket, _chain.Written);
        }

        ring.Publish();
        return false;
    }

    /// <inheritdoc/>
    public override void SuspendQueue(int queue)
    {
    }

    /// <inheritdoc/>
    public override void ResetQueue(int queue)
    {
    }

    /// <inheritdoc/>
    public override void Reset()
    {
    }

    /// <inheritdoc/>
    public override uint ReadConfig(uint index) => 0;

    /// <inheritdoc/>
    public override void Save(ref StateWriter state) => state.Add(_givenBytes);

    /// <inheritdoc/>
    public override bool TryRestore(ref StateReader state)
    {
        _givenBytes = state.Take();
        return true;
    }
}
