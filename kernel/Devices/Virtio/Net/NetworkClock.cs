namespace SharpVisor.Devices.Virtio;

/// <summary>Time, for rates, for forgetting and for captures.</summary>
public abstract class NetworkClock
{
    /// <summary>Ticks in a second, at most 10^9.</summary>
    public abstract ulong Frequency { get; }

    /// <summary>Ticks since some begin.</summary>
    public abstract ulong Now { get; }
}
