using System;

namespace SharpVisor.Formats;

/// <content>The disks of VMs: children of a VM's node whose names begin with "disk".</content>
public readonly ref partial struct Bundle
{
    /// <summary>Reads a VM's disk.</summary>
    /// <param name="node">The VM's.</param>
    /// <param name="index">From 0, in the order of the nodes.</param>
    /// <param name="disk">The disk, where the error is none.</param>
    /// <param name="error">What is wrong with it.</param>
    /// <returns>False behind the last one.</returns>
    internal bool TryGetDisk(FdtNode node, int index, out BundleDisk disk, out BundleError error)
    {
        disk = new BundleDisk();
        error = BundleError.None;
        for (bool more = _tree.TryFirstChild(node, out FdtNode child); more; more = _tree.TryNextSibling(child, out child))
        {
            if (_tree.Name(child).StartsWith("disk"u8) && index-- == 0)
            {
                error = ReadDisk(child, ref disk);
                return true;
            }
        }

        return false;
    }

    private BundleError CheckDisks(FdtNode node, out int count)
    {
        count = 0;
        while (TryGetDisk(node, count, out _, out BundleError error))
        {
            count++;
            if (error != BundleError.None || count > BundleDisk.MaximumDisks)
            {
                return BundleError.BadDisk;
            }
        }

        return BundleError.None;
    }

    private BundleError ReadDisk(FdtNode node, ref BundleDisk disk)
    {
        ReadOnlySpan<byte> image = default;
        bool sound = TryReadString(node, "image"u8, ref image)
            & TryReadString(node, "device"u8, ref disk.Device)
            & TryReadString(node, "partition"u8, ref disk.Partition)
            & TryReadCell(node, "partition-number"u8, ref disk.PartitionNumber)
            & TryReadString(node, "file"u8, ref disk.File)
            & TryReadString(node, "serial"u8, ref disk.Serial)
            & TryReadFlag(node, "read-only"u8, ref disk.IsReadOnly)
            & TryReadNumber(node, "overlay"u8, ref disk.Overlay)
            & TryReadFlag(node, "drop-on-reset"u8, ref disk.DropsOnReset)
            & TryReadCell(node, "queues"u8, ref disk.Queues)
            & TryReadNumber(node, "without"u8, ref disk.Withheld);
        return sound && (image.IsEmpty || TryFindImage(image, out disk.Image)) && disk.IsSound ? BundleError.None : BundleError.BadDisk;
    }
}
