namespace SharpVisor.Console;

/// <summary>What there is to say of a CPU of the machine.</summary>
internal struct CpuStatus
{
    /// <summary>MPIDR_EL1 affinity fields.</summary>
    internal ulong Affinity { get; set; }

    /// <summary>Whether it takes part.</summary>
    internal bool IsOnline { get; set; }

    /// <summary>Nanoseconds since it came up.</summary>
    internal ulong UpTime { get; set; }

    /// <summary>Nanoseconds of them in which it had nothing to run.</summary>
    internal ulong IdleTime { get; set; }

    /// <summary>Whether guests' waiting is seen as idle time: not while every VCpu has a CPU of its own and waits there by itself.</summary>
    internal bool IsIdleSeen { get; set; }

    /// <summary>Number of the VM that it runs, 0 where it is idle.</summary>
    internal int Vm { get; set; }

    /// <summary>Index of that VM's VCpu.</summary>
    internal int VCpu { get; set; }

    /// <summary>VCpus that wait for their turn on it.</summary>
    internal int Ready { get; set; }
}
