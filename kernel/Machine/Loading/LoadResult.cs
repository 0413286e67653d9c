using System;

namespace SharpVisor.Machine.Loading;

/// <summary>How loading a guest went, with the numbers that belong to it.</summary>
public readonly struct LoadResult
{
    internal LoadResult(LoadError error, ulong found = 0, ulong allowed = 0)
    {
        Error = error;
        Found = found;
        Allowed = allowed;
    }

    /// <summary>What is wrong.</summary>
    public LoadError Error { get; }

    /// <summary>The number that is wrong; <see cref="Description"/> ends with what it counts. Only of use where <see cref="HasNumbers"/>.</summary>
    public ulong Found { get; }

    /// <summary>The number that would be right; <see cref="Description"/> says which end of what it is.</summary>
    public ulong Allowed { get; }

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsLoaded => Error == LoadError.None;

    /// <summary>Whether the numbers mean something.</summary>
    public bool HasNumbers => Error is LoadError.TruncatedImage or LoadError.KernelTooBig or LoadError.GzipTooBig
        or LoadError.SegmentOutsideMemory or LoadError.EntryOutsideSegments or LoadError.RamdiskTooBig
        or LoadError.NoRoomForDeviceTree;

    /// <summary>The error in words: what is wrong, and what would be right. Ends in "(needed, available)" or the like where numbers follow.</summary>
    public ReadOnlySpan<byte> Description => Error switch
    {
        LoadError.None => "loaded"u8,
        LoadError.NoKernel => "no guest image: a kernel must be given (arm64 Image, ELF64 or flat binary)"u8,
        LoadError.TruncatedImage => "truncated Image: the file is shorter than its own sections (bytes needed, there)"u8,
        LoadError.KernelTooBig => "kernel larger than the VM's memory: give it more (bytes needed, there)"u8,
        LoadError.DamagedGzip => "damaged gzip file: its contents do not decompress to what its checksum says"u8,
        LoadError.GzipTooBig => "gzip file larger than the VM's memory when decompressed: give it more (bytes needed, there)"u8,
        LoadError.GzipWithoutImage => "gzip file that does not hold an arm64 Image: ELF and flat binaries must come uncompressed"u8,
        LoadError.ForeignElf => "ELF file of another machine: it must be 64-bit little-endian AArch64"u8,
        LoadError.DamagedElf => "damaged ELF file: it is cut off, or it is no program (an object file?)"u8,
        LoadError.EmptyElf => "ELF file without a PT_LOAD segment: there is nothing to run"u8,
        LoadError.SegmentOutsideMemory => "ELF segment outside the VM's memory: link for physical addresses in RAM (its address, end of RAM)"u8,
        LoadError.EntryOutsideSegments => "ELF entry in none of its segments (entry, number of segments)"u8,
        LoadError.RamdiskTooBig => "initial ramdisk does not fit in the VM's memory beside the kernel: give it more (bytes needed, free)"u8,
        LoadError.NoMemory => "the machine has no memory left for it: give it a larger memory-guarantee, or others a smaller one"u8,
        LoadError.NoRoomForDeviceTree => "no room for the device tree in the VM's memory beside the kernel: give it more (bytes needed, free)"u8,
        _ => "device tree larger than its place: the command line is too long"u8,
    };
}
