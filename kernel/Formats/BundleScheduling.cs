namespace SharpVisor.Formats;

/// <summary>A VM's share of the processors, as a boot bundle defines it.</summary>
public struct BundleScheduling
{
    /// <summary>Weight of a VM that names none.</summary>
    public const uint DefaultWeight = 100;

    /// <summary>Largest weight; the least is 1.</summary>
    public const uint MaximumWeight = 10_000;

    /// <summary>Largest cap, in thousandths of a CPU.</summary>
    public const uint MaximumCap = 1000 * MaximumCpus;

    /// <summary>Longest burst, in microseconds: an hour.</summary>
    public const ulong MaximumBurst = 3_600_000_000;

    /// <summary>CPUs that an affinity set can name: 0 to 63.</summary>
    public const int MaximumCpus = 64;

    /// <summary>Smallest real-time budget, in microseconds.</summary>
    public const uint MinimumBudget = 50;

    /// <summary>Longest real-time period, in microseconds: 10 s.</summary>
    public const uint MaximumPeriod = 10_000_000;

    /// <summary>Every VM that names nothing.</summary>
    public BundleScheduling()
    {
        Weight = DefaultWeight;
    }

    /// <summary>Its part of what is fought over: a VM of weight 200 gets twice what one of 100 gets. 1 to <see cref="MaximumWeight"/>.</summary>
    public uint Weight;

    /// <summary>The most it may take, all VCpus together, in thousandths of a CPU: 250 is a quarter of one CPU. 0: no cap.</summary>
    public uint Cap;

    /// <summary>
    /// CPU time in microseconds that it may save up while it stays below its cap, and spend above it. 0: none. Only
    /// where there is a cap.
    /// </summary>
    public ulong Burst;

    /// <summary>CPUs that it may run on, bit n for CPU n. 0: all.</summary>
    public ulong Cpus;

    /// <summary>CPU time in microseconds that each of its VCpus is given in every <see cref="Period"/>. 0: no real time.</summary>
    public uint Budget;

    /// <summary>Real-time period in microseconds, at least the budget. 0 where there is no budget.</summary>
    public uint Period;

    /// <summary>Whether all numbers are in their ranges and fit together.</summary>
    public readonly bool IsSound =>
        Weight is >= 1 and <= MaximumWeight
        && Cap <= MaximumCap
        && Burst <= MaximumBurst && (Burst == 0 || Cap != 0)
        && Period <= MaximumPeriod
        && (Budget == 0 ? Period == 0 : Budget >= MinimumBudget && Period >= Budget);
}
