namespace SharpVisor.Guests;

/// <summary>Numbers that look random and come again with the same seed (xorshift64*).</summary>
internal struct RandomSource
{
    private ulong _state;

    internal RandomSource(ulong seed) => _state = (seed * 0x9e37_79b9_7f4a_7c15) | 1;

    /// <summary>The next number.</summary>
    internal ulong Next()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return _state * 0x2545_f491_4f6c_dd1d;
    }

    /// <summary>The next number below a limit.</summary>
    internal uint Below(uint limit) => (uint)(Next() >> 33) % limit;

    /// <summary>A number as attackers like them: 0, all ones, a power of two, small, or anything.</summary>
    internal ulong NextNasty()
    {
        ulong value = Next();
        return (value & 7) switch
        {
            0 => 0,
            1 => ulong.MaxValue,
            2 => 1ul << (int)(value >> 8 & 63),
            3 => (1ul << (int)(value >> 8 & 63)) - 1,
            4 => value >> 56,
            5 => (uint)(value >> 20),
            _ => Next(),
        };
    }
}
