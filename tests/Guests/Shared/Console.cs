using System;

namespace SharpVisor.Guests;

/// <summary>Text on the guest machine's PL011.</summary>
internal static class Console
{
    /// <summary>INTID of its interrupt.</summary>
    internal const uint Interrupt = 33;

    private const ulong Data = 0x0900_0000;
    private const ulong Flags = Data + 0x18;
    private const ulong InterruptMask = Data + 0x38;
    private const uint TransmitFull = 1 << 5;
    private const uint ReceiveEmpty = 1 << 4;
    private const uint ReceiveInterrupts = (1 << 4) | (1 << 6);

    /// <summary>Writes text.</summary>
    internal static void Write(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Write(text[i]);
        }
    }

    /// <summary>Writes text and ends the line.</summary>
    internal static void WriteLine(ReadOnlySpan<byte> text)
    {
        Write(text);
        Write("\r\n"u8);
    }

    /// <summary>Writes one byte.</summary>
    internal static void Write(byte value)
    {
        while ((Native.Read32(Flags) & TransmitFull) != 0)
        {
        }

        Native.Write32(Data, value);
    }

    /// <summary>Writes a number in decimal.</summary>
    internal static void WriteDecimal(ulong value)
    {
        ulong divisor = 1;
        while (value / divisor >= 10)
        {
            divisor *= 10;
        }

        for (; divisor != 0; divisor /= 10)
        {
            Write((byte)('0' + (value / divisor % 10)));
        }
    }

    /// <summary>Writes a number in hexadecimal, with 0x.</summary>
    internal static void WriteHex(ulong value)
    {
        Write("0x"u8);
        int shift = 60;
        while (shift > 0 && value >> shift == 0)
        {
            shift -= 4;
        }

        for (; shift >= 0; shift -= 4)
        {
            Write("0123456789abcdef"u8[(int)(value >> shift) & 15]);
        }
    }

    /// <summary>Drives <see cref="Interrupt"/> while there is something to read.</summary>
    internal static void InterruptOnReceive() => Native.Write32(InterruptMask, ReceiveInterrupts);

    /// <summary>Takes a typed byte where there is one.</summary>
    internal static bool TryRead(out byte value)
    {
        value = 0;
        if ((Native.Read32(Flags) & ReceiveEmpty) != 0)
        {
            return false;
        }

        value = (byte)Native.Read32(Data);
        return true;
    }
}
