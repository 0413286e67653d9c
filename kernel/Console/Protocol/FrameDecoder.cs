using System;
using System.Buffers.Binary;
using SharpVisor.Formats;

namespace SharpVisor.Console;

/// <summary>
/// Takes what comes over the line, piece by piece, and finds the frames in it. What is no frame is dropped up to the
/// next zero byte: nobody could say whose it was.
/// </summary>
internal sealed class FrameDecoder
{
    private const byte FullBlock = 0xff;

    private readonly byte[] _content = new byte[ControlFrame.LargestContent];
    private int _length;
    private int _restOfBlock;
    private bool _hasBegun;
    private bool _owesZero;
    private bool _isBad;
    private bool _isComplete;

    /// <summary>Frames that were good.</summary>
    internal ulong Taken { get; private set; }

    /// <summary>Pieces between zeros that were no frame: wrong code, length or checksum.</summary>
    internal ulong Dropped { get; private set; }

    /// <summary>Version of the frame's layout; where it is not <see cref="ControlFrame.Version"/> only the session and the number are sure.</summary>
    internal byte Version => _content[0];

    /// <summary>Session of the client.</summary>
    internal byte Session => _content[1];

    /// <summary>Number of the request.</summary>
    internal ushort Id => BinaryPrimitives.ReadUInt16LittleEndian(_content.AsSpan(2));

    /// <summary>What is asked for, or answered (with <see cref="ControlFrame.AnswerBit"/>).</summary>
    internal byte Operation => _content[4];

    /// <summary>How it ended.</summary>
    internal byte Outcome => _content[5];

    /// <summary>The payload. All of a frame stays until more bytes are given.</summary>
    internal ReadOnlySpan<byte> Payload => new(_content, ControlFrame.HeaderLength, _length - ControlFrame.SmallestContent);

    /// <summary>The frame's checksum.</summary>
    internal uint Checksum => BinaryPrimitives.ReadUInt32LittleEndian(_content.AsSpan(_length - ControlFrame.ChecksumLength));

    /// <summary>Takes bytes up to the end of the next good frame.</summary>
    /// <param name="bytes">What has come; afterwards what is behind the frame, or nothing.</param>
    /// <returns>Whether there is a frame.</returns>
    internal bool TryTake(ref ReadOnlySpan<byte> bytes)
    {
        if (_isComplete)
        {
            Begin();
        }

        for (int i = 0; i < bytes.Length; i++)
        {
            byte value = bytes[i];
            if (value != 0)
            {
                Put(value);
                continue;
            }

            _isComplete = IsGood();
            if (_isComplete)
            {
                Taken++;
                bytes = bytes.Slice(i + 1);
                return true;
            }

            Dropped += _hasBegun ? 1u : 0u;
            Begin();
        }

        bytes = default;
        return false;
    }

    /// <summary>Forgets what has come of a frame.</summary>
    internal void Begin()
    {
        _length = 0;
        _restOfBlock = 0;
        _hasBegun = false;
        _owesZero = false;
        _isBad = false;
        _isComplete = false;
    }

    private void Put(byte value)
    {
        _hasBegun = true;
        if (_restOfBlock != 0)
        {
            _restOfBlock--;
            Append(value);
            return;
        }

        if (_owesZero)
        {
            Append(0);
        }

        _restOfBlock = value - 1;
        _owesZero = value != FullBlock;
    }

    private void Append(byte value)
    {
        if (_length == _content.Length)
        {
            _isBad = true;
            return;
        }

        _content[_length++] = value;
    }

    private bool IsGood()
    {
        if (_isBad || _restOfBlock != 0 || _length < ControlFrame.SmallestContent)
        {
            return false;
        }

        return Crc32.Compute(new ReadOnlySpan<byte>(_content, 0, _length - ControlFrame.ChecksumLength)) == Checksum;
    }
}
