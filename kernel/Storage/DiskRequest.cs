namespace SharpVisor.Storage;

/// <summary>
/// One thing for a disk to do. Made when its client is, filled and submitted any number of times, and in one place at a time:
/// the client's until it is submitted, then the disk's until it has ended.
/// </summary>
/// <remarks>
/// <para>
/// The memory is the hypervisor's: one run, at EL2's address, which is the physical one, and never a guest's page. A guest's
/// page may be given back by the balloon, made one with another or freed with its VM at any moment, and a device that still
/// wrote to it then would write into somebody else's memory. So a client copies between its own buffer, which outlives
/// every request, and the guest. That costs some hundred instructions for 4 KiB; pages that are pinned would cost a count
/// for each page of every guest, and a guest could change what is being written.
/// </para>
/// <para>
/// Disks that stand on others (a partition, a file) add to <see cref="Sector"/> and hand the same request on. A client
/// first asks <see cref="Disk.Locate"/> how many sectors one request may name.
/// </para>
/// </remarks>
public sealed class DiskRequest
{
    /// <summary>Makes a request.</summary>
    /// <param name="client">Who is told of its end; null for who looks at <see cref="HasEnded"/>.</param>
    /// <param name="tag">What the client knows it by.</param>
    public DiskRequest(DiskClient? client, int tag)
    {
        Client = client;
        Tag = tag;
    }

    /// <summary>Who is told of its end; null for who looks at <see cref="HasEnded"/>.</summary>
    public DiskClient? Client { get; }

    /// <summary>What the client knows it by.</summary>
    public int Tag { get; }

    /// <summary>What is to be done.</summary>
    public DiskOperation Operation;

    /// <summary>How it has ended.</summary>
    public DiskStatus Status;

    /// <summary>Whether it has ended, where nobody is told. Written last, by another CPU perhaps.</summary>
    public bool HasEnded;

    /// <summary>The first sector, of 512 bytes, counted from the beginning of the disk that has the request now.</summary>
    public ulong Sector;

    /// <summary>Number of sectors.</summary>
    public uint Sectors;

    /// <summary>First byte of the memory; a multiple of 512. Of reads and writes.</summary>
    public ulong Address;

    /// <summary>The disk's, as long as it has the request: its list of those that wait, or anything else.</summary>
    public DiskRequest? Next;

    /// <summary>The disk's, as long as it has the request: where it stands in the device's queue, or anything else.</summary>
    public int Place;

    /// <summary>Bytes of the memory.</summary>
    public uint Length => Sectors * Disk.SectorSize;

    /// <summary>Whether it writes, or in another way changes what is on the disk.</summary>
    public bool IsChange => Operation is DiskOperation.Write or DiskOperation.Discard or DiskOperation.WriteZeroes;
}
