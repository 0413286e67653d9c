namespace SharpVisor.Devices;

/// <summary>The time of day.</summary>
public abstract class WallClock
{
    /// <summary>Seconds since 1970-01-01 00:00 UTC; never goes backwards.</summary>
    public abstract ulong Seconds { get; }
}
