using System;

namespace SharpVisor.Hvctl.Tracing;

/// <summary>Ticks of the machine's counter as the microseconds of a trace viewer.</summary>
/// <param name="Frequency">Ticks in a second.</param>
/// <param name="Start">The counter at time 0.</param>
internal readonly record struct TraceClock(ulong Frequency, ulong Start)
{
    private const double InSecond = 1_000_000;

    /// <summary>A length of time, to the nanosecond.</summary>
    internal double Microseconds(ulong ticks) => Math.Round(ticks * (InSecond / Math.Max(Frequency, 1)), 3);
}
