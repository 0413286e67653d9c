using SharpVisor.Console;

namespace SharpVisor.Hvctl.Watching;

/// <summary>What a VCpu, or all of a VM, did between two looks.</summary>
/// <param name="CpuPercent">Time that it ran, in percent of one CPU.</param>
/// <param name="StolenPercent">Time that it waited for its turn, likewise.</param>
/// <param name="Exits">Exits by reason.</param>
/// <param name="Seconds">The time between the looks.</param>
internal readonly record struct Usage(double CpuPercent, double StolenPercent, ExitCounts Exits, double Seconds)
{
    /// <summary>Exits a second for a reason.</summary>
    internal double Rate(ExitReason reason) => Seconds > 0 ? Exits[reason] / Seconds : 0;

    /// <summary>Exits a second.</summary>
    internal double TotalRate => Seconds > 0 ? Exits.Total / Seconds : 0;

    /// <summary>Adds another VCpu's.</summary>
    internal Usage Plus(in Usage other)
    {
        ExitCounts sum = Exits;
        sum.Add(other.Exits);
        return new Usage(CpuPercent + other.CpuPercent, StolenPercent + other.StolenPercent, sum, other.Seconds);
    }
}
