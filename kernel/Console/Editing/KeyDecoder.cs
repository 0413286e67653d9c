using System;

namespace SharpVisor.Console;

/// <summary>
/// Makes keys of the bytes that a terminal sends: control characters as in Emacs, and the sequences of cursor keys
/// (ECMA-48, xterm, VT220, Linux). A sequence may come in any number of pieces.
/// </summary>
internal sealed class KeyDecoder
{
    private const byte Escape = 0x1b;
    private const int LargestParameter = 9999;
    private const int LongestCharacter = 4;

    private readonly byte[] _text = new byte[LongestCharacter];
    private int _textLength;
    private int _textToCome;
    private State _state;
    private bool _afterReturn;
    private int _first;
    private int _second;
    private bool _inSecond;

    private enum State
    {
        Ground,
        Escape,
        Sequence, // ESC [
        Single, // ESC O
    }

    /// <summary>Whether the terminal has sent a sequence: it is one that knows them.</summary>
    internal bool HasSeenSequence { get; private set; }

    /// <summary>The bytes of the last <see cref="Key.Text"/>: one character in UTF-8.</summary>
    internal ReadOnlySpan<byte> Text => new(_text, 0, _textLength);

    /// <summary>Takes a byte.</summary>
    internal Key Decode(byte value)
    {
        bool afterReturn = _afterReturn;
        _textToCome = LineView.IsStart(value) ? 0 : _textToCome;
        _afterReturn = false;
        if (_state != State.Ground && (value < 0x20 || value == 0x7f) && !(_state == State.Escape && value is 0x7f or 8))
        {
            _state = State.Ground; // a control character ends a broken sequence
        }

        switch (_state)
        {
            case State.Escape:
                return DecodeEscape(value);
            case State.Sequence:
                return DecodeSequence(value);
            case State.Single:
                _state = State.Ground;
                HasSeenSequence = true;
                return CursorKey(value, false);
            default:
                return value == '\n' && afterReturn ? Key.None : DecodePlain(value);
        }
    }

    private Key DecodePlain(byte value)
    {
        switch (value)
        {
            case Escape:
                _state = State.Escape;
                return Key.None;
            case (byte)'\r':
                _afterReturn = true;
                return Key.Enter;
            case (byte)'\n':
                return Key.Enter;
            case (byte)'\t':
                return Key.Tab;
            case 0x08:
            case 0x7f:
                return Key.Backspace;
            case 0x01:
                return Key.Home;
            case 0x02:
                return Key.Left;
            case 0x03:
            case 0x07:
                return Key.Cancel;
            case 0x04:
                return Key.DeleteOrEnd;
            case 0x05:
                return Key.End;
            case 0x06:
                return Key.Right;
            case 0x0b:
                return Key.CutToEnd;
            case 0x0c:
                return Key.Clear;
            case 0x0e:
                return Key.Newer;
            case 0x10:
                return Key.Older;
            case 0x12:
                return Key.Search;
            case 0x14:
                return Key.Swap;
            case 0x15:
                return Key.CutToStart;
            case 0x17:
                return Key.CutWordLeft;
            case 0x19:
                return Key.Paste;
            case HostConsole.EscapeKey:
                return Key.Console;
            default:
                return value < 0x20 ? Key.Unknown : DecodeText(value);
        }
    }

    // RFC 3629: a character is whole or it is not there.
    private Key DecodeText(byte value)
    {
        if (LineView.IsStart(value))
        {
            _textLength = 0;
            _textToCome = value switch
            {
                < 0x80 => 1,
                >= 0xc2 and < 0xe0 => 2,
                >= 0xe0 and < 0xf0 => 3,
                >= 0xf0 and < 0xf5 => 4,
                _ => 0,
            };
        }

        if (_textToCome == 0)
        {
            return Key.Unknown;
        }

        _text[_textLength++] = value;
        return --_textToCome == 0 ? Key.Text : Key.None;
    }

    private Key DecodeEscape(byte value)
    {
        _state = State.Ground;
        switch (value)
        {
            case (byte)'[':
                _state = State.Sequence;
                _inSecond = false;
                _first = 0;
                _second = 0;
                return Key.None;
            case (byte)'O':
                _state = State.Single;
                return Key.None;
            case (byte)'b':
            case (byte)'B':
                return Key.WordLeft;
            case (byte)'f':
            case (byte)'F':
                return Key.WordRight;
            case (byte)'d':
            case (byte)'D':
                return Key.CutWordRight;
            case 0x08:
            case 0x7f:
                return Key.CutWordLeft;
            default:
                return Key.Unknown;
        }
    }

    private Key DecodeSequence(byte value)
    {
        if (value is >= (byte)'0' and <= (byte)'9')
        {
            ref int parameter = ref _inSecond ? ref _second : ref _first;
            parameter = parameter > LargestParameter ? parameter : (parameter * 10) + value - '0';
            return Key.None;
        }

        if (value == ';')
        {
            _inSecond = true;
            return Key.None;
        }

        if (value < 0x40)
        {
            return Key.None; // ESC [ ? begins an answer
        }

        _state = State.Ground;
        HasSeenSequence = true;
        if (value is (byte)'c' or (byte)'R' or (byte)'n')
        {
            return Key.TerminalAnswer;
        }

        return value == '~' ? NumberedKey() : CursorKey(value, _second is 3 or 5);
    }

    private Key NumberedKey() => _first switch
    {
        1 or 7 => Key.Home,
        3 => Key.Delete,
        4 or 8 => Key.End,
        _ => Key.Unknown,
    };

    private static Key CursorKey(byte value, bool isModified) => value switch
    {
        (byte)'A' => Key.Older,
        (byte)'B' => Key.Newer,
        (byte)'C' => isModified ? Key.WordRight : Key.Right,
        (byte)'D' => isModified ? Key.WordLeft : Key.Left,
        (byte)'H' => Key.Home,
        (byte)'F' => Key.End,
        (byte)'M' => Key.Enter, // of the keypad
        _ => Key.Unknown,
    };
}
