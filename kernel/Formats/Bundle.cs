using System;
using System.Buffers.Binary;

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

    // One of each kind that is known. Each costs a pass over the image.
    private const int MaximumHashes = 2;

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
        bundle = default;
        image = default;
        if (FdtReader.TryGetTotalSize(blob, out uint size) && size > MaximumTreeSize)
        {
            return BundleError.TreeTooLarge;
        }

        if (FdtReader.TryCreate(blob, out FdtReader tree) != FdtError.None)
        {
            return BundleError.NotATree;
        }

        var candidate = new Bundle(blob, tree);
        BundleError error = candidate.CheckTree(compression);
        if (error == BundleError.None)
        {
            error = candidate.CheckImages(compression, out image);
        }

        if (error == BundleError.None)
        {
            bundle = candidate;
        }

        return error;
    }

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

    /// <summary>The tree's own SHA-256 stands outside of it, for the hash of a text cannot stand in the text.</summary>
    private BundleError CheckTree(Sha256Compression compression)
    {
        if (_tree.TryGetProperty(_tree.Root, "tree-hash-position"u8, out _))
        {
            if (!_tree.TryGetCell(_tree.Root, "tree-hash-position"u8, out uint position)
                || position < (uint)_tree.TotalSize || !TrySlice(position, Sha256.HashSize, out ReadOnlySpan<byte> expected))
            {
                return BundleError.WrongTreeHash;
            }

            Span<byte> hash = stackalloc byte[Sha256.HashSize];
            Sha256.Compute(_blob.Slice(0, _tree.TotalSize), hash, compression);
            if (!hash.SequenceEqual(expected))
            {
                return BundleError.WrongTreeHash;
            }
        }

        return VmCount switch
        {
            0 => BundleError.NoVms,
            > MaximumVms => BundleError.TooManyVms,
            _ => BundleError.None,
        };
    }

    private BundleError CheckImages(Sha256Compression compression, out ReadOnlySpan<byte> name)
    {
        name = default;
        Span<Extent> extents = stackalloc Extent[MaximumImages];
        int count = 0;
        for (bool more = TryFirstImage(out FdtNode image); more; more = _tree.TryNextSibling(image, out image))
        {
            if (count == MaximumImages)
            {
                name = default;
                return BundleError.TooManyImages;
            }

            name = _tree.Name(image);
            if (!TryGetData(image, out ReadOnlySpan<byte> data, out Extent extent))
            {
                return BundleError.BadImage;
            }

            for (int i = 0; i < count; i++)
            {
                if (extent.Overlaps(extents[i]))
                {
                    return BundleError.OverlappingImages;
                }
            }

            extents[count++] = extent;
            BundleError error = CheckHashes(image, data, compression);
            if (error != BundleError.None)
            {
                return error;
            }
        }

        name = default;
        return BundleError.None;
    }

    private BundleError CheckHashes(FdtNode image, ReadOnlySpan<byte> data, Sha256Compression compression)
    {
        Span<byte> hash = stackalloc byte[Sha256.HashSize];
        int count = 0;
        for (bool more = _tree.TryFirstChild(image, out FdtNode node); more; more = _tree.TryNextSibling(node, out node))
        {
            if (!IsHash(node))
            {
                continue;
            }

            if (++count > MaximumHashes || !_tree.TryGetString(node, "algo"u8, out ReadOnlySpan<byte> kind)
                || !_tree.TryGetProperty(node, "value"u8, out ReadOnlySpan<byte> expected))
            {
                return BundleError.UnknownHash;
            }

            bool matches;
            if (kind.SequenceEqual("sha256"u8) && expected.Length == Sha256.HashSize)
            {
                Sha256.Compute(data, hash, compression);
                matches = hash.SequenceEqual(expected);
            }
            else if (kind.SequenceEqual("crc32"u8) && expected.Length == sizeof(uint))
            {
                matches = Crc32.Compute(data) == BinaryPrimitives.ReadUInt32BigEndian(expected);
            }
            else
            {
                return BundleError.UnknownHash;
            }

            if (!matches)
            {
                return BundleError.WrongHash;
            }
        }

        return BundleError.None;
    }

    /// <summary>FIT: the hashes of an image are its children named hash, hash-1, hash@1 and so on.</summary>
    private bool IsHash(FdtNode node) => _tree.Name(node).StartsWith("hash"u8);

    private bool TryFirstVm(out FdtNode vm) => TryFirstIn("/vms"u8, out vm);

    private bool TryFirstImage(out FdtNode image) => TryFirstIn("/images"u8, out image);

    private bool TryFirstIn(ReadOnlySpan<byte> path, out FdtNode node) =>
        _tree.TryFindPath(path, out node) && _tree.TryFirstChild(node, out node);

    /// <summary>An image's bytes.</summary>
    /// <param name="image">Its node.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="extent">Where they stand in the bundle; empty where they are part of the tree.</param>
    /// <returns>False where they are not named, or not all behind the tree and inside the bundle.</returns>
    private bool TryGetData(FdtNode image, out ReadOnlySpan<byte> data, out Extent extent)
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

    private readonly struct Extent(int start, int length)
    {
        private readonly int _start = start;
        private readonly int _length = length;

        internal bool Overlaps(Extent other) =>
            _length > 0 && other._length > 0 && _start < other._start + other._length && other._start < _start + _length;
    }
}
