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

    /// <summary>How it ended; in a request <see cref="ControlFrame.OutcomeOfRequest"/>.</summary>
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

        while (!bytes.IsEmpty)
        {
            if (_restOfBlock != 0)
            {
                ReadOnlySpan<byte> block = bytes.Slice(0, Math.Min(_restOfBlock, bytes.Length));
                int zero = block.IndexOf((byte)0);
                block = zero < 0 ? block : block.Slice(0, zero);
                Append(block);
                _restOfBlock -= block.Length;
                bytes = bytes.Slice(block.Length);
                if (zero < 0)
                {
                    continue;
                }
            }

            byte value = bytes[0];
            bytes = bytes.Slice(1);
            if (value != 0)
            {
                BeginBlock(value);
            }
            else if (IsGood())
            {
                _isComplete = true;
                Taken++;
                return true;
            }
            else
            {
                Dropped += _hasBegun ? 1u : 0u;
                Begin();
            }
        }

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

    private void BeginBlock(byte code)
    {
        _hasBegun = true;
        if (_owesZero)
        {
            Append("\0"u8);
        }

        _restOfBlock = code - 1;
        _owesZero = code != FullBlock;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.TryCopyTo(_content.AsSpan(_length)))
        {
            _length += bytes.Length;
        }
        else
        {
            _isBad = true;
        }
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
