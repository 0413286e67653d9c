namespace SharpVisor.Scheduling;

/// <summary>
/// The virtual time of a set of competitors: the mean of their virtual times, each counted by its weight. Whoever
/// stands before it has had less than its share, whoever stands after it more; that mean moves as fast as a
/// competitor that gets exactly its share.
/// </summary>
/// <remarks>
/// Kept as a whole number and a remainder, so nothing is lost by rounding however often competitors come and go:
/// Σ weight · (virtual time − <see cref="Now"/>) = remainder, and 0 ≤ remainder &lt; <see cref="Weight"/>. It follows
/// that as long as there are competitors, one of them is not after <see cref="Now"/>. Virtual times wrap round:
/// only differences mean anything.
/// </remarks>
internal struct VirtualClock
{
    private long _remainder;

    /// <summary>The virtual time, rounded down: 2^<see cref="UnitBits"/> units are a tick of service at weight 1.</summary>
    internal ulong Now { get; private set; }

    /// <summary>Sum of the competitors' weights.</summary>
    internal long Weight { get; private set; }

    /// <summary>Fraction bits of virtual times.</summary>
    internal const int UnitBits = 20;

    /// <summary>Takes a competitor in.</summary>
    internal void Join(ulong virtualTime, uint weight)
    {
        Weight += weight;
        Add((long)(virtualTime - Now) * weight);
    }

    /// <summary>Takes a competitor out.</summary>
    internal void Leave(ulong virtualTime, uint weight)
    {
        Weight -= weight;
        Add(-((long)(virtualTime - Now) * weight));
    }

    /// <summary>A competitor's virtual time has grown.</summary>
    /// <param name="growth">By how much, times its weight; not negative.</param>
    internal void Advance(ulong growth) => Add((long)growth);

    /// <summary>Lets time pass while there are no competitors.</summary>
    internal void Skip(ulong time) => Now += time;

    private void Add(long sum)
    {
        sum += _remainder;
        if (Weight == 0)
        {
            _remainder = 0;
            return;
        }

        long quotient = sum / Weight;
        long remainder = sum - (quotient * Weight);
        if (remainder < 0)
        {
            quotient--;
            remainder += Weight;
        }

        Now += (ulong)quotient;
        _remainder = remainder;
    }
}
