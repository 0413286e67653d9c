using System;
using SharpVisor.Debug;

namespace SharpVisor.Console;

/// <summary>
/// Writes lines of at most 80 columns to the terminal. A line is put together from pieces, aligned in columns, and sent
/// whole, so that it never mixes with the log's.
/// </summary>
internal sealed class ConsoleWriter
{
    private const int Capacity = 320;
    private const ulong Second = 1_000_000_000;
    private const int LargestUnit = 5;

    private readonly LogSink _sink;
    private readonly Terminal? _terminal;
    private readonly byte[] _line = new byte[Capacity];
    private int _length;
    private int _column;

    /// <summary>Makes one for the terminal.</summary>
    internal ConsoleWriter(Terminal terminal)
        : this((LogSink)terminal) => _terminal = terminal;

    /// <summary>Makes one for text that goes elsewhere, without colours.</summary>
    internal ConsoleWriter(LogSink sink) => _sink = sink;

    /// <summary>Whether each line clears what stood behind it: for a screen that is painted over.</summary>
    internal bool ClearsRest { get; set; }

    private static ReadOnlySpan<byte> Digits => "0123456789abcdef"u8;

    private static ReadOnlySpan<byte> Units => "BKMGTP"u8;

    /// <summary>Adds text; what is not printable becomes a question mark.</summary>
    internal ConsoleWriter Text(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Put(text[i]);
        }

        return this;
    }

    /// <summary>Adds a VM's name.</summary>
    internal ConsoleWriter Text(in VmName name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            Put(name[i]);
        }

        return this;
    }

    /// <summary>Adds blanks up to a column, at least one.</summary>
    internal ConsoleWriter Column(int column)
    {
        Put((byte)' ');
        return Before(column, 0);
    }

    /// <summary>Adds blanks so that what follows and is <paramref name="width"/> wide ends before a column.</summary>
    internal ConsoleWriter Before(int column, int width)
    {
        for (int i = column - width - _column; i > 0; i--)
        {
            Put((byte)' ');
        }

        return this;
    }

    /// <summary>Adds a number in decimal.</summary>
    internal ConsoleWriter Decimal(ulong value)
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

    /// <summary>Adds a number that ends before a column.</summary>
    internal ConsoleWriter Decimal(ulong value, int before) => Before(before, Width(value)).Decimal(value);

    /// <summary>Adds a count that ends before a column and is at most 5 wide: 99999, 9999k, 9999M.</summary>
    internal ConsoleWriter Count(ulong value, int before)
    {
        if (value < 100_000)
        {
            return Decimal(value, before);
        }

        bool isLarge = value >= 10_000_000;
        ulong shown = Math.Min(value / (isLarge ? 1_000_000u : 1000u), 9999);
        return Before(before, Width(shown) + 1).Decimal(shown).Text(isLarge ? "M"u8 : "k"u8);
    }

    /// <summary>Adds exactly so many hexadecimal digits, 1 to 16.</summary>
    internal ConsoleWriter Hex(ulong value, int digits)
    {
        for (int i = digits - 1; i >= 0; i--)
        {
            Put(Digits[(int)(value >> (i * 4)) & 15]);
        }

        return this;
    }

    /// <summary>Adds parts of a thousand as percent with one decimal, ending before a column.</summary>
    internal ConsoleWriter Percent(ulong thousandths, int before) =>
        Before(before, Width(thousandths / 10) + 3).Decimal(thousandths / 10).Text("."u8).Decimal(thousandths % 10).Text("%"u8);

    /// <summary>Adds a size in the unit that fits, with one decimal where it is not even.</summary>
    internal ConsoleWriter Size(ulong bytes) => Size(bytes, 0);

    /// <summary>Adds a size that ends before a column.</summary>
    internal ConsoleWriter Size(ulong bytes, int before)
    {
        int unit = 0;
        ulong whole = bytes;
        ulong rest = 0;
        while (whole >= 1024 && unit < LargestUnit)
        {
            rest = whole & 1023;
            whole >>= 10;
            unit++;
        }

        ulong tenth = rest * 10 / 1024;
        bool hasTenth = rest != 0 && whole < 1000;
        int width = Width(whole) + (hasTenth ? 2 : 0) + (unit == 0 ? 2 : 4);
        Before(before, width).Decimal(whole);
        if (hasTenth)
        {
            Text("."u8).Decimal(tenth);
        }

        Put((byte)' ');
        Put(Units[unit]);
        return unit == 0 ? this : Text("iB"u8);
    }

    /// <summary>Adds a length of time in nanoseconds as hours, minutes and seconds: 0:03:12.</summary>
    internal ConsoleWriter Duration(ulong nanoseconds)
    {
        ulong seconds = nanoseconds / Second;
        return Decimal(seconds / 3600).Text(":"u8).TwoDigits(seconds / 60 % 60).Text(":"u8).TwoDigits(seconds % 60);
    }

    /// <summary>Changes how what follows looks, where the terminal can.</summary>
    internal ConsoleWriter Use(Paint paint)
    {
        return _terminal == null || !_terminal.KnowsSequences ? this : Raw(paint switch
        {
            Paint.Strong => "\x1b[1m"u8,
            Paint.Good => "\x1b[32m"u8,
            Paint.Odd => "\x1b[33m"u8,
            Paint.Bad => "\x1b[31m"u8,
            _ => "\x1b[0m"u8,
        });
    }

    /// <summary>Sends the line.</summary>
    internal void End()
    {
        if (ClearsRest)
        {
            Raw("\x1b[K"u8);
        }

        Raw("\r\n"u8);
        _sink.BeginLine();
        for (int i = 0; i < _length; i++)
        {
            _sink.Write(_line[i]);
        }

        _sink.EndLine();
        _length = 0;
        _column = 0;
    }

    /// <summary>Sends a line of one piece.</summary>
    internal void Line(ReadOnlySpan<byte> text) => Text(text).End();

    /// <summary>Number of digits.</summary>
    internal static int Width(ulong value)
    {
        int width = 1;
        while (value >= 10)
        {
            value /= 10;
            width++;
        }

        return width;
    }

    private ConsoleWriter TwoDigits(ulong value) => Text(value < 10 ? "0"u8 : default).Decimal(value);

    private void Put(byte value)
    {
        // UTF-8 may pass, control characters may not.
        if (_column < LineView.Columns && _length < Capacity - 16)
        {
            _line[_length++] = value is >= 0x20 and not 0x7f ? value : (byte)'?';
            _column += LineView.IsStart(value) ? 1 : 0;
        }
    }

    private ConsoleWriter Raw(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length && _length < Capacity; i++)
        {
            _line[_length++] = text[i];
        }

        return this;
    }
}
