namespace SharpVisor.Console;

/// <summary>What there is to say of a VCpu.</summary>
internal struct VCpuStatus
{
    /// <summary>What it does at the moment.</summary>
    internal VCpuState State { get; set; }

    /// <summary>The CPU that runs it or ran it last; -1 for none.</summary>
    internal int Cpu { get; set; }

    /// <summary>Nanoseconds that it has run since its VM was started.</summary>
    internal ulong RunTime { get; set; }

    /// <summary>Nanoseconds that it could have run and waited for its turn (the guest's stolen time).</summary>
    internal ulong StolenTime { get; set; }

    /// <summary>Exits by reason.</summary>
    internal ExitCounts Exits { get; set; }
}
