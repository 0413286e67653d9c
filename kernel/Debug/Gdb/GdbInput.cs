using System;

namespace SharpVisor.Debug.Gdb;

/// <summary>
/// Finds the packets in what gdb sends: <c>$</c>, content, <c>#</c>, two hexadecimal digits of the sum of the content's
/// bytes (GDB manual, "Remote Protocol: Overview").
/// </summary>
public sealed class GdbInput
{
    /// <summary>Most bytes of content, as it comes over the line.</summary>
    public const int Capacity = 4096;

    private const byte Begin = (byte)'$';
    private const byte End = (byte)'#';
    private const byte Escape = (byte)'}';
    private const byte EscapedBit = 0x20;
    private const byte ControlC = 3;

    private readonly byte[] _content = new byte[Capacity];
    private State _state;
    private int _length;
    private int _raw;
    private byte _sum;
    private int _announced;
    private bool _isEscaped;

    private enum State
    {
        Outside,
        Content,
        FirstDigit,
        SecondDigit,
    }

    /// <summary>The packet that is complete, escapes undone; until the next byte is taken.</summary>
    public ReadOnlySpan<byte> Packet => new(_content, 0, _length);

    /// <summary>Forgets what has come of a packet.</summary>
    public void Reset() => _state = State.Outside;

    /// <summary>Takes a byte.</summary>
    /// <param name="value">The byte.</param>
    /// <param name="isChecked">Whether the sum counts: not where the line is known to be reliable.</param>
    public GdbInputEvent Take(byte value, bool isChecked)
    {
        switch (_state)
        {
            case State.Content:
                TakeContent(value);
                return GdbInputEvent.None;

            case State.FirstDigit:
                _announced = GdbText.DigitOf(value) << 4;
                _state = State.SecondDigit;
                return GdbInputEvent.None;

            case State.SecondDigit:
                _announced |= GdbText.DigitOf(value); // a digit that is none makes it negative
                _state = State.Outside;
                return isChecked && _announced != _sum ? GdbInputEvent.Damaged
                    : _raw > Capacity ? GdbInputEvent.TooLong
                    : GdbInputEvent.Packet;

            default:
                return TakeOutside(value);
        }
    }

    private GdbInputEvent TakeOutside(byte value)
    {
        switch (value)
        {
            case Begin:
                BeginContent();
                return GdbInputEvent.None;
            case ControlC:
                return GdbInputEvent.Interrupt;
            case (byte)'-':
                return GdbInputEvent.Repeat;
            default:
                return GdbInputEvent.None; // acknowledgements, and what the line made of something
        }
    }

    private void BeginContent()
    {
        _state = State.Content;
        _length = 0;
        _raw = 0;
        _sum = 0;
        _isEscaped = false;
    }

    private void TakeContent(byte value)
    {
        if (value == End)
        {
            _state = State.FirstDigit;
            return;
        }

        if (value == Begin)
        {
            BeginContent(); // the end of the one before was lost: within a packet it comes escaped
            return;
        }

        _sum += value;
        _raw = Math.Min(_raw + 1, Capacity + 1);
        if (value == Escape && !_isEscaped)
        {
            _isEscaped = true;
        }
        else if (_length < Capacity)
        {
            _content[_length++] = _isEscaped ? (byte)(value ^ EscapedBit) : value;
            _isEscaped = false;
        }
    }
}
