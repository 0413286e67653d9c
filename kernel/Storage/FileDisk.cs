using System;

namespace SharpVisor.Storage;

/// <summary>
/// A file on a FAT32 or exFAT partition as a disk. Where its pieces are is known from when it was opened; sectors are read and
/// written in place. The file never grows, and neither its length nor its times change.
/// </summary>
public sealed class FileDisk : Disk
{
    private readonly Disk _disk;
    private readonly FilePiece[] _pieces;

    /// <summary>Makes a disk of a file.</summary>
    /// <param name="disk">The whole disk.</param>
    /// <param name="pieces">The file's, in order, not empty, all on the disk.</param>
    /// <param name="sectors">Number of sectors, within the pieces.</param>
    public FileDisk(Disk disk, FilePiece[] pieces, ulong sectors)
    {
        _disk = disk;
        _pieces = pieces;
        Sectors = sectors;
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
    public override ReadOnlySpan<byte> Serial => _disk.Serial;

    /// <inheritdoc/>
    public override bool Submit(DiskRequest request)
    {
        if (request.Operation is DiskOperation.Discard or DiskOperation.WriteZeroes)
        {
            request.Status = DiskStatus.Unsupported;
            return true;
        }

        if (request.Operation != DiskOperation.Flush)
        {
            if (request.Sectors == 0 || !Contains(request.Sector, request.Sectors) || Find(request.Sector, out ulong place) < request.Sectors)
            {
                request.Status = DiskStatus.Error;
                return true;
            }

            request.Sector = place;
        }

        return _disk.Submit(request);
    }

    /// <inheritdoc/>
    public override DiskPlace Locate(ulong sector, uint sectors, bool isWrite, out ulong address, out uint run)
    {
        address = 0;
        run = sectors;
        if (sectors == 0 || !Contains(sector, sectors))
        {
            return DiskPlace.NoRoom;
        }

        uint here = (uint)Math.Min(sectors, Find(sector, out ulong place));
        return _disk.Locate(place, here, isWrite, out address, out run);
    }

    /// <summary>Where a sector of the file is on the disk, and how many follow it there, itself counted.</summary>
    private ulong Find(ulong sector, out ulong place)
    {
        int low = 0;
        int high = _pieces.Length;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            if (_pieces[middle].Start <= sector)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        ulong end = low + 1 < _pieces.Length ? _pieces[low + 1].Start : Sectors;
        place = _pieces[low].Place + (sector - _pieces[low].Start);
        return end - sector;
    }
}
