namespace SharpVisor.Scheduling;

/// <summary>
/// The virtual time of a set of competitors: the mean of their virtual times, each counted by its weight. Whoever
/// stands before it has had less than its share, whoever stands after it more; that mean moves as fast as a
/// competitor that gets exactly its share.
/// </summary>
/// <remarks>
/// Kept as a whole number and a sum, so nothing is lost by rounding however often competitors come and go:
/// Σ weight · (virtual time − <see cref="Now"/>) = sum, and 0 ≤ sum &lt; <see cref="Weight"/> once <see cref="Now"/>
/// was read; the division waits until then. It follows that as long as there are competitors, one of them is not after
/// <see cref="Now"/>. Virtual times wrap round: only differences mean anything.
/// </remarks>
internal struct VirtualClock
{
    // Far from overflow, whatever is added next.
    private const long LargestSum = 1L << 60;

    private long _sum;
    private ulong _now;

    /// <summary>The virtual time, rounded down: 2^<see cref="UnitBits"/> units are a tick of service at weight 1.</summary>
    internal ulong Now
    {
        get
        {
            if ((ulong)_sum >= (ulong)Weight)
            {
                Settle();
            }

            return _now;
        }
    }

    /// <summary>Sum of the competitors' weights.</summary>
    internal long Weight { get; private set; }

    /// <summary>Fraction bits of virtual times.</summary>
    internal const int UnitBits = 20;

    /// <summary>Takes a competitor in.</summary>
    internal void Join(ulong virtualTime, uint weight)
    {
        Weight += weight;
        _sum += (long)(virtualTime - _now) * weight;
    }

    /// <summary>Takes a competitor out.</summary>
    internal void Leave(ulong virtualTime, uint weight)
    {
        Weight -= weight;
        _sum -= (long)(virtualTime - _now) * weight;
    }

    /// <summary>A competitor's virtual time has grown.</summary>
    /// <param name="growth">By how much, times its weight; below 2^56.</param>
    internal void Advance(ulong growth)
    {
        _sum += (long)growth;
        if (_sum >= LargestSum)
        {
            Settle();
        }
    }

    /// <summary>Lets time pass while there are no competitors.</summary>
    internal void Skip(ulong time)
    {
        _sum = 0;
        _now += time;
    }

    // Brings the whole part of the mean over.
    private void Settle()
    {
        if (Weight == 0)
        {
            _sum = 0;
            return;
        }

        long whole = _sum / Weight;
        long rest = _sum - (whole * Weight);
        if (rest < 0)
        {
            whole--;
            rest += Weight;
        }

        _now += (ulong)whole;
        _sum = rest;
    }
}
