namespace SharpVisor.Machine.Loading;

/// <summary>Where a loaded guest begins. All addresses are intermediate physical.</summary>
public struct GuestEntry
{
    /// <summary>The first instruction.</summary>
    public ulong Start;

    /// <summary>The device tree: the value of x0.</summary>
    public ulong DeviceTree;

    /// <summary>Bytes of the device tree.</summary>
    public ulong DeviceTreeSize;

    /// <summary>First byte of the kernel.</summary>
    public ulong KernelStart;

    /// <summary>Behind the last byte that the kernel takes, zeroed data included.</summary>
    public ulong KernelEnd;

    /// <summary>First byte of the initial ramdisk.</summary>
    public ulong RamdiskStart;

    /// <summary>Behind its last byte; the same as its start where there is none.</summary>
    public ulong RamdiskEnd;
}
