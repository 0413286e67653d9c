using System;

namespace SharpVisor.Formats;

/// <summary>
/// A boot bundle: a FIT image (a device tree with <c>/images</c> and <c>/vms</c>) whose image data stands in the
/// tree or behind it. README.md in this folder has the layout. There is no bundle before all of its bytes were checked.
/// </summary>
public readonly ref partial struct Bundle
{
    /// <summary>Largest tree in bytes; data stands behind it. Bounds the work that a hostile tree can ask for.</summary>
    public const int MaximumTreeSize = 1 << 20;

    /// <summary>Most VMs in one bundle.</summary>
    public const int MaximumVms = 256;

    /// <summary>Most images in one bundle.</summary>
    public const int MaximumImages = 256;

    private readonly ReadOnlySpan<byte> _blob;
    private readonly FdtReader _tree;

    private Bundle(ReadOnlySpan<byte> blob, FdtReader tree)
    {
        _blob = blob;
        _tree = tree;
    }

    /// <summary>Checks the tree, the place of every image, and every hash that is there.</summary>
    /// <param name="blob">The bundle; bytes behind its last image are ignored.</param>
    /// <param name="compression">What computes hashes.</param>
    /// <param name="bundle">Usable where the result is <see cref="BundleError.None"/>.</param>
    /// <param name="image">Name of the image that is wrong; empty where it is something else.</param>
    public static BundleError TryCreate(ReadOnlySpan<byte> blob, Sha256Compression compression, out Bundle bundle, out ReadOnlySpan<byte> image)
    {
        BundleCheck check = default;
        while (!check.Step(blob, compression, int.MaxValue))
        {
        }

        image = check.Culprit(blob);
        bundle = check.Error == BundleError.None ? Reopen(blob) : default;
        return check.Error;
    }

    /// <summary>A bundle that a <see cref="BundleCheck"/> has found sound before, and that is still the same.</summary>
    public static Bundle Reopen(ReadOnlySpan<byte> blob) => new(blob, FdtReader.Reopen(blob));

    /// <summary>Whether the tree and every image have a hash, so that any damage would have been found.</summary>
    public bool IsHashed
    {
        get
        {
            bool all = _tree.TryGetProperty(_tree.Root, "tree-hash-position"u8, out _);
            bool more = TryFirstImage(out FdtNode image);
            while (more)
            {
                bool hashed = false;
                for (bool moreHashes = _tree.TryFirstChild(image, out FdtNode node); moreHashes; moreHashes = _tree.TryNextSibling(node, out node))
                {
                    hashed |= IsHash(node);
                }

                all &= hashed;
                more = _tree.TryNextSibling(image, out image);
            }

            return all;
        }
    }

    /// <summary>Number of VMs, those with mistakes included.</summary>
    public int VmCount
    {
        get
        {
            int count = 0;
            for (bool more = TryFirstVm(out FdtNode vm); more; more = _tree.TryNextSibling(vm, out vm))
            {
                count++;
            }

            return count;
        }
    }

    /// <summary>The tree.</summary>
    internal FdtReader Tree => _tree;

    /// <summary>Where the tree says that its hash stands, and the bytes there; false where that is outside of the bundle or in the tree.</summary>
    internal bool TryGetTreeHash(out ReadOnlySpan<byte> hash)
    {
        hash = default;
        return _tree.TryGetCell(_tree.Root, "tree-hash-position"u8, out uint position)
            && position >= (uint)_tree.TotalSize && TrySlice(position, Sha256.HashSize, out hash);
    }

    /// <summary>FIT: the hashes of an image are its children named hash, hash-1, hash@1 and so on.</summary>
    internal bool IsHash(FdtNode node) => _tree.Name(node).StartsWith("hash"u8);

    internal bool TryFirstVm(out FdtNode vm) => TryFirstIn("/vms"u8, out vm);

    internal bool TryFirstImage(out FdtNode image) => TryFirstIn("/images"u8, out image);

    private bool TryFirstIn(ReadOnlySpan<byte> path, out FdtNode node) =>
        _tree.TryFindPath(path, out node) && _tree.TryFirstChild(node, out node);

    /// <summary>An image's bytes.</summary>
    /// <param name="image">Its node.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="extent">Where they stand in the bundle; empty where they are part of the tree.</param>
    /// <returns>False where they are not named, or not all behind the tree and inside the bundle.</returns>
    internal bool TryGetData(FdtNode image, out ReadOnlySpan<byte> data, out Extent extent)
    {
        extent = default;
        if (_tree.TryGetProperty(image, "data"u8, out data))
        {
            return true;
        }

        ulong treeSize = (ulong)_tree.TotalSize;
        if (!_tree.TryGetNumber(image, "data-position"u8, out ulong position))
        {
            // What U-Boot's mkimage -E writes: counted from the end of the tree, rounded up to a word.
            if (!_tree.TryGetCell(image, "data-offset"u8, out uint offset))
            {
                return false;
            }

            position = ((treeSize + 3) & ~3ul) + offset;
        }

        if (!_tree.TryGetNumber(image, "data-size"u8, out ulong size) || position < treeSize || !TrySlice(position, size, out data))
        {
            return false;
        }

        extent = new Extent((int)position, data.Length);
        return true;
    }

    private bool TrySlice(ulong position, ulong size, out ReadOnlySpan<byte> slice)
    {
        slice = default;
        if (position > (ulong)_blob.Length || size > (ulong)_blob.Length - position)
        {
            return false;
        }

        slice = _blob.Slice((int)position, (int)size);
        return true;
    }

    internal readonly struct Extent(int start, int length)
    {
        internal int Start { get; } = start;

        internal int Length { get; } = length;

        internal bool Overlaps(Extent other) =>
            Length > 0 && other.Length > 0 && Start < other.Start + other.Length && other.Start < Start + Length;
    }
}
