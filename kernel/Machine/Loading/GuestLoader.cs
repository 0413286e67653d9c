using System;
using SharpVisor.Formats;

namespace SharpVisor.Machine.Loading;

/// <summary>
/// Places a guest in its memory: kernel, initial ramdisk and device tree, each where the convention of its format
/// wants it, none on top of another.
/// </summary>
/// <remarks>
/// The kernel goes where its format says and cuts the memory into the gap below it and the gap above. The device
/// tree of an ELF program or flat binary stands at the start of memory where there is room, as such programs know
/// it from QEMU's machine; an Image is told where it is, so that its tree stands at the top. The ramdisk stands
/// below that. Files come from a boot bundle and are as hostile as a guest.
/// </remarks>
public sealed unsafe class GuestLoader
{
    /// <summary>Bytes kept for the device tree. Linux allows 2 MiB; a multiple of 4 KiB.</summary>
    public const ulong DeviceTreeRoom = 0x1_0000;

    /// <summary>Where a flat binary goes, and an old Image: bytes from the start of memory.</summary>
    public const ulong FlatOffset = 0x8_0000;

    // An Image that asks for no offset from a 2 MiB boundary goes to the second one, as QEMU's loader does it; to the
    // first one where the memory is too small for that.
    private const ulong ImageUnit = 0x20_0000;

    // A ramdisk must lie within 32 GiB of the kernel (Linux, arm64/booting).
    private const ulong HighestOffset = 31ul << 30;
    private const ulong PageSize = 0x1000;
    private const int HeaderRoom = 512;

    private readonly Inflate _inflate;
    private readonly RamInflateTarget _inflateTarget = new();
    private readonly byte* _workspace;

    /// <summary>Makes a loader; one serves every VM, one after the other.</summary>
    /// <param name="inflate">Work tables.</param>
    /// <param name="workspace"><see cref="DeviceTreeRoom"/> bytes of memory to work in.</param>
    public GuestLoader(Inflate inflate, byte* workspace)
    {
        _inflate = inflate;
        _workspace = workspace;
    }

    /// <summary>Its work tables, for others while it does not work.</summary>
    public Inflate Inflate => _inflate;

    /// <summary>Places everything. On an error the memory may have been written in part.</summary>
    /// <param name="ram">The VM's memory.</param>
    /// <param name="kernel">An arm64 Image (plain or gzip), an ELF64 program or a flat binary.</param>
    /// <param name="ramdisk">The initial ramdisk; empty for none.</param>
    /// <param name="description">What the device tree is to say; where memory and ramdisk are is filled in.</param>
    /// <param name="entry">Where things are; of use only where the result is loaded.</param>
    public LoadResult Load(GuestRam ram, ReadOnlySpan<byte> kernel, ReadOnlySpan<byte> ramdisk, ref GuestDescription description, out GuestEntry entry)
    {
        entry = default;
        bool treeFirst = !IsImageFile(kernel);
        LoadResult result = LoadKernel(ram, kernel, ref entry);
        if (!result.IsLoaded)
        {
            return result;
        }

        var gaps = new MemoryGaps(ram.Start, entry.KernelStart, entry.KernelEnd, ram.Start + Math.Min(ram.Size, HighestOffset));
        if (!gaps.TryTake(DeviceTreeRoom, treeFirst, out entry.DeviceTree))
        {
            return new LoadResult(LoadError.NoRoomForDeviceTree, DeviceTreeRoom, gaps.Largest);
        }

        result = LoadRamdisk(ram, ramdisk, ref gaps, ref entry);
        if (!result.IsLoaded)
        {
            return result;
        }

        description.RamStart = ram.Start;
        description.RamSize = ram.Size;
        description.RamdiskStart = entry.RamdiskStart;
        description.RamdiskEnd = entry.RamdiskEnd;
        if (!GuestDeviceTree.TryWrite(Workspace, description, out int size))
        {
            return new LoadResult(LoadError.DeviceTreeTooBig);
        }

        entry.DeviceTreeSize = (ulong)size;
        return CopyTo(ram, entry.DeviceTree, Workspace.Slice(0, size));
    }

    private Span<byte> Workspace => new(_workspace, (int)DeviceTreeRoom);

    private static bool IsImageFile(ReadOnlySpan<byte> kernel) => Arm64Image.IsImage(kernel) || Gzip.IsGzip(kernel);

    private LoadResult LoadKernel(GuestRam ram, ReadOnlySpan<byte> kernel, ref GuestEntry entry)
    {
        if (kernel.Length == 0)
        {
            return new LoadResult(LoadError.NoKernel);
        }

        if (Gzip.IsGzip(kernel))
        {
            return LoadGzip(ram, kernel, ref entry);
        }

        if (Elf64.IsElf(kernel))
        {
            return LoadElf(ram, kernel, ref entry);
        }

        return Arm64Image.IsImage(kernel) ? LoadImage(ram, kernel, ref entry) : LoadFlat(ram, kernel, ref entry);
    }

    private static LoadResult LoadImage(GuestRam ram, ReadOnlySpan<byte> file, ref GuestEntry entry)
    {
        if (Arm64Image.IsTruncated(file, out ulong needed))
        {
            return new LoadResult(LoadError.TruncatedImage, needed, (ulong)file.Length);
        }

        var image = Arm64Image.Read(file);
        LoadResult result = PlaceImage(ram, OffsetOf(ram, image, (ulong)file.Length), image, (ulong)file.Length, ref entry);
        if (!result.IsLoaded)
        {
            return result;
        }

        return CopyTo(ram, entry.KernelStart, file);
    }

    private LoadResult LoadGzip(GuestRam ram, ReadOnlySpan<byte> file, ref GuestEntry entry)
    {
        // The header says where the rest goes, so that it inflates right into place.
        Span<byte> header = stackalloc byte[HeaderRoom];
        if (!Gzip.TryPeek(file, header, _inflate, out int length))
        {
            return new LoadResult(LoadError.DamagedGzip);
        }

        if (!Arm64Image.IsImage(header.Slice(0, length)))
        {
            return new LoadResult(LoadError.GzipWithoutImage);
        }

        var image = Arm64Image.Read(header);
        ulong offset = OffsetOf(ram, image, Gzip.ContentSize(file));
        LoadResult result = PlaceImage(ram, offset, image, 0, ref entry);
        if (!result.IsLoaded)
        {
            return result;
        }

        RamInflateTarget target = _inflateTarget;
        target.Aim(ram, entry.KernelStart);
        if (!Gzip.TryDecompress(file, Workspace, target, _inflate))
        {
            ulong room = ram.End - entry.KernelStart;
            return target.IsTooLong ? new LoadResult(LoadError.GzipTooBig, Math.Max(Gzip.ContentSize(file), room + 1), room)
                : new LoadResult(target.IsOutOfMemory ? LoadError.NoMemory : LoadError.DamagedGzip);
        }

        Span<byte> beginning = Workspace.Slice(0, (int)Math.Min(target.Length, DeviceTreeRoom));
        ram.TryRead(entry.KernelStart, beginning);
        if (Arm64Image.IsTruncated(beginning, target.Length, out ulong needed))
        {
            return new LoadResult(LoadError.TruncatedImage, needed, target.Length);
        }

        return PlaceImage(ram, offset, image, target.Length, ref entry);
    }

    /// <summary>Bytes from the start of memory at which an Image goes.</summary>
    private static ulong OffsetOf(GuestRam ram, Arm64Image image, ulong fileSize)
    {
        if (image.TextOffset != 0)
        {
            return image.TextOffset;
        }

        ulong size = Math.Max(image.ImageSize, fileSize);
        ulong room = ram.Size - Math.Min(ram.Size, DeviceTreeRoom);
        return size <= room && size + ImageUnit > room ? 0 : ImageUnit;
    }

    private static LoadResult PlaceImage(GuestRam ram, ulong offset, Arm64Image image, ulong fileSize, ref GuestEntry entry)
    {
        ulong size = Math.Max(image.ImageSize, fileSize);
        if (offset >= ram.Size || size > ram.Size - offset)
        {
            ulong needed = size > ulong.MaxValue - offset ? ulong.MaxValue : offset + size;
            return new LoadResult(LoadError.KernelTooBig, needed, ram.Size);
        }

        entry.KernelStart = ram.Start + offset;
        entry.KernelEnd = entry.KernelStart + size;
        entry.Start = entry.KernelStart;
        return default;
    }

    private static LoadResult LoadFlat(GuestRam ram, ReadOnlySpan<byte> file, ref GuestEntry entry)
    {
        ulong end = FlatOffset + (ulong)file.Length;
        if (end > ram.Size)
        {
            return new LoadResult(LoadError.KernelTooBig, end, ram.Size);
        }

        entry.KernelStart = ram.Start + FlatOffset;
        entry.KernelEnd = ram.Start + end;
        entry.Start = entry.KernelStart;
        return CopyTo(ram, entry.KernelStart, file);
    }

    private static LoadResult LoadElf(GuestRam ram, ReadOnlySpan<byte> file, ref GuestEntry entry)
    {
        if (!Elf64.IsAarch64(file))
        {
            return new LoadResult(LoadError.ForeignElf);
        }

        if (!Elf64.TryCreate(file, out Elf64 elf))
        {
            return new LoadResult(LoadError.DamagedElf);
        }

        bool hasEntry = false;
        entry.KernelStart = ulong.MaxValue;
        for (int i = 0; i < elf.Count; i++)
        {
            if (!elf.TryGetSegment(i, out Elf64Segment segment) || segment.MemorySize == 0)
            {
                continue;
            }

            LoadResult result = LoadSegment(ram, elf, segment);
            if (!result.IsLoaded)
            {
                return result;
            }

            entry.KernelStart = Math.Min(entry.KernelStart, segment.PhysicalAddress);
            entry.KernelEnd = Math.Max(entry.KernelEnd, segment.PhysicalAddress + segment.MemorySize);
            if (!hasEntry && elf.Entry - segment.VirtualAddress < segment.MemorySize)
            {
                hasEntry = true;
                entry.Start = segment.PhysicalAddress + (elf.Entry - segment.VirtualAddress);
            }
        }

        if (entry.KernelEnd == 0)
        {
            return new LoadResult(LoadError.EmptyElf);
        }

        return hasEntry ? default : new LoadResult(LoadError.EntryOutsideSegments, elf.Entry, (ulong)elf.Count);
    }

    private static LoadResult LoadSegment(GuestRam ram, Elf64 elf, Elf64Segment segment)
    {
        if (!elf.TryGetBytes(segment, out ReadOnlySpan<byte> bytes))
        {
            return new LoadResult(LoadError.DamagedElf);
        }

        if (!ram.Contains(segment.PhysicalAddress, segment.MemorySize))
        {
            return new LoadResult(LoadError.SegmentOutsideMemory, segment.PhysicalAddress, ram.End);
        }

        return CopyTo(ram, segment.PhysicalAddress, bytes); // what follows reads as zeros
    }

    private static LoadResult LoadRamdisk(GuestRam ram, ReadOnlySpan<byte> ramdisk, ref MemoryGaps gaps, ref GuestEntry entry)
    {
        if (ramdisk.Length == 0)
        {
            return default;
        }

        ulong length = (ulong)ramdisk.Length;
        if (!gaps.TryTake((length + PageSize - 1) & ~(PageSize - 1), atBottom: false, out entry.RamdiskStart))
        {
            return new LoadResult(LoadError.RamdiskTooBig, length, gaps.Largest);
        }

        entry.RamdiskEnd = entry.RamdiskStart + length;
        return CopyTo(ram, entry.RamdiskStart, ramdisk);
    }

    private static LoadResult CopyTo(GuestRam ram, ulong ipa, ReadOnlySpan<byte> bytes)
    {
        if (!ram.Contains(ipa, (ulong)bytes.Length))
        {
            return new LoadResult(LoadError.KernelTooBig, (ulong)bytes.Length, ram.Size);
        }

        return ram.TryWrite(ipa, bytes) ? default : new LoadResult(LoadError.NoMemory);
    }
}
