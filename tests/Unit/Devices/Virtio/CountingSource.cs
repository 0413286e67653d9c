using System;
using SharpVisor.Devices;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>"Random" bytes that a test knows: 1, 2, 3, ... without 0.</summary>
internal sealed class CountingSource : RandomSource
{
    private byte _next = 1;

    public override void Fill(Span<byte> destination)
    {
        foreach (ref byte one in destination)
        {
            one = _next;
            _next = (byte)(_next == 255 ? 1 : _next + 1);
        }
    }
}
