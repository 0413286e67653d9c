namespace SharpVisor.Storage;

/// <summary>A part of a disk.</summary>
public readonly struct Partition
{
    /// <summary>Names a part of a disk.</summary>
    public Partition(ulong firstSector, ulong sectorCount)
    {
        FirstSector = firstSector;
        SectorCount = sectorCount;
    }

    /// <summary>Its first sector on the disk.</summary>
    public ulong FirstSector { get; }

    /// <summary>Number of its sectors.</summary>
    public ulong SectorCount { get; }
}
