using System;
using System.Threading;

namespace SharpVisor.Storage;

/// <summary>A disk as something that sectors are read from at once: partition tables and folders. The processor waits meanwhile.</summary>
public abstract unsafe class DiskSectors : SectorSource
{
    private readonly Disk _disk;
    private readonly ulong _buffer;
    private readonly uint _bufferSectors;
    private readonly DiskRequest _request = new(null, 0);

    /// <summary>Reads a disk.</summary>
    /// <param name="disk">Of which.</param>
    /// <param name="buffer">Memory for it, aligned to a page.</param>
    /// <param name="length">Bytes of it, a multiple of 4 KiB.</param>
    protected DiskSectors(Disk disk, ulong buffer, uint length)
    {
        _disk = disk;
        _buffer = buffer;
        _bufferSectors = length / SectorSize;
    }

    /// <inheritdoc/>
    public override ulong SectorCount => _disk.Sectors;

    /// <summary>Lets the disk's driver look after its device. Called over and over while a request is on its way.</summary>
    /// <param name="turn">How often it was called for this request, from 0.</param>
    protected abstract void Wait(uint turn);

    /// <inheritdoc/>
    public override bool TryRead(ulong sector, Span<byte> destination)
    {
        uint block = _disk.BlockSize / SectorSize;
        while (!destination.IsEmpty)
        {
            ulong first = sector & ~(ulong)(block - 1);
            uint before = (uint)(sector - first);
            uint wanted = (before + (uint)(destination.Length / SectorSize) + block - 1) & ~(block - 1);
            uint count = Math.Min(wanted, _bufferSectors);
            if (_disk.Locate(first, count, isWrite: false, out _, out uint run) != DiskPlace.Elsewhere || run < block || !TryRead(first, run = Math.Min(run, count)))
            {
                return false;
            }

            int length = (int)Math.Min((run - before) * SectorSize, (uint)destination.Length);
            new ReadOnlySpan<byte>((byte*)_buffer + (before * SectorSize), length).CopyTo(destination);
            destination = destination.Slice(length);
            sector += (uint)length / SectorSize;
        }

        return true;
    }

    private bool TryRead(ulong sector, uint sectors)
    {
        _request.Operation = DiskOperation.Read;
        _request.Sector = sector;
        _request.Sectors = sectors;
        _request.Address = _buffer;
        Volatile.Write(ref _request.HasEnded, false);
        if (!_disk.Submit(_request))
        {
            for (uint turn = 0; !Volatile.Read(ref _request.HasEnded); turn++)
            {
                Wait(turn);
            }
        }

        return _request.Status == DiskStatus.Ok;
    }
}
