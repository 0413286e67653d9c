using System;

namespace SharpVisor.Machine.Ram;

/// <summary>
/// Writes whole pages that a guest is about to get, in whatever way is fastest where it runs. What is written can be seen
/// by a guest whose caches are off, and nothing that was there before can be fetched as an instruction any more.
/// </summary>
public abstract class GuestPageWriter
{
    /// <summary>Fills pages with zeros. Touches no SIMD register.</summary>
    /// <param name="address">A multiple of 4 KiB.</param>
    /// <param name="length">Bytes, a multiple of 4 KiB.</param>
    public abstract void Zero(ulong address, ulong length);

    /// <summary>Copies pages, which do not overlap. Touches no SIMD register.</summary>
    /// <param name="destination">A multiple of 4 KiB.</param>
    /// <param name="source">A multiple of 4 KiB.</param>
    /// <param name="length">Bytes, a multiple of 4 KiB.</param>
    public abstract void Copy(ulong destination, ulong source, ulong length);

    /// <summary>What stands in pages from now on can be fetched as instructions, too.</summary>
    /// <param name="address">A multiple of 4 KiB.</param>
    /// <param name="length">Bytes, a multiple of 4 KiB.</param>
    public abstract void Publish(ulong address, ulong length);

    /// <summary>Copies much to any address. May use SIMD registers: only where no guest's state is live in them.</summary>
    public abstract void Load(ulong destination, ReadOnlySpan<byte> source);
}
