namespace SharpVisor.Cpu;

/// <summary>
/// Builds the value that a guest sees of an ID register out of the hardware's: a field that no row names is 0,
/// which in an unsigned field means that the feature is not there.
/// </summary>
internal struct FieldFilter
{
    private const ulong FieldMask = 0xf;

    private readonly ulong _raw;
    private ulong _seen;

    /// <summary>Starts with nothing of <paramref name="raw"/> visible.</summary>
    internal FieldFilter(ulong raw)
    {
        _raw = raw;
        _seen = 0;
    }

    /// <summary>What the guest sees.</summary>
    internal readonly ulong Value => _seen;

    /// <summary>The hardware's value of the four-bit field at <paramref name="shift"/>.</summary>
    internal readonly ulong Raw(int shift) => _raw >> shift & FieldMask;

    /// <summary>The field is as the hardware has it.</summary>
    internal void Keep(int shift) => Set(shift, Raw(shift));

    /// <summary>An unsigned field, at most <paramref name="maximum"/>: later versions need switching that is not done.</summary>
    internal void Limit(int shift, ulong maximum) => Set(shift, Raw(shift) < maximum ? Raw(shift) : maximum);

    /// <summary>A signed field, where 0xf says that the feature is not there: at most <paramref name="maximum"/>.</summary>
    internal void LimitSigned(int shift, ulong maximum) => Set(shift, Raw(shift) >= 8 || Raw(shift) < maximum ? Raw(shift) : maximum);

    /// <summary>The field is <paramref name="value"/>, 0 to 15, whatever the hardware says.</summary>
    internal void Set(int shift, ulong value) => _seen = (_seen & ~(FieldMask << shift)) | (value << shift);
}
