using System;
using SharpVisor.Formats;

namespace SharpVisor.Console;

/// <summary>
/// A boot bundle that comes in pieces, and is checked in pieces when all of it is there: first whether its bytes are
/// those that were meant, then whether they are a sound bundle. Nobody else looks at the bytes before.
/// </summary>
internal sealed unsafe class BundleUpload
{
    private readonly byte[] _expected = new byte[Sha256.HashSize];
    private byte* _memory;
    private int _length;
    private int _hashed;
    private bool _isChecking;
    private bool _isMeant;
    private Sha256 _sha;
    private BundleCheck _check;

    /// <summary>Its number, from 1; 0 while it is none.</summary>
    internal int Id { get; private set; }

    /// <summary>The bytes.</summary>
    internal ReadOnlySpan<byte> Bytes => new(_memory, _length);

    /// <summary>Address of the first byte.</summary>
    internal ulong Address => (ulong)_memory;

    /// <summary>Begins to take bytes.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="memory">Where the bytes go.</param>
    /// <param name="length">How many they will be.</param>
    internal void Begin(int id, byte* memory, int length)
    {
        Id = id;
        _memory = memory;
        _length = length;
        _isChecking = false;
    }

    /// <summary>It is none any more.</summary>
    internal void End() => Id = 0;

    /// <summary>Takes a piece. Busy where it is being checked, BadRequest where it reaches outside.</summary>
    internal ControlOutcome Write(ulong offset, ReadOnlySpan<byte> data)
    {
        if (_isChecking)
        {
            return ControlOutcome.Busy;
        }

        if (offset > (ulong)_length || (ulong)data.Length > (ulong)_length - offset)
        {
            return ControlOutcome.BadRequest;
        }

        data.CopyTo(new Span<byte>(_memory, _length).Slice((int)offset));
        return ControlOutcome.Ok;
    }

    /// <summary>Checks a piece of it.</summary>
    /// <param name="sha256">What the bytes must come to; the same in every call.</param>
    /// <param name="compression">What computes hashes.</param>
    /// <param name="work">About how many bytes may be looked at.</param>
    /// <param name="verdict">What is wrong, for BadBundle.</param>
    /// <returns>Busy while there is more to check; BadRequest, with nothing changed, for another hash than before; Ok or BadBundle at the end.</returns>
    internal ControlOutcome Check(ReadOnlySpan<byte> sha256, Sha256Compression compression, int work, out UploadVerdict verdict)
    {
        verdict = default;
        if (sha256.Length != Sha256.HashSize || (_isChecking && !sha256.SequenceEqual(_expected)))
        {
            return ControlOutcome.BadRequest;
        }

        if (!_isChecking)
        {
            sha256.CopyTo(_expected);
            _isChecking = true;
            _isMeant = false;
            _hashed = 0;
            _sha = new Sha256(compression);
            _check = new BundleCheck(checksVms: true);
        }

        if (!_isMeant)
        {
            ReadOnlySpan<byte> piece = Bytes.Slice(_hashed, Math.Min(_length - _hashed, work));
            _sha.Append(piece);
            _hashed += piece.Length;
            if (_hashed < _length)
            {
                return ControlOutcome.Busy;
            }

            Span<byte> hash = stackalloc byte[Sha256.HashSize];
            _sha.Finish(hash);
            if (!hash.SequenceEqual(sha256))
            {
                return ControlOutcome.BadBundle;
            }

            _isMeant = true;
            return ControlOutcome.Busy;
        }

        if (!_check.Step(Bytes, compression, work))
        {
            return ControlOutcome.Busy;
        }

        verdict.Error = _check.Error;
        verdict.Culprit = Printable(_check.Culprit(Bytes));
        verdict.Vms = verdict.Error == BundleError.None ? _check.Vms : 0;
        return verdict.Error == BundleError.None ? ControlOutcome.Ok : ControlOutcome.BadBundle;
    }

    /// <summary>A name out of a bundle that nobody vouches for, to be shown on a terminal.</summary>
    private static VmName Printable(ReadOnlySpan<byte> name)
    {
        Span<byte> text = stackalloc byte[VmName.Capacity];
        int length = Math.Min(name.Length, text.Length);
        for (int i = 0; i < length; i++)
        {
            text[i] = name[i] is > 0x20 and < 0x7f ? name[i] : (byte)'?';
        }

        return VmName.From(text.Slice(0, length));
    }
}
