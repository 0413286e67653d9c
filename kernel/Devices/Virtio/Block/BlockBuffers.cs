using SharpVisor.Storage;

namespace SharpVisor.Devices.Virtio;

/// <summary>
/// The memory through which a block device reads and writes what its disk does not have in memory. It is the VM's, but
/// not the guest's, and is given back after the last request has ended. <see cref="DiskRequest"/> says why there is any.
/// </summary>
public readonly struct BlockBuffers
{
    private const uint SlotBytes = 64 << 10;
    private const int MostSlots = 16;
    private const int FewestInQueue = 4;

    private readonly ulong _memory;

    /// <summary>Divides memory between the slots of queues.</summary>
    /// <param name="disk">Whose.</param>
    /// <param name="queues">How many.</param>
    /// <param name="memory">Its address; <see cref="SizeFor"/> bytes.</param>
    public BlockBuffers(Disk disk, int queues, ulong memory)
    {
        _memory = memory;
        SlotsInQueue = disk.IsMemory ? 1 : SlotsFor(queues);
        SectorsInSlot = disk.IsMemory ? 0 : SlotBytes / Disk.SectorSize;
    }

    /// <summary>Requests that a queue may have on their way.</summary>
    internal int SlotsInQueue { get; }

    /// <summary>Sectors that fit into the memory of a slot.</summary>
    internal uint SectorsInSlot { get; }

    /// <summary>Bytes that a disk needs: none where it is in memory itself.</summary>
    public static ulong SizeFor(Disk disk, int queues) => disk.IsMemory ? 0 : (ulong)(queues * SlotsFor(queues)) * SlotBytes;

    internal ulong AddressOf(int slot) => SectorsInSlot == 0 ? 0 : _memory + ((ulong)slot * SlotBytes);

    private static int SlotsFor(int queues) => MostSlots / queues < FewestInQueue ? FewestInQueue : MostSlots / queues;
}
