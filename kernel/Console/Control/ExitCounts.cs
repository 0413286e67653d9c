namespace SharpVisor.Console;

/// <summary>Exits by reason since the VCpu's first start.</summary>
internal unsafe struct ExitCounts
{
    private fixed ulong _counts[(int)ExitReason.Count];

    /// <summary>Number of exits for a reason.</summary>
    internal ulong this[ExitReason reason]
    {
        readonly get => _counts[(int)reason];
        set => _counts[(int)reason] = value;
    }

    /// <summary>Number of exits for all reasons.</summary>
    internal readonly ulong Total
    {
        get
        {
            ulong sum = 0;
            for (int i = 0; i < (int)ExitReason.Count; i++)
            {
                sum += _counts[i];
            }

            return sum;
        }
    }

    /// <summary>Adds another VCpu's.</summary>
    internal void Add(in ExitCounts other)
    {
        for (int i = 0; i < (int)ExitReason.Count; i++)
        {
            _counts[i] += other._counts[i];
        }
    }

    /// <summary>What was added since an earlier reading; 0 where a count has gone back (the VM was made anew).</summary>
    internal readonly ExitCounts Since(in ExitCounts earlier)
    {
        ExitCounts difference = default;
        for (int i = 0; i < (int)ExitReason.Count; i++)
        {
            difference._counts[i] = _counts[i] < earlier._counts[i] ? 0 : _counts[i] - earlier._counts[i];
        }

        return difference;
    }
}
