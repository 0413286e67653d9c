using SharpVisor.Storage;

namespace SharpVisor.Devices.Virtio;

/// <summary>Room for one request of the guest while it is worked on: its memory, how far it is, and what the disk is asked for it.</summary>
internal sealed class BlockSlot
{
    /// <summary>Makes a slot.</summary>
    /// <param name="client">Its queue.</param>
    /// <param name="place">Its place there.</param>
    /// <param name="segments">Most segments of a request's data.</param>
    /// <param name="buffer">Address of memory for what the disk reads and writes; 0 where the disk is in memory.</param>
    /// <param name="bufferSectors">Sectors of it.</param>
    internal BlockSlot(DiskClient client, int place, int segments, ulong buffer, uint bufferSectors)
    {
        Chain = new DescriptorChain(segments + 2); // the header, the status
        Request = new DiskRequest(client, place);
        Buffer = buffer;
        BufferSectors = bufferSectors;
    }

    /// <summary>The guest's request.</summary>
    internal readonly DescriptorChain Chain;

    /// <summary>What the disk is asked, piece by piece.</summary>
    internal readonly DiskRequest Request;

    internal readonly ulong Buffer;
    internal readonly uint BufferSectors;

    /// <summary>Of a list: of slots that are free, or of those that wait for their next turn.</summary>
    internal BlockSlot? Next;

    /// <summary>Type of the request (virtio 1.2, 5.2.6).</summary>
    internal uint Kind;

    /// <summary>The next sector of a read or write.</summary>
    internal ulong Sector;

    /// <summary>Sectors of a read or write that are left; segments of a discard.</summary>
    internal uint Left;

    /// <summary>The guest's status byte so far.</summary>
    internal byte Status;

    /// <summary>Whether the disk is to be flushed before the guest is told.</summary>
    internal bool MustFlush;

    /// <summary>Whether it holds a request of the guest, or an orphan.</summary>
    internal bool IsTaken;

    /// <summary>Whether the disk has <see cref="Request"/>.</summary>
    internal bool IsInFlight;

    /// <summary>Whether nobody waits for its end any more: the queue was reset.</summary>
    internal bool IsOrphan;
}
