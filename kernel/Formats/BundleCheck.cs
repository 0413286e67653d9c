using System;
using System.Buffers.Binary;

namespace SharpVisor.Formats;

/// <summary>
/// Checks a bundle in pieces of bounded work: the tree, the place of every image, every hash that is there and, where that
/// is wanted, every VM's definition. The default value is a check that begins and leaves the definitions alone.
/// </summary>
public unsafe struct BundleCheck
{
    // One of each kind that is known. Each costs a pass over the image.
    private const int MaximumHashes = 2;

    // Work is counted in bytes; a look at a node is worth so many.
    private const int WorkOfNode = 1 << 10;

    // Reading a definition looks for its name, its kernel, its ramdisk and its disks, each of which may be at the end of the tree.
    private const int PassesOfVm = 8;

    private readonly bool _checksVms;
    private fixed int _starts[Bundle.MaximumImages];
    private fixed int _lengths[Bundle.MaximumImages];
    private Sha256 _sha;
    private uint _crc;
    private Stage _stage;
    private FdtNode _image;
    private FdtNode _hash;
    private FdtNode _vm;
    private int _images;
    private int _hashes;
    private int _hashed;
    private bool _isSha;
    private bool _isImageAtFault;
    private bool _isVmAtFault;

    /// <summary>Begins a check.</summary>
    /// <param name="checksVms">Whether one wrong definition makes the bundle wrong.</param>
    public BundleCheck(bool checksVms) => _checksVms = checksVms;

    private enum Stage : byte
    {
        Tree,
        TreeHash,
        FirstImage,
        Image,
        FirstHash,
        Hash,
        Hashing,
        FirstVm,
        Vm,
        Finished,
    }

    /// <summary>What is wrong; meaningful once the check is finished.</summary>
    public BundleError Error { readonly get; private set; }

    /// <summary>Number of VMs, once the tree was looked at.</summary>
    public int Vms { readonly get; private set; }

    /// <summary>Goes on.</summary>
    /// <param name="blob">The bundle, the same at every step; bytes behind its last image are ignored.</param>
    /// <param name="compression">What computes hashes.</param>
    /// <param name="work">About how many bytes may be looked at.</param>
    /// <returns>Whether the check is finished.</returns>
    public bool Step(ReadOnlySpan<byte> blob, Sha256Compression compression, int work)
    {
        if (_stage == Stage.Tree)
        {
            CheckTree(blob, ref work);
        }

        Bundle bundle = _stage == Stage.Finished ? default : Bundle.Reopen(blob);
        while (_stage != Stage.Finished && work > 0)
        {
            work -= WorkOfNode;
            switch (_stage)
            {
                case Stage.TreeHash:
                    CheckTreeHash(bundle, blob, compression, ref work);
                    break;
                case Stage.FirstImage:
                    _stage = bundle.TryFirstImage(out _image) ? Stage.Image : Stage.FirstVm;
                    break;
                case Stage.Image:
                    CheckImage(bundle);
                    break;
                case Stage.FirstHash:
                    _hashes = 0;
                    Go(bundle.Tree.TryFirstChild(_image, out _hash), bundle);
                    break;
                case Stage.Hash:
                    BeginHash(bundle, compression);
                    break;
                case Stage.Hashing:
                    Hash(bundle, ref work);
                    break;
                case Stage.FirstVm:
                    _stage = _checksVms && bundle.TryFirstVm(out _vm) ? Stage.Vm : Stage.Finished;
                    break;
                default:
                    CheckVm(bundle, ref work);
                    break;
            }
        }

        return _stage == Stage.Finished;
    }

    /// <summary>Name of the image or VM that is wrong; empty where it is something else.</summary>
    public readonly ReadOnlySpan<byte> Culprit(ReadOnlySpan<byte> blob) =>
        _isImageAtFault ? Bundle.Reopen(blob).Tree.Name(_image)
        : _isVmAtFault ? Bundle.Reopen(blob).Tree.Name(_vm)
        : default;

    private void Fail(BundleError error)
    {
        Error = error;
        _stage = Stage.Finished;
    }

    private void FailImage(BundleError error)
    {
        _isImageAtFault = true;
        Fail(error);
    }

    private void CheckTree(ReadOnlySpan<byte> blob, ref int work)
    {
        if (FdtReader.TryGetTotalSize(blob, out uint size) && size > Bundle.MaximumTreeSize)
        {
            Fail(BundleError.TreeTooLarge);
            return;
        }

        if (FdtReader.TryCreate(blob, out FdtReader tree) != FdtError.None)
        {
            Fail(BundleError.NotATree);
            return;
        }

        work -= tree.TotalSize;
        Vms = Bundle.Reopen(blob).VmCount;
        if (Vms == 0)
        {
            Fail(BundleError.NoVms);
        }
        else if (Vms > Bundle.MaximumVms)
        {
            Fail(BundleError.TooManyVms);
        }
        else
        {
            _stage = tree.TryGetProperty(tree.Root, "tree-hash-position"u8, out _) ? Stage.TreeHash : Stage.FirstImage;
        }
    }

    /// <summary>The tree's own SHA-256 stands outside of it, for the hash of a text cannot stand in the text.</summary>
    private void CheckTreeHash(Bundle bundle, ReadOnlySpan<byte> blob, Sha256Compression compression, ref int work)
    {
        Span<byte> hash = stackalloc byte[Sha256.HashSize];
        int size = bundle.Tree.TotalSize;
        work -= size;
        Sha256.Compute(blob.Slice(0, size), hash, compression);
        if (!bundle.TryGetTreeHash(out ReadOnlySpan<byte> expected) || !hash.SequenceEqual(expected))
        {
            Fail(BundleError.WrongTreeHash);
            return;
        }

        _stage = Stage.FirstImage;
    }

    private void CheckImage(Bundle bundle)
    {
        if (_images == Bundle.MaximumImages)
        {
            Fail(BundleError.TooManyImages);
            return;
        }

        if (!bundle.TryGetData(_image, out _, out Bundle.Extent extent))
        {
            FailImage(BundleError.BadImage);
            return;
        }

        for (int i = 0; i < _images; i++)
        {
            if (extent.Overlaps(new Bundle.Extent(_starts[i], _lengths[i])))
            {
                FailImage(BundleError.OverlappingImages);
                return;
            }
        }

        _starts[_images] = extent.Start;
        _lengths[_images++] = extent.Length;
        _stage = Stage.FirstHash;
    }

    /// <summary>To the node that may be a hash, or on to the next image.</summary>
    private void Go(bool hasNode, Bundle bundle) => _stage = hasNode ? Stage.Hash
        : bundle.Tree.TryNextSibling(_image, out _image) ? Stage.Image
        : Stage.FirstVm;

    private void BeginHash(Bundle bundle, Sha256Compression compression)
    {
        if (!bundle.IsHash(_hash))
        {
            Go(bundle.Tree.TryNextSibling(_hash, out _hash), bundle);
            return;
        }

        if (++_hashes > MaximumHashes || !bundle.Tree.TryGetString(_hash, "algo"u8, out ReadOnlySpan<byte> kind)
            || !bundle.Tree.TryGetProperty(_hash, "value"u8, out ReadOnlySpan<byte> expected))
        {
            FailImage(BundleError.UnknownHash);
            return;
        }

        _isSha = kind.SequenceEqual("sha256"u8) && expected.Length == Sha256.HashSize;
        if (!_isSha && !(kind.SequenceEqual("crc32"u8) && expected.Length == sizeof(uint)))
        {
            FailImage(BundleError.UnknownHash);
            return;
        }

        _sha = new Sha256(compression);
        _crc = 0;
        _hashed = 0;
        _stage = Stage.Hashing;
    }

    private void Hash(Bundle bundle, ref int work)
    {
        bundle.TryGetData(_image, out ReadOnlySpan<byte> data, out _);
        ReadOnlySpan<byte> piece = data.Slice(_hashed, Math.Min(data.Length - _hashed, work < WorkOfNode ? WorkOfNode : work));
        _hashed += piece.Length;
        work -= piece.Length;
        if (_isSha)
        {
            _sha.Append(piece);
        }
        else
        {
            _crc = Crc32.Append(_crc, piece);
        }

        if (_hashed < data.Length)
        {
            return;
        }

        bundle.Tree.TryGetProperty(_hash, "value"u8, out ReadOnlySpan<byte> expected);
        if (_isSha)
        {
            Span<byte> hash = stackalloc byte[Sha256.HashSize];
            _sha.Finish(hash);
            if (!hash.SequenceEqual(expected))
            {
                FailImage(BundleError.WrongHash);
                return;
            }
        }
        else if (_crc != BinaryPrimitives.ReadUInt32BigEndian(expected))
        {
            FailImage(BundleError.WrongHash);
            return;
        }

        Go(bundle.Tree.TryNextSibling(_hash, out _hash), bundle);
    }

    private void CheckVm(Bundle bundle, ref int work)
    {
        BundleError error = bundle.ReadVm(_vm, out _);
        work -= bundle.Tree.TotalSize * PassesOfVm;
        if (error != BundleError.None)
        {
            _isVmAtFault = true;
            Fail(error);
            return;
        }

        _stage = bundle.Tree.TryNextSibling(_vm, out _vm) ? Stage.Vm : Stage.Finished;
    }
}
