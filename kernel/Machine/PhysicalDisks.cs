using System;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Drivers;
using SharpVisor.Memory;
using SharpVisor.Storage;

namespace SharpVisor.Machine;

/// <summary>
/// The disks that the machine has: virtio0, virtio1 and so on, behind virtio-mmio first and then on PCI, each in the order of
/// addresses. They are started, and their partition tables read, at start-up.
/// </summary>
/// <remarks>
/// What one VM may write no other may use: not the same sectors, nor the partition that they are in; several files of one
/// partition are apart. A VM has it as long as it is more than defined. Under the lock of the machine's control.
/// </remarks>
internal static unsafe class PhysicalDisks
{
    private const int MostDisks = 16;
    private const ulong SecondsOfPatience = 30;
    private const int MostUses = 64;
    private const ulong BufferLength = 32 << 10;
    private const ulong MemoryOfOne = (VirtioBlock.MemorySize + BufferLength + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);

    private static PhysicalDisk?[]? s_disks;
    private static Use[]? s_uses;

    /// <summary>Number of disks.</summary>
    internal static int Count { get; private set; }

    /// <summary>A disk.</summary>
    internal static PhysicalDisk At(int index) => s_disks![index]!;

    /// <summary>Starts the disks.</summary>
    internal static void Start(PhysicalVirtio devices)
    {
        for (int i = 0; i < devices.Count; i++)
        {
            if (devices[i].DeviceId == VirtioBlock.DeviceId && Count < MostDisks)
            {
                Start(devices[i]);
            }
        }
    }

    /// <summary>Finds what a definition names: a device, a partition of it, or a file there. It is its VM's from then on.</summary>
    /// <param name="user">Whose it becomes.</param>
    /// <param name="problem">Why there is none.</param>
    internal static Disk? Find(VmDisk user, out ReadOnlySpan<byte> problem)
    {
        DiskDefinition definition = user.Definition;
        problem = "this machine has no such device"u8;
        for (int i = 0; i < Count; i++)
        {
            if (At(i).Name.SequenceEqual(definition.Device))
            {
                return Find(At(i), user, out problem);
            }
        }

        return null;
    }

    /// <summary>A VM's disk is taken apart: others may have what it had.</summary>
    internal static void Release(VmDisk user)
    {
        for (int i = 0; s_uses != null && i < MostUses; i++)
        {
            if (s_uses[i].User == user)
            {
                s_uses[i].User = null;
            }
        }
    }

    /// <summary>
    /// Looks whether the disks still answer: one that has had requests for half a minute and ended none is given up, and they end with an
    /// error. On the first CPU, no lock held, whenever VMs are looked after.
    /// </summary>
    internal static void Review()
    {
        for (int i = 0; i < Count; i++)
        {
            PhysicalDisk disk = At(i);
            ulong now = SystemRegisters.ReadCntpctEl0();
            if (disk.Device.InFlight == 0 || disk.Device.Ended != disk.EndedBefore)
            {
                disk.EndedBefore = disk.Device.Ended;
                disk.QuietSince = now;
            }
            else
            {
                disk.Device.Check(isLate: now - disk.QuietSince > SystemRegisters.ReadCntfrqEl0() * SecondsOfPatience);
            }
        }
    }

    private static void Start(VirtioRegisters registers)
    {
        if (!Hypervisor.Pages.TryAllocate(MemoryOfOne, PageTable.PageSize, out ulong memory))
        {
            Log.Line("no memory for a disk's queue"u8);
            return;
        }

        new Span<byte>((void*)memory, (int)MemoryOfOne).Clear();
        if (!VirtioBlock.TryStart(registers, memory, out VirtioBlock? device))
        {
            // Its memory is left to it: who knows what such a device does.
            Log.Warning().Text("a virtio disk does not start: it is not used"u8).End();
            return;
        }

        s_disks ??= new PhysicalDisk?[MostDisks];
        s_uses ??= new Use[MostUses];
        PhysicalDisk disk = new(device!, Count, memory + MemoryOfOne - BufferLength, (uint)BufferLength);
        if (!DeviceInterrupts.TryAdd(device!.Interrupt, device.Handler))
        {
            return;
        }

        s_disks[Count++] = disk;
        StorageError error = disk.Partitions.Read();
        LogLine line = Log.Line().Text("disk "u8).Text(disk.Name).Text(": "u8).Size(device.Sectors * Disk.SectorSize);
        line = device.IsReadOnly ? line.Text(", read-only"u8) : line;
        line = error switch
        {
            StorageError.None => line.Text(", "u8).Decimal((ulong)disk.Partitions.Count).Text(disk.Partitions.Count == 1 ? " partition"u8 : " partitions"u8),
            StorageError.NoPartitionTable => line,
            _ => line.Text(", "u8).Text(StorageErrorText.Describe(error)),
        };
        line.End();
    }

    private static Disk? Find(PhysicalDisk disk, VmDisk user, out ReadOnlySpan<byte> problem)
    {
        DiskDefinition definition = user.Definition;
        VirtioBlock device = disk.Device;
        Partition place = new(0, device.Sectors);
        bool isWhole = definition.PartitionNumber == 0 && definition.Partition.IsEmpty;
        if (!isWhole)
        {
            bool isThere = definition.PartitionNumber != 0
                ? disk.Partitions.TryFind(definition.PartitionNumber, out int index)
                : disk.Partitions.TryFind(definition.Partition, out index);
            problem = "a disk has no such partition"u8;
            if (!isThere)
            {
                return null;
            }

            place = disk.Partitions[index];
            problem = "a partition has no whole number of its disk's blocks"u8;
            if (((place.FirstSector | place.SectorCount) & ((device.BlockSize / Disk.SectorSize) - 1)) != 0)
            {
                return null;
            }
        }

        Disk? found = device;
        ulong file = 0;
        problem = default;
        if (!definition.File.IsEmpty)
        {
            found = OpenFile(disk, place, definition.File, out file, out problem);
        }
        else if (!isWhole)
        {
            found = new PartitionDisk(device, place);
        }

        bool isWritten = !definition.IsReadOnly && definition.Overlay == 0;
        if (found != null && isWritten && found.IsReadOnly)
        {
            problem = "a disk can only be read: say read-only = true, or give it an overlay"u8;
            return null;
        }

        return found != null && TryUse(user, disk, place, file, isWritten, out problem) ? found : null;
    }

    private static Disk? OpenFile(PhysicalDisk disk, Partition place, ReadOnlySpan<byte> path, out ulong identity, out ReadOnlySpan<byte> problem)
    {
        identity = 0;
        FilePiece[]? pieces = null;
        StorageError error = disk.Volume.Open(place);
        VolumeFile file = default;
        if (error == StorageError.None)
        {
            error = disk.Volume.Find(path, out file);
        }

        // A first walk to know how many there are: what is made here stays as long as the VM.
        if (error == StorageError.None)
        {
            error = disk.Volume.FindPieces(file, default, out int count);
            if (error == StorageError.None && count != 0)
            {
                pieces = new FilePiece[count];
                error = disk.Volume.FindPieces(file, pieces, out int again);
                error = again != count ? StorageError.BadChain : error;
            }
        }

        ulong sectors = file.Length / Disk.SectorSize;
        problem = error != StorageError.None ? StorageErrorText.Describe(error) : "a disk's file is empty"u8;
        identity = file.FirstCluster;
        return error == StorageError.None && pieces != null && sectors != 0 ? new FileDisk(disk.Device, pieces, sectors) : null;
    }

    private static bool TryUse(VmDisk user, PhysicalDisk disk, Partition place, ulong file, bool isWritten, out ReadOnlySpan<byte> problem)
    {
        int free = -1;
        problem = default;
        for (int i = 0; i < MostUses; i++)
        {
            ref Use use = ref s_uses![i];
            if (use.User == null)
            {
                free = i;
                continue;
            }

            bool isApart = use.Disk != disk
                || use.Place.FirstSector >= place.FirstSector + place.SectorCount || place.FirstSector >= use.Place.FirstSector + use.Place.SectorCount
                || (file != 0 && use.File != 0 && file != use.File && use.Place.FirstSector == place.FirstSector);
            if (!isApart && (isWritten || use.IsWritten))
            {
                problem = use.IsWritten ? "another disk of a VM writes there"u8 : "another disk of a VM reads there, and this one would write"u8;
                return false;
            }
        }

        if (free < 0)
        {
            problem = "more disks of VMs than there is room for"u8;
            return false;
        }

        s_uses![free] = new Use { User = user, Disk = disk, Place = place, File = file, IsWritten = isWritten };
        return true;
    }

    private struct Use
    {
        internal VmDisk? User;
        internal PhysicalDisk? Disk;
        internal Partition Place;
        internal ulong File;
        internal bool IsWritten;
    }
}
