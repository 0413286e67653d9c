using System;
using System.Globalization;

namespace SharpVisor.Build.Running;

/// <summary>
/// How long to wait for an emulated machine. The limits only end what hangs: each is many times what an idle computer
/// needs, and SHARPVISOR_PATIENCE multiplies them all.
/// </summary>
internal static class Patience
{
    private const string Variable = "SHARPVISOR_PATIENCE";

    private static readonly double s_factor = ReadFactor();

    /// <summary>A guest of ours, from reset to its end.</summary>
    internal static TimeSpan SmallGuest => Seconds(60);

    /// <summary>Linux, from reset to its shell.</summary>
    internal static TimeSpan LinuxBoot => Seconds(180);

    /// <summary>A command in a running Linux.</summary>
    internal static TimeSpan LinuxCommand => Seconds(60);

    /// <summary>A run with counted instructions; Linux is the longest.</summary>
    internal static TimeSpan CountedRun => Seconds(400);

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds * s_factor);

    private static double ReadFactor() =>
        double.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.Float, CultureInfo.InvariantCulture, out double factor)
        && factor >= 1 ? factor : 1;
}
