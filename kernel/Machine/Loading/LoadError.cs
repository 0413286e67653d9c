namespace SharpVisor.Machine.Loading;

/// <summary>Why a guest could not be placed in its memory. <see cref="LoadResult"/> says it in words.</summary>
public enum LoadError
{
    /// <summary>It could.</summary>
    None,

    /// <summary>There is no kernel, or one of 0 bytes.</summary>
    NoKernel,

    /// <summary>An arm64 Image is shorter than its own sections.</summary>
    TruncatedImage,

    /// <summary>The kernel needs more memory than there is.</summary>
    KernelTooBig,

    /// <summary>A gzip file is malformed, cut off, or fails its checksum.</summary>
    DamagedGzip,

    /// <summary>What a gzip file holds is larger than the memory.</summary>
    GzipTooBig,

    /// <summary>What a gzip file holds is no arm64 Image.</summary>
    GzipWithoutImage,

    /// <summary>An ELF file is for another kind of machine.</summary>
    ForeignElf,

    /// <summary>An ELF file is no program, or is cut off.</summary>
    DamagedElf,

    /// <summary>An ELF file has nothing to load.</summary>
    EmptyElf,

    /// <summary>A segment of an ELF file lies outside the memory.</summary>
    SegmentOutsideMemory,

    /// <summary>The entry of an ELF file is in none of its segments.</summary>
    EntryOutsideSegments,

    /// <summary>The initial ramdisk does not fit beside the kernel.</summary>
    RamdiskTooBig,

    /// <summary>The machine has no memory left to fill the VM's with.</summary>
    NoMemory,

    /// <summary>There is no room for the device tree beside the kernel.</summary>
    NoRoomForDeviceTree,

    /// <summary>The device tree is larger than its place: the command line is too long.</summary>
    DeviceTreeTooBig,
}
