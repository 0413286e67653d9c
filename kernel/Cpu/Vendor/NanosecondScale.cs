namespace SharpVisor.Cpu;

/// <summary>
/// Ticks of a counter as nanoseconds, without a division: for the way into a guest. The result is at most one nanosecond
/// in 2^32 ticks too small, and never falls while ticks grow.
/// </summary>
public readonly struct NanosecondScale
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    private readonly ulong _whole;
    private readonly ulong _fraction; // in 2^-32

    /// <summary>Makes the scale of a counter.</summary>
    /// <param name="frequency">Its ticks in a second, less than 2^32; 0, as an unset CNTFRQ_EL0 says, gives 0 always.</param>
    public NanosecondScale(ulong frequency)
    {
        if (frequency != 0)
        {
            _whole = NanosecondsPerSecond / frequency;
            _fraction = (NanosecondsPerSecond % frequency << 32) / frequency;
        }
    }

    /// <summary>Nanoseconds of a number of ticks.</summary>
    public ulong Convert(ulong ticks) =>
        (ticks * _whole) + ((ticks >> 32) * _fraction) + (((ticks & uint.MaxValue) * _fraction) >> 32);
}
