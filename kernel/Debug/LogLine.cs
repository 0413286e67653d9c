using System;

namespace SharpVisor.Debug;

/// <summary>A line being written: pieces are chained, <see cref="End"/> gives the log back.</summary>
public readonly struct LogLine
{
    private readonly bool _isMuted;

    private LogLine(bool isMuted) => _isMuted = isMuted;

    /// <summary>A line that is not written.</summary>
    internal static LogLine Muted => new(isMuted: true);

    private static ReadOnlySpan<byte> Digits => "0123456789abcdef"u8;

    /// <summary>Adds text as it is.</summary>
    public LogLine Text(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Put(text[i]);
        }

        return this;
    }

    /// <summary>Adds text from outside: what is not printable ASCII becomes a question mark.</summary>
    public LogLine Quoted(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Put(text[i] is >= 0x20 and < 0x7f ? text[i] : (byte)'?');
        }

        return this;
    }

    /// <summary>Adds a number in decimal.</summary>
    public LogLine Decimal(ulong value)
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
    public LogLine Hex(ulong value)
    {
        int digits = 1;
        while (digits < 16 && value >> (digits * 4) != 0)
        {
            digits++;
        }

        return Text("0x"u8).Hex(value, digits);
    }

    /// <summary>Adds exactly <paramref name="digits"/> hexadecimal digits, 1 to 16.</summary>
    public LogLine Hex(ulong value, int digits)
    {
        for (int i = digits - 1; i >= 0; i--)
        {
            Put(Digits[(int)(value >> (i * 4)) & 0xf]);
        }

        return this;
    }

    /// <summary>Adds a size in the largest unit that divides it: bytes, KiB, MiB or GiB.</summary>
    public LogLine Size(ulong bytes)
    {
        if (bytes >= 1 << 30 && (bytes & ((1 << 30) - 1)) == 0)
        {
            return Decimal(bytes >> 30).Text(" GiB"u8);
        }

        if (bytes >= 1 << 20 && (bytes & ((1 << 20) - 1)) == 0)
        {
            return Decimal(bytes >> 20).Text(" MiB"u8);
        }

        return (bytes & 1023) == 0 && bytes != 0 ? Decimal(bytes >> 10).Text(" KiB"u8) : Decimal(bytes).Text(" bytes"u8);
    }

    /// <summary>Ends the line and lets others write.</summary>
    public void End()
    {
        if (!_isMuted)
        {
            Text("\r\n"u8);
            Log.Unlock();
        }
    }

    /// <summary>Ends a line of the panic report, which holds no lock.</summary>
    internal void EndPanic() => Text("\r\n"u8);

    private void Put(byte value)
    {
        if (!_isMuted)
        {
            Log.Put(value);
        }
    }
}
