using System;

namespace SharpVisor.Debug.Gdb;

/// <summary>Text for the person before gdb: as two digits a character, until there is no more room.</summary>
public sealed class DebugText
{
    // For the end of its packet, and an answer behind it.
    private const int Reserve = 64;

    private readonly GdbOutput _output;

    internal DebugText(GdbOutput output) => _output = output;

    private static ReadOnlySpan<byte> Digits => "0123456789abcdef"u8;

    /// <summary>Adds text.</summary>
    public DebugText Text(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Put(text[i]);
        }

        return this;
    }

    /// <summary>Adds a number in decimal.</summary>
    public DebugText Decimal(ulong value)
    {
        ulong divisor = 1;
        while (value / divisor >= 10)
        {
            divisor *= 10;
        }

        for (; divisor != 0; divisor /= 10)
        {
            Put(Digits[(int)(value / divisor % 10)]);
        }

        return this;
    }

    /// <summary>Adds a number in hexadecimal with 0x and no leading zeros.</summary>
    public DebugText Hex(ulong value)
    {
        Text("0x"u8);
        int shift = 60;
        while (shift != 0 && value >> shift == 0)
        {
            shift -= 4;
        }

        for (; shift >= 0; shift -= 4)
        {
            Put(Digits[(int)(value >> shift) & 15]);
        }

        return this;
    }

    /// <summary>Ends a line.</summary>
    public void Line() => Put((byte)'\n');

    private void Put(byte value)
    {
        if (_output.Room > Reserve)
        {
            _output.Byte(value is (byte)'\n' or (>= 0x20 and < 0x7f) ? value : (byte)'?');
        }
    }
}
