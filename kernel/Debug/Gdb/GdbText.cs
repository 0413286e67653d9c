using System;

namespace SharpVisor.Debug.Gdb;

/// <summary>Reads a packet from its front. What has not the form that is asked for is left where it is.</summary>
public ref struct GdbText
{
    private const int LongestNumber = 16;
    private const ulong TopDigit = 0xful << 60;

    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins with a text.</summary>
    public GdbText(ReadOnlySpan<byte> text) => _rest = text;

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Whether all has been read.</summary>
    public readonly bool IsEnd => _rest.IsEmpty;

    /// <summary>The value of a hexadecimal digit; negative, also shifted and combined with another, where it is none.</summary>
    public static int DigitOf(byte character) => character switch
    {
        >= (byte)'0' and <= (byte)'9' => character - '0',
        >= (byte)'a' and <= (byte)'f' => character - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => character - 'A' + 10,
        _ => -1,
    };

    /// <summary>Takes a character, if it is that one.</summary>
    public bool TryTake(byte character)
    {
        if (_rest.IsEmpty || _rest[0] != character)
        {
            return false;
        }

        _rest = _rest.Slice(1);
        return true;
    }

    /// <summary>Takes a text, if it begins so.</summary>
    public bool TryTake(ReadOnlySpan<byte> text)
    {
        if (!_rest.StartsWith(text))
        {
            return false;
        }

        _rest = _rest.Slice(text.Length);
        return true;
    }

    /// <summary>Takes a hexadecimal number of at least one digit that fits 64 bits.</summary>
    public bool TryNumber(out ulong value)
    {
        value = 0;
        int digits = 0;
        while (digits < _rest.Length && DigitOf(_rest[digits]) >= 0)
        {
            if ((value & TopDigit) != 0)
            {
                return false;
            }

            value = (value << 4) | (uint)DigitOf(_rest[digits]);
            digits++;
        }

        _rest = _rest.Slice(digits);
        return digits != 0;
    }

    /// <summary>Takes a number that is small enough for a length or an index.</summary>
    public bool TrySmallNumber(out int value)
    {
        bool isNumber = TryNumber(out ulong number) && number <= int.MaxValue;
        value = isNumber ? (int)number : 0;
        return isNumber;
    }

    /// <summary>Takes pairs of digits, one pair a byte, exactly as many as there is room for.</summary>
    public bool TryBytes(scoped Span<byte> bytes)
    {
        if (_rest.Length / 2 < bytes.Length)
        {
            return false;
        }

        for (int i = 0; i < bytes.Length; i++)
        {
            int value = (DigitOf(_rest[2 * i]) << 4) | DigitOf(_rest[(2 * i) + 1]);
            if (value < 0)
            {
                return false;
            }

            bytes[i] = (byte)value;
        }

        _rest = _rest.Slice(2 * bytes.Length);
        return true;
    }
}
