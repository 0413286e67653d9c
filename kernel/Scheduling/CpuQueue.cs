namespace SharpVisor.Scheduling;

/// <summary>What a CPU has to run.</summary>
internal sealed class CpuQueue
{
    /// <summary>Entities with a reservation that wait, by deadline.</summary>
    internal EntityList RealTime;

    /// <summary>Entities without one that wait, by virtual deadline.</summary>
    internal EntityList Waiting;

    /// <summary>Entities whose budget or cap is used up, by the time at which it is filled again.</summary>
    internal EntityList Throttled;

    /// <summary>The virtual time of those without a reservation that wait or run here.</summary>
    internal VirtualClock Clock;

    /// <summary>What the CPU runs; null while it runs nothing.</summary>
    internal SchedulingEntity? Running;

    /// <summary>The CPU, and its bit.</summary>
    internal readonly int Cpu;

    /// <summary>1 shifted by <see cref="Cpu"/>.</summary>
    internal readonly ulong Bit;

    /// <summary>Utilization that is reserved, in units of 2^-20.</summary>
    internal ulong Reserved;

    /// <summary>When the balance with other CPUs is looked at again.</summary>
    internal ulong NextBalance;

    /// <summary>CPUs with whose virtual time this one's is not compared yet since it last had nothing to compete for.</summary>
    internal ulong Unrelated;

    /// <summary>The CPU to which what runs here is to go at the next look, to make room; −1 where it may stay.</summary>
    internal int SendTo = -1;

    internal CpuQueue(int cpu)
    {
        Cpu = cpu;
        Bit = 1ul << cpu;
        Unrelated = ulong.MaxValue;
    }

    /// <summary>Whether there is nothing to run.</summary>
    internal bool IsIdle => Running == null && Waiting.Count == 0 && RealTime.Count == 0;
}
