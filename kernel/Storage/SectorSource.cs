using System;

namespace SharpVisor.Storage;

/// <summary>Something that sectors can be read from.</summary>
public abstract class SectorSource
{
    /// <summary>Bytes of a sector.</summary>
    public const int SectorSize = 512;

    /// <summary>Number of sectors.</summary>
    public abstract ulong SectorCount { get; }

    /// <summary>Reads sectors that follow each other.</summary>
    /// <param name="sector">The first one.</param>
    /// <param name="destination">A multiple of <see cref="SectorSize"/> bytes, at least one.</param>
    /// <returns>False where the device could not, or has no such sectors: then the destination holds anything.</returns>
    public abstract bool TryRead(ulong sector, Span<byte> destination);
}
