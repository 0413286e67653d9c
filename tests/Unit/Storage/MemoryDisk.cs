using System;
using SharpVisor.Storage;

namespace SharpVisor.Tests.Unit.Storage;

/// <summary>A disk in memory, with a sector that may be bad.</summary>
internal sealed class MemoryDisk(byte[] content) : SectorSource
{
    /// <summary>The sector that can't be read.</summary>
    internal ulong? BadSector { get; set; }

    /// <summary>Number of reads.</summary>
    internal int Reads { get; private set; }

    internal byte[] Content { get; } = content;

    public override ulong SectorCount => (ulong)Content.Length / SectorSize;

    public override bool TryRead(ulong sector, Span<byte> destination)
    {
        Reads++;
        ulong count = (ulong)destination.Length / SectorSize;
        if (destination.Length == 0 || destination.Length % SectorSize != 0)
        {
            throw new ArgumentException("not a number of sectors", nameof(destination));
        }

        if (sector >= SectorCount || count > SectorCount - sector || (BadSector is ulong bad && bad >= sector && bad - sector < count))
        {
            return false;
        }

        Content.AsSpan((int)(sector * SectorSize), destination.Length).CopyTo(destination);
        return true;
    }
}
