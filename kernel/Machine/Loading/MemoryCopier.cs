using System;

namespace SharpVisor.Machine.Loading;

/// <summary>Moves much memory at once, in whatever way is fastest where the loader runs.</summary>
public abstract class MemoryCopier
{
    /// <summary>Copies all of <paramref name="source"/> to the start of <paramref name="destination"/>, which is long enough; they do not overlap.</summary>
    public abstract void Copy(ReadOnlySpan<byte> source, Span<byte> destination);

    /// <summary>Fills memory with zeros.</summary>
    public abstract void Clear(Span<byte> destination);
}
