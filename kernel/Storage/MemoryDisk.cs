namespace SharpVisor.Storage;

/// <summary>A disk in memory: an image of a boot bundle, which is only read, or memory that may be written to.</summary>
public sealed class MemoryDisk : Disk
{
    private readonly ulong _address;
    private readonly ulong _sectors;
    private readonly bool _isReadOnly;

    /// <summary>Makes a disk of memory.</summary>
    /// <param name="address">Its first byte.</param>
    /// <param name="sectors">Number of sectors.</param>
    /// <param name="isReadOnly">Whether nobody may write to it.</param>
    public MemoryDisk(ulong address, ulong sectors, bool isReadOnly)
    {
        _address = address;
        _sectors = sectors;
        _isReadOnly = isReadOnly;
    }

    /// <inheritdoc/>
    public override ulong Sectors => _sectors;

    /// <inheritdoc/>
    public override uint PhysicalBlockSize => 4096;

    /// <inheritdoc/>
    public override bool IsReadOnly => _isReadOnly;

    /// <inheritdoc/>
    public override bool IsMemory => true;

    /// <inheritdoc/>
    public override bool Submit(DiskRequest request)
    {
        // Reads and writes go where Locate says.
        request.Status = request.Operation == DiskOperation.Flush ? DiskStatus.Ok : DiskStatus.Unsupported;
        return true;
    }

    /// <inheritdoc/>
    public override DiskPlace Locate(ulong sector, uint sectors, bool isWrite, out ulong address, out uint run)
    {
        address = _address + (sector * SectorSize);
        run = sectors;
        return Contains(sector, sectors) && !(isWrite && _isReadOnly) ? DiskPlace.Memory : DiskPlace.NoRoom;
    }
}
