using SharpVisor.Devices;

namespace SharpVisor.Tests.Unit.Devices;

/// <summary>A wall clock that stands still until a test moves it.</summary>
internal sealed class SettableClock : WallClock
{
    internal ulong Time { get; set; } = 1_700_000_000;

    public override ulong Seconds => Time;
}
