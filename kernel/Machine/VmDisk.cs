using System;
using System.Runtime.CompilerServices;
using SharpVisor.Devices.Virtio;
using SharpVisor.Formats;
using SharpVisor.Machine.Ram;
using SharpVisor.Memory;
using SharpVisor.Storage;

namespace SharpVisor.Machine;

/// <summary>A disk of a VM: the device that the guest sees, and the memory that it takes, which is given back with the VM.</summary>
internal sealed unsafe class VmDisk
{
    private readonly DiskDefinition _definition;
    private MemoryAccount? _account;
    private ulong _image;
    private ulong _imageLength;
    private ulong _table;
    private ulong _tableLength;
    private ulong _buffers;
    private ulong _buffersLength;

    private VmDisk(DiskDefinition definition) => _definition = definition;

    /// <summary>What the guest sees.</summary>
    internal BlockDevice Device { get; private set; } = null!;

    /// <summary>What keeps what the guest writes; null where that is the disk itself.</summary>
    private OverlayDisk? Overlay { get; set; }

    /// <summary>Bytes of a sector.</summary>
    internal const ulong SectorSize = Disk.SectorSize;

    /// <summary>Bytes.</summary>
    internal ulong Size => Device.Disk.Sectors * SectorSize;

    /// <summary>Bytes that its overlay has; 0 where it has none.</summary>
    internal ulong OverlayUsed => Overlay == null ? 0 : Overlay.Used;

    /// <summary>Bytes that its overlay may have; 0 where it has none.</summary>
    internal ulong OverlaySize => Overlay == null ? 0 : Overlay.Size;

    /// <summary>What it was made from.</summary>
    internal DiskDefinition Definition => _definition;

    /// <summary>Bytes that it takes of the machine's memory.</summary>
    internal ulong Bytes => _imageLength + _tableLength + _buffersLength + OverlayUsed;

    /// <summary>Makes a disk. Null where it cannot be: nothing is taken then.</summary>
    internal static VmDisk? Make(DiskDefinition definition, GuestMemory memory, out ReadOnlySpan<byte> problem)
    {
        VmDisk disk = new(definition);
        Disk? under = definition.Image.IsEmpty ? PhysicalDisks.Find(disk, out problem) : disk.OpenImage(out problem);
        if (under != null && !disk.TryConnect(under, memory))
        {
            problem = "no memory for one of its disks"u8;
            under = null;
        }

        if (under == null)
        {
            disk.Release();
            return null;
        }

        return disk;
    }

    /// <summary>The VM is reset: forgets what is not to be kept. No request is on its way.</summary>
    internal void Reset()
    {
        if (_definition.DropsOnReset && Overlay != null)
        {
            Overlay.Drop();
        }
    }

    /// <summary>Gives everything back. No request is on its way.</summary>
    internal void Release()
    {
        PhysicalDisks.Release(this);
        Overlay?.Drop();
        _account?.Close();
        Free(_image, _imageLength);
        Free(_table, _tableLength);
        Free(_buffers, _buffersLength);
    }

    private bool TryConnect(Disk under, GuestMemory memory)
    {
        ulong overlay = _definition.Overlay;
        if (overlay == 0 && !_definition.Image.IsEmpty && !_definition.IsReadOnly)
        {
            overlay = RoundUp(under.Sectors * Disk.SectorSize);
        }

        Disk top = under;
        if (overlay != 0)
        {
            if (!Hypervisor.Pages.TryPromise(overlay))
            {
                return false;
            }

            _account = new MemoryAccount(Hypervisor.Pages, overlay);

            // The table, and behind it a page of zeros.
            ulong tableSize = OverlayDisk.TableSize(overlay);
            if (!TryTake(tableSize + PageTable.PageSize, out _table, ref _tableLength))
            {
                return false;
            }

            Hypervisor.PageWriter.Zero(_table, _tableLength);
            top = Overlay = new OverlayDisk(under, new DiskMemory(_account), overlay, _table, _table + tableSize);
        }

        if (!TryTake(BlockBuffers.SizeFor(top, _definition.Queues), out _buffers, ref _buffersLength))
        {
            return false;
        }

        var buffers = new BlockBuffers(top, _definition.Queues, _buffers);
        Device = new BlockDevice(memory, top, _definition.IsReadOnly, _definition.Serial, _definition.Queues, _definition.Withheld, buffers);
        return true;
    }

    /// <summary>The image as a disk that is only read: where it lies, or decompressed.</summary>
    private Disk? OpenImage(out ReadOnlySpan<byte> problem)
    {
        problem = default;
        ReadOnlySpan<byte> image = _definition.Image;
        if (Gzip.IsGzip(image))
        {
            problem = "no memory for a disk's contents"u8;
            ulong size = Gzip.ContentSize(image);
            if (!TryTake(RoundUp(size) + PageTable.PageSize, out _image, ref _imageLength))
            {
                return null;
            }

            var contents = new Span<byte>((void*)_image, (int)Math.Min(_imageLength, int.MaxValue));
            if (!Gzip.TryDecompress(image, contents, Hypervisor.Loader.Inflate, out int length) || (ulong)length != size)
            {
                problem = "a disk's gzip image is damaged"u8;
                return null;
            }

            image = contents.Slice(0, length);
        }

        fixed (byte* start = image)
        {
            return new MemoryDisk((ulong)start, (ulong)image.Length / Disk.SectorSize, isReadOnly: true);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryTake(ulong length, out ulong address, ref ulong taken)
    {
        address = 0;
        if (length != 0 && !Hypervisor.Pages.TryAllocate(length, PageTable.PageSize, out address))
        {
            return false;
        }

        taken = length;
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Free(ulong address, ulong length)
    {
        if (length != 0)
        {
            Hypervisor.Pages.Free(address, length);
        }
    }

    private static ulong RoundUp(ulong length) => (length + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);
}
