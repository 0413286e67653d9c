using System;

namespace SharpVisor.Formats;

/// <summary>What is wrong with a boot bundle.</summary>
public enum BundleError
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The bytes are no device tree.</summary>
    NotATree,

    /// <summary>There is no <c>/vms</c> node with a VM in it.</summary>
    NoVms,

    /// <summary>A VM has no <c>kernel</c>, or it names an image that is not there.</summary>
    NoKernel,

    /// <summary>A VM's <c>ramdisk</c> names an image that is not there.</summary>
    NoRamdisk,

    /// <summary>An image's data lies outside the bundle.</summary>
    BadImage,

    /// <summary>A VM has no <c>memory</c> or <c>vcpus</c>, or 0 of them.</summary>
    BadSize,
}

/// <summary>
/// A boot bundle: a FIT image (a device tree with <c>/images</c> and <c>/vms</c>) whose image data stands in the
/// tree or behind it. README.md in this folder has the layout.
/// </summary>
public readonly ref struct Bundle
{
    private readonly ReadOnlySpan<byte> _blob;
    private readonly FdtReader _tree;

    private Bundle(ReadOnlySpan<byte> blob, FdtReader tree)
    {
        _blob = blob;
        _tree = tree;
    }

    /// <summary>Checks that the bytes are a tree with at least one VM.</summary>
    public static BundleError TryCreate(ReadOnlySpan<byte> blob, out Bundle bundle)
    {
        bundle = default;
        if (FdtReader.TryCreate(blob, out FdtReader tree) != FdtError.None)
        {
            return BundleError.NotATree;
        }

        if (!tree.TryFindPath("/vms"u8, out FdtNode vms) || !tree.TryFirstChild(vms, out _))
        {
            return BundleError.NoVms;
        }

        bundle = new Bundle(blob, tree);
        return BundleError.None;
    }

    /// <summary>Reads the definition of VM <paramref name="index"/>.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="vm">The definition, where the error is none.</param>
    /// <param name="error">What is wrong with it.</param>
    /// <returns>False behind the last VM.</returns>
    public bool TryGetVm(int index, out BundleVm vm, out BundleError error)
    {
        vm = default;
        error = BundleError.None;
        if (!_tree.TryFindPath("/vms"u8, out FdtNode vms) || !_tree.TryFirstChild(vms, out FdtNode node))
        {
            return false;
        }

        for (int i = 0; i < index; i++)
        {
            if (!_tree.TryNextSibling(node, out node))
            {
                return false;
            }
        }

        vm.Name = _tree.Name(node);
        if (!_tree.TryGetNumber(node, "memory"u8, out vm.Memory) || vm.Memory == 0
            || !_tree.TryGetCell(node, "vcpus"u8, out vm.VCpus) || vm.VCpus == 0)
        {
            error = BundleError.BadSize;
            return true;
        }

        _tree.TryGetCell(node, "gic"u8, out vm.GicVersion);
        _tree.TryGetString(node, "bootargs"u8, out vm.CommandLine);
        if (!_tree.TryGetString(node, "kernel"u8, out ReadOnlySpan<byte> kernel))
        {
            error = BundleError.NoKernel;
            return true;
        }

        error = FindImage(kernel, BundleError.NoKernel, out vm.Kernel);
        if (error == BundleError.None && _tree.TryGetString(node, "ramdisk"u8, out ReadOnlySpan<byte> ramdisk))
        {
            error = FindImage(ramdisk, BundleError.NoRamdisk, out vm.Ramdisk);
        }

        return true;
    }

    /// <summary>One phrase: what is wrong, and what would be right.</summary>
    public static ReadOnlySpan<byte> Describe(BundleError error) => error switch
    {
        BundleError.None => "no error"u8,
        BundleError.NotATree => "not a boot bundle: it must be a FIT image (flattened device tree)"u8,
        BundleError.NoVms => "boot bundle without virtual machines: /vms must hold a node for each"u8,
        BundleError.NoKernel => "its kernel property must name an image under /images"u8,
        BundleError.NoRamdisk => "its ramdisk property must name an image under /images"u8,
        BundleError.BadImage => "an image's data lies outside the bundle (truncated file?)"u8,
        _ => "it must have memory (bytes) and vcpus, both above 0"u8,
    };

    private BundleError FindImage(ReadOnlySpan<byte> name, BundleError whenAbsent, out ReadOnlySpan<byte> data)
    {
        data = default;
        if (!_tree.TryFindPath("/images"u8, out FdtNode images) || !_tree.TryFindChild(images, name, out FdtNode image))
        {
            return whenAbsent;
        }

        if (_tree.TryGetProperty(image, "data"u8, out data))
        {
            return BundleError.None;
        }

        if (!_tree.TryGetNumber(image, "data-position"u8, out ulong position) || !_tree.TryGetNumber(image, "data-size"u8, out ulong size)
            || position > (ulong)_blob.Length || size > (ulong)_blob.Length - position)
        {
            return BundleError.BadImage;
        }

        data = _blob.Slice((int)position, (int)size);
        return BundleError.None;
    }
}
