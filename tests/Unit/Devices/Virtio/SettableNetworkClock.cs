using SharpVisor.Devices.Virtio;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>A clock of 1 MHz that goes when the test says so.</summary>
internal sealed class SettableNetworkClock : NetworkClock
{
    internal ulong Time { get; set; }

    public override ulong Frequency => 1_000_000;

    public override ulong Now => Time;
}
