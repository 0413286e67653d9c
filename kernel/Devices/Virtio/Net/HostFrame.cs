using System;

namespace SharpVisor.Devices.Virtio;

/// <summary>A frame in memory of the hypervisor's.</summary>
public sealed class HostFrame : NetworkFrame
{
    private readonly byte[] _bytes;
    private int _next;

    /// <summary>Makes one without bytes.</summary>
    /// <param name="bytes">Where it will be.</param>
    public HostFrame(byte[] bytes) => _bytes = bytes;

    /// <summary>Where its bytes are put before <see cref="Open"/>.</summary>
    public Span<byte> Room => _bytes;

    /// <summary>Says how long it is.</summary>
    public void Open(int length)
    {
        SetLength((uint)length);
        Begin(0, false);
    }

    /// <inheritdoc/>
    protected override void Rewind() => _next = 0;

    /// <inheritdoc/>
    protected override bool TryTake(Span<byte> destination)
    {
        _bytes.AsSpan(_next, destination.Length).CopyTo(destination);
        _next += destination.Length;
        return true;
    }
}
