using System;

namespace SharpVisor.Debug.Gdb;

/// <summary>A long text of which only a part is wanted: it is written from its beginning, and the part is kept.</summary>
public ref struct GdbWindow
{
    private readonly Span<byte> _part;
    private readonly ulong _start;

    /// <summary>Begins a text.</summary>
    /// <param name="part">Receives the part.</param>
    /// <param name="start">Where in the text it begins.</param>
    public GdbWindow(Span<byte> part, ulong start)
    {
        _part = part;
        _start = start;
        Length = 0;
    }

    /// <summary>Bytes of the whole text so far.</summary>
    public ulong Length { get; private set; }

    /// <summary>Whether there is text behind the part.</summary>
    public readonly bool IsMore => Length > _start && Length - _start > (ulong)_part.Length;

    /// <summary>Bytes of the part that are there.</summary>
    public readonly int Count => Length <= _start ? 0 : (int)Math.Min(Length - _start, (ulong)_part.Length);

    /// <summary>Adds text.</summary>
    public void Text(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Put(text[i]);
        }
    }

    /// <summary>Adds a number below 100 in decimal.</summary>
    public void Decimal(int value)
    {
        if (value >= 10)
        {
            Put((byte)('0' + (value / 10)));
        }

        Put((byte)('0' + (value % 10)));
    }

    private void Put(byte value)
    {
        if (Length >= _start && Length - _start < (ulong)_part.Length)
        {
            _part[(int)(Length - _start)] = value;
        }

        Length++;
    }
}
