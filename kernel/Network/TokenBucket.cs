namespace SharpVisor.Network;

/// <summary>A rate with bursts: a bucket that fills at the rate, holds one burst, and pays for what is sent.</summary>
public struct TokenBucket
{
    /// <summary>Largest rate: 100 Gbit/s, in bytes per second.</summary>
    public const ulong LargestRate = 12_500_000_000;

    /// <summary>Largest burst in bytes.</summary>
    public const ulong LargestBurst = 64 << 20;

    private readonly ulong _rate;
    private readonly ulong _frequency;
    private readonly ulong _full; // in bytes times the clock's frequency: so nothing is rounded away
    private ulong _level;
    private ulong _last;

    /// <summary>A full bucket.</summary>
    /// <param name="rate">Bytes in a second, at most <see cref="LargestRate"/>; 0 for no limit.</param>
    /// <param name="burst">Bytes, at most <see cref="LargestBurst"/>.</param>
    /// <param name="frequency">Ticks of the clock in a second, at most 10^9 and not 0.</param>
    /// <param name="now">The clock.</param>
    public TokenBucket(ulong rate, ulong burst, ulong frequency, ulong now)
    {
        _rate = rate;
        _frequency = frequency;
        _full = burst * frequency;
        _level = _full;
        _last = now;
    }

    /// <summary>Pays for bytes. False, with nothing paid, where there is too little in it.</summary>
    public bool TryPay(uint bytes, ulong now)
    {
        if (_rate == 0)
        {
            return true;
        }

        ulong passed = now - _last;
        ulong missing = _full - _level;
        _last = now;
        _level = passed > missing / _rate ? _full : _level + (passed * _rate);
        ulong price = bytes * _frequency;
        if (price > _level)
        {
            return false;
        }

        _level -= price;
        return true;
    }
}
