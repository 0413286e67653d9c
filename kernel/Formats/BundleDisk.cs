using System;

namespace SharpVisor.Formats;

/// <summary>A disk of a virtual machine as a boot bundle defines it; spans point into the bundle.</summary>
public ref struct BundleDisk
{
    /// <summary>Most disks of a VM.</summary>
    public const int MaximumDisks = 16;

    /// <summary>Most queues of a disk.</summary>
    public const uint MaximumQueues = 8;

    /// <summary>Longest serial number in bytes.</summary>
    public const int MaximumSerialLength = 20;

    /// <summary>What a disk is that names nothing.</summary>
    public BundleDisk()
    {
        Queues = 1;
    }

    /// <summary>The image that it is a disk of, plain or gzip; empty where it has a device.</summary>
    public ReadOnlySpan<byte> Image;

    /// <summary>Name of the physical device; empty where it is an image.</summary>
    public ReadOnlySpan<byte> Device;

    /// <summary>Label or GUID of the device's partition; empty where there is none, or a number.</summary>
    public ReadOnlySpan<byte> Partition;

    /// <summary>Number of the device's partition, from 1; 0 where there is none, or a name.</summary>
    public uint PartitionNumber;

    /// <summary>Path of a file on the partition; empty where the whole of it is the disk.</summary>
    public ReadOnlySpan<byte> File;

    /// <summary>What it calls itself; empty for the device's own serial number.</summary>
    public ReadOnlySpan<byte> Serial;

    /// <summary>Whether the guest may only read it.</summary>
    public bool IsReadOnly;

    /// <summary>Most bytes of memory in front of it that keep what is written; 0: none, an image's own size.</summary>
    public ulong Overlay;

    /// <summary>Whether what the overlay has is forgotten when the VM is reset.</summary>
    public bool DropsOnReset;

    /// <summary>Queues.</summary>
    public uint Queues;

    /// <summary>Feature bits that the guest is not to see.</summary>
    public ulong Withheld;

    /// <summary>Whether it all fits together.</summary>
    public readonly bool IsSound =>
        Queues is >= 1 and <= MaximumQueues
        && Serial.Length <= MaximumSerialLength
        && Overlay % 4096 == 0
        && Image.IsEmpty != Device.IsEmpty
        && (Image.IsEmpty || (Partition.IsEmpty && PartitionNumber == 0 && File.IsEmpty))
        && (Partition.IsEmpty || PartitionNumber == 0)
        && (!IsReadOnly || Overlay == 0)
        && (!DropsOnReset || Overlay != 0 || (!Image.IsEmpty && !IsReadOnly));
}
