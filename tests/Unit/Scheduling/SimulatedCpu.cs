namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>A CPU of the simulator.</summary>
internal sealed class SimulatedCpu(int index)
{
    internal int Index { get; } = index;

    internal SimulatedTask? Task { get; set; }

    /// <summary>When it asks the scheduler next.</summary>
    internal ulong LookAt { get; set; } = ulong.MaxValue;
}
