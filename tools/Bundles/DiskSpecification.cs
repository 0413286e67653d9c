using SharpVisor.Formats;

namespace SharpVisor.Bundles;

/// <summary>A disk of a virtual machine for a bundle; <see cref="BundleDisk"/> is what the hypervisor makes of it.</summary>
public sealed record DiskSpecification
{
    /// <summary>The image that it is a disk of, plain or gzip; or null.</summary>
    public BundleImage? Image { get; init; }

    /// <summary>Name of the physical device; or empty.</summary>
    public string Device { get; init; } = "";

    /// <summary>Label or GUID of the device's partition; or empty.</summary>
    public string Partition { get; init; } = "";

    /// <summary>Number of the device's partition, from 1; or 0.</summary>
    public uint PartitionNumber { get; init; }

    /// <summary>Path of a file there; or empty.</summary>
    public string File { get; init; } = "";

    /// <summary>What it calls itself; empty for the device's own serial number.</summary>
    public string Serial { get; init; } = "";

    /// <summary>Whether the guest may only read it.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Most bytes of memory in front of it; 0: none, an image's own size.</summary>
    public ulong Overlay { get; init; }

    /// <summary>Whether what the overlay has is forgotten when the VM is reset.</summary>
    public bool DropsOnReset { get; init; }

    /// <summary>Queues.</summary>
    public uint Queues { get; init; } = 1;

    /// <summary>Feature bits that the guest is not to see.</summary>
    public ulong Withheld { get; init; }
}
