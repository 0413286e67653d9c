using System;

namespace SharpVisor.Devices;

/// <summary>Random numbers that nobody can tell from their neighbours.</summary>
/// <remarks>Several VCpus call at once; an implementation does its own locking, and never waits for entropy.</remarks>
public abstract class RandomSource
{
    /// <summary>Fills a span.</summary>
    public abstract void Fill(Span<byte> destination);
}
