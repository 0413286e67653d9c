using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using SharpVisor.Formats;

namespace SharpVisor.Bundles;

/// <summary>
/// Writes a boot bundle (kernel/Formats/README.md): a FIT image whose data stands behind the tree, each image on a
/// page of its own. The same machines give the same bytes.
/// </summary>
public sealed class BundleWriter
{
    private const int PageSize = 4096;

    private readonly bool _hashed;
    private readonly IReadOnlyList<VmSpecification> _vms;
    private readonly ImageTable _images;

    private BundleWriter(IReadOnlyList<VmSpecification> vms, bool hashed)
    {
        _vms = vms;
        _hashed = hashed;
        _images = new ImageTable(vms);
    }

    /// <summary>A bundle of these machines.</summary>
    /// <param name="vms">The machines, in the order in which they are made. They are written as they are, right or wrong.</param>
    /// <param name="hashed">
    /// Whether the hypervisor is to find damage. Checking costs it a pass over all images, so that what is made
    /// to be booted at once goes without.
    /// </param>
    /// <exception cref="InvalidDataException">They do not fit into a bundle.</exception>
    public static byte[] Write(IReadOnlyList<VmSpecification> vms, bool hashed) => new BundleWriter(vms, hashed).Write();

    private byte[] Write()
    {
        // The tree's size does not depend on the numbers in it, so a first pass tells where the data begins.
        int treeSize = WriteTree(0, new long[_images.Count]).Length;
        long end = treeSize + (_hashed ? SHA256.HashSizeInBytes : 0);
        long[] positions = new long[_images.Count];
        for (int i = 0; i < _images.Count; i++)
        {
            positions[i] = (end + PageSize - 1) / PageSize * PageSize;
            end = positions[i] + _images[i].Data.Length;
        }

        if (end > Array.MaxLength)
        {
            throw new InvalidDataException("a bundle cannot be larger than 2 GiB");
        }

        byte[] bundle = new byte[end];
        byte[] tree = WriteTree(treeSize, positions);
        tree.CopyTo(bundle, 0);
        if (_hashed)
        {
            SHA256.HashData(tree).CopyTo(bundle, treeSize);
        }

        for (int i = 0; i < _images.Count; i++)
        {
            _images[i].Data.CopyTo(bundle, positions[i]);
        }

        return bundle;
    }

    private byte[] WriteTree(int treeHashPosition, long[] positions)
    {
        byte[] blob = new byte[Bundle.MaximumTreeSize];
        FdtWriter tree = new(blob);
        tree.BeginNode(""u8);
        tree.PropertyString("description"u8, "SharpVisor boot bundle"u8);
        tree.PropertyCell("timestamp"u8, 0); // U-Boot's tools want one; a real one would make every bundle another
        tree.PropertyCell("#address-cells"u8, 1);
        if (_hashed)
        {
            tree.PropertyCell("tree-hash-position"u8, (uint)treeHashPosition);
        }

        tree.BeginNode("images"u8);
        for (int i = 0; i < _images.Count; i++)
        {
            WriteImage(ref tree, i, positions[i]);
        }

        tree.EndNode();
        tree.BeginNode("vms"u8);
        foreach (VmSpecification vm in _vms)
        {
            WriteVm(ref tree, vm);
        }

        tree.EndNode();
        tree.EndNode();
        return tree.TryFinish(out int size)
            ? blob[..size]
            : throw new InvalidDataException("the definitions do not fit into a bundle: its tree can have 1 MiB");
    }

    private void WriteImage(ref FdtWriter tree, int index, long position)
    {
        BundleImage image = _images[index];
        (string type, string? os, string compression) = Classify(image.Data, _images.IsKernel(index));
        tree.BeginNode(Encoding.UTF8.GetBytes(_images.NameOf(index)));
        tree.PropertyString("description"u8, Encoding.UTF8.GetBytes(image.FileName));
        tree.PropertyString("type"u8, Encoding.UTF8.GetBytes(type));
        tree.PropertyString("arch"u8, "arm64"u8);
        if (os is not null)
        {
            tree.PropertyString("os"u8, Encoding.UTF8.GetBytes(os));
        }

        tree.PropertyString("compression"u8, Encoding.UTF8.GetBytes(compression));
        tree.PropertyCell("data-position"u8, (uint)position);
        tree.PropertyCell("data-size"u8, (uint)image.Data.Length);
        if (_hashed)
        {
            tree.BeginNode("hash-1"u8);
            tree.PropertyString("algo"u8, "sha256"u8);
            tree.PropertyBytes("value"u8, _images.HashOf(index));
            tree.EndNode();
        }

        tree.EndNode();
    }

    private void WriteVm(ref FdtWriter tree, VmSpecification vm)
    {
        tree.BeginNode(Encoding.UTF8.GetBytes(vm.Name));
        tree.PropertyString("kernel"u8, Encoding.UTF8.GetBytes(_images.NameOf(vm.Kernel)));
        if (vm.Ramdisk is not null)
        {
            tree.PropertyString("ramdisk"u8, Encoding.UTF8.GetBytes(_images.NameOf(vm.Ramdisk)));
        }

        tree.PropertyString("bootargs"u8, Encoding.UTF8.GetBytes(vm.CommandLine));
        tree.PropertyCell("vcpus"u8, vm.VCpus);
        tree.PropertyNumber("memory"u8, vm.Memory);
        if (vm.MemoryGuarantee is ulong guarantee)
        {
            tree.PropertyNumber("memory-guarantee"u8, guarantee);
        }

        if (vm.GicVersion != 0)
        {
            tree.PropertyCell("gic"u8, vm.GicVersion);
        }

        if (!vm.Autostart)
        {
            tree.PropertyCell("autostart"u8, 0);
        }

        if (vm.SharePages)
        {
            tree.Property("share-pages"u8);
        }

        if (vm.OnCrash != BundleCrashPolicy.Stop)
        {
            tree.PropertyString("on-crash"u8, vm.OnCrash == BundleCrashPolicy.Restart ? "restart"u8 : "keep"u8);
        }

        if (vm.OnDebuggerLost != BundleDebuggerPolicy.Resume)
        {
            tree.PropertyString("on-debugger-lost"u8, vm.OnDebuggerLost == BundleDebuggerPolicy.Pause ? "pause"u8 : "stop"u8);
        }

        WriteScheduling(ref tree, vm.Scheduling);
        if (vm.Networks.Count > 0)
        {
            byte[] networks = new byte[vm.Networks.Count * BundleNetwork.Size];
            for (int i = 0; i < vm.Networks.Count; i++)
            {
                vm.Networks[i].Write(networks.AsSpan(i * BundleNetwork.Size));
            }

            tree.PropertyBytes("networks"u8, networks);
        }

        for (int i = 0; i < vm.Disks.Count; i++)
        {
            WriteDisk(ref tree, vm.Disks[i], i);
        }

        tree.EndNode();
    }

    private void WriteDisk(ref FdtWriter tree, DiskSpecification disk, int index)
    {
        tree.BeginNode(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"disk-{index}")));
        WriteText(ref tree, "image"u8, disk.Image is null ? "" : _images.NameOf(disk.Image));
        WriteText(ref tree, "device"u8, disk.Device);
        WriteText(ref tree, "partition"u8, disk.Partition);
        WriteText(ref tree, "file"u8, disk.File);
        WriteText(ref tree, "serial"u8, disk.Serial);
        if (disk.PartitionNumber != 0)
        {
            tree.PropertyCell("partition-number"u8, disk.PartitionNumber);
        }

        if (disk.IsReadOnly)
        {
            tree.Property("read-only"u8);
        }

        if (disk.Overlay != 0)
        {
            tree.PropertyNumber("overlay"u8, disk.Overlay);
        }

        if (disk.DropsOnReset)
        {
            tree.Property("drop-on-reset"u8);
        }

        if (disk.Queues != 1)
        {
            tree.PropertyCell("queues"u8, disk.Queues);
        }

        if (disk.Withheld != 0)
        {
            tree.PropertyNumber("without"u8, disk.Withheld);
        }

        tree.EndNode();
    }

    private static void WriteText(ref FdtWriter tree, ReadOnlySpan<byte> name, string text)
    {
        if (text.Length > 0)
        {
            tree.PropertyString(name, Encoding.UTF8.GetBytes(text));
        }
    }

    private static void WriteScheduling(ref FdtWriter tree, BundleScheduling scheduling)
    {
        if (scheduling.Weight != BundleScheduling.DefaultWeight)
        {
            tree.PropertyCell("weight"u8, scheduling.Weight);
        }

        if (scheduling.Cap != 0)
        {
            tree.PropertyCell("cap-permille"u8, scheduling.Cap);
        }

        if (scheduling.Burst != 0)
        {
            tree.PropertyNumber("burst-us"u8, scheduling.Burst);
        }

        if (scheduling.Cpus != 0)
        {
            tree.PropertyCells("cpus"u8, Numbers(scheduling.Cpus));
        }

        if (scheduling.Budget != 0)
        {
            tree.PropertyCell("budget-us"u8, scheduling.Budget);
            tree.PropertyCell("period-us"u8, scheduling.Period);
        }
    }

    private static uint[] Numbers(ulong set) =>
        Enumerable.Range(0, BundleScheduling.MaximumCpus).Where(cpu => (set >> cpu & 1) != 0).Select(cpu => (uint)cpu).ToArray();

    /// <summary>FIT's type, os and compression, in U-Boot's words. The hypervisor looks at the bytes, not at these.</summary>
    private static (string Type, string? Os, string Compression) Classify(byte[] data, bool isKernel) =>
        !isKernel ? ("ramdisk", "linux", "none")
        : Gzip.IsGzip(data) ? ("kernel", "linux", "gzip")
        : Arm64Image.IsImage(data) ? ("kernel", "linux", "none")
        : Elf64.IsElf(data) ? ("kernel", "elf", "none")
        : ("standalone", null, "none");
}
