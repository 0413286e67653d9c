using System;
using SharpVisor.Network;

namespace SharpVisor.Devices.Virtio;

/// <summary>A frame in a guest's buffers, behind its header.</summary>
internal sealed class GuestFrame : NetworkFrame
{
    private readonly DeviceMemory _memory;

    internal GuestFrame(DeviceMemory memory, int capacity)
    {
        _memory = memory;
        Chain = new DescriptorChain(capacity);
    }

    /// <summary>Its buffers.</summary>
    internal DescriptorChain Chain { get; }

    /// <summary>Looks at what was taken into the chain.</summary>
    /// <param name="start">Where its first bytes are put.</param>
    /// <returns>How many that are; 0 where there is no whole header; -1 where it is outside RAM.</returns>
    internal int Open(Span<byte> start)
    {
        if (Chain.Readable <= FrameOffload.Size)
        {
            return 0;
        }

        Span<byte> header = stackalloc byte[FrameOffload.Size];
        if (!Chain.TryRead(_memory, header))
        {
            return -1;
        }

        Offload = FrameOffload.Read(header);
        uint length = Chain.Readable;
        SetLength(length);
        start = start.Slice(0, (int)Math.Min(length, (uint)start.Length));
        return Chain.TryRead(_memory, start) ? start.Length : -1;
    }

    /// <inheritdoc/>
    protected override void Rewind() => Chain.ReadFrom(FrameOffload.Size);

    /// <inheritdoc/>
    protected override bool TryTake(Span<byte> destination) => Chain.TryRead(_memory, destination);
}
