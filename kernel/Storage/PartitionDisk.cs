using System;

namespace SharpVisor.Storage;

/// <summary>A part of a disk: what is asked of it goes on to the disk, further back.</summary>
public sealed class PartitionDisk : Disk
{
    private readonly Disk _disk;
    private readonly ulong _first;

    /// <summary>Names a part.</summary>
    /// <param name="disk">The whole.</param>
    /// <param name="partition">All within it, and of whole blocks.</param>
    public PartitionDisk(Disk disk, Partition partition)
    {
        _disk = disk;
        _first = partition.FirstSector;
        Sectors = partition.SectorCount;
    }

    /// <inheritdoc/>
    public override ulong Sectors { get; }

    /// <inheritdoc/>
    public override uint BlockSize => _disk.BlockSize;

    /// <inheritdoc/>
    public override uint PhysicalBlockSize => _disk.PhysicalBlockSize;

    /// <inheritdoc/>
    public override bool IsReadOnly => _disk.IsReadOnly;

    /// <inheritdoc/>
    public override bool CanDiscard => _disk.CanDiscard;

    /// <inheritdoc/>
    public override bool CanWriteZeroes => _disk.CanWriteZeroes;

    /// <inheritdoc/>
    public override uint LongestErase => _disk.LongestErase;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Serial => _disk.Serial;

    /// <inheritdoc/>
    public override bool Submit(DiskRequest request)
    {
        if (request.Operation != DiskOperation.Flush)
        {
            if (!Contains(request.Sector, request.Sectors))
            {
                request.Status = DiskStatus.Error;
                return true;
            }

            request.Sector += _first;
        }

        return _disk.Submit(request);
    }

    /// <inheritdoc/>
    public override DiskPlace Locate(ulong sector, uint sectors, bool isWrite, out ulong address, out uint run)
    {
        address = 0;
        run = sectors;
        return Contains(sector, sectors) ? _disk.Locate(_first + sector, sectors, isWrite, out address, out run) : DiskPlace.NoRoom;
    }
}
