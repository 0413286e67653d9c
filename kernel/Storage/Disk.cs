using System;

namespace SharpVisor.Storage;

/// <summary>
/// Something with sectors that guests read and write: a physical disk, a part of one, a file on one, memory, or memory in
/// front of another disk.
/// </summary>
/// <remarks>
/// <para>
/// Requests are asynchronous, many at a time, in no order among each other: who needs an order waits for the end of one before
/// it submits the next. A disk is never full. What a device has no room for waits in the disk, in a list through the
/// requests themselves, so that nothing is made on the way; their number is bounded by what the clients have.
/// </para>
/// <para>
/// Every request ends, once: a disk that waits for a device that does not answer ends it with an error after a time. For
/// a client that goes away first waits for the end of what it has submitted: a VM is not taken apart, nor powered on
/// again, nor paused for a snapshot, before its requests have ended.
/// </para>
/// <para>
/// Locks: a disk's own lock comes below that of its client, and above that of the disk that it stands on. Several CPUs
/// call at once.
/// </para>
/// </remarks>
public abstract class Disk
{
    /// <summary>Bytes of a sector, whatever the device's blocks are.</summary>
    public const int SectorSize = 512;

    /// <summary>Longest serial number in bytes (virtio 1.2, 5.2.6.1).</summary>
    public const int LongestSerial = 20;

    /// <summary>Number of sectors.</summary>
    public abstract ulong Sectors { get; }

    /// <summary>Bytes of the blocks in which the device reads and writes: requests are multiples of that. A power of 2, 512 to 4096.</summary>
    public virtual uint BlockSize => SectorSize;

    /// <summary>
    /// Bytes of the blocks that the device writes fastest, a power of 2, at least <see cref="BlockSize"/>. A hint.
    /// </summary>
    public virtual uint PhysicalBlockSize => BlockSize;

    /// <summary>Whether what changes the disk is refused (<see cref="DiskStatus.Error"/>).</summary>
    public virtual bool IsReadOnly => false;

    /// <summary>Whether it knows <see cref="DiskOperation.Discard"/>.</summary>
    public virtual bool CanDiscard => false;

    /// <summary>Whether it knows <see cref="DiskOperation.WriteZeroes"/>.</summary>
    public virtual bool CanWriteZeroes => false;

    /// <summary>Most sectors of one discard or write of zeroes; 0 where it knows neither.</summary>
    public virtual uint LongestErase => 0;

    /// <summary>What the device calls itself, at most <see cref="LongestSerial"/> bytes of ASCII; may be none.</summary>
    public virtual ReadOnlySpan<byte> Serial => default;

    /// <summary>
    /// Whether all sectors are in memory, those that are to be written too: then no read or write need ever be
    /// submitted, and a client needs no buffers.
    /// </summary>
    public virtual bool IsMemory => false;

    /// <summary>Begins a request.</summary>
    /// <param name="request">Within the disk, and within what <see cref="Locate"/> allows; checked here again, as it is cheap.</param>
    /// <returns>
    /// True where it has ended already: its status says how, and the client is not called. False where the client is called
    /// when it ends, on any CPU, perhaps before this returns.
    /// </returns>
    public abstract bool Submit(DiskRequest request);

    /// <summary>Finds how sectors are reached. On the way to every read and write.</summary>
    /// <param name="sector">The first one.</param>
    /// <param name="sectors">How many are wanted, not 0.</param>
    /// <param name="isWrite">
    /// Whether they are to be written. Where they are in memory then, they count as written, and hold anything until they are.
    /// </param>
    /// <param name="address">Where the first one lies, where they are in memory; as long as the VM has not stopped.</param>
    /// <param name="run">How many of them, from the first, that is said of: all that one request may name. Not 0 unless there is no room.</param>
    public virtual DiskPlace Locate(ulong sector, uint sectors, bool isWrite, out ulong address, out uint run)
    {
        address = 0;
        run = sectors;
        return Contains(sector, sectors) ? DiskPlace.Elsewhere : DiskPlace.NoRoom;
    }

    /// <summary>Whether sectors are within the disk.</summary>
    public bool Contains(ulong sector, uint sectors) => sector <= Sectors && sectors <= Sectors - sector;
}
