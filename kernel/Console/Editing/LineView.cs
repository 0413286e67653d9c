using System;
using SharpVisor.Debug;

namespace SharpVisor.Console;

/// <summary>
/// One line of a terminal as it should look, brought there with few bytes. Only text, backspace and carriage return
/// are sent, so that any terminal will do, and a file of what was sent still reads well.
/// </summary>
/// <remarks>A character takes one column; bytes of UTF-8 that continue a character take none.</remarks>
internal sealed class LineView
{
    /// <summary>Columns of the terminal. The last one stays free: terminals differ in what they do behind it.</summary>
    internal const int Columns = 80;

    private const int BytesPerColumn = 4;

    private readonly byte[] _shown = new byte[Columns * BytesPerColumn];
    private readonly byte[] _wanted = new byte[Columns * BytesPerColumn];
    private int _shownLength;
    private int _cursor; // in bytes of _shown
    private int _wantedLength;
    private int _wantedCursor;

    /// <summary>Whether anything stands there.</summary>
    internal bool IsEmpty => _shownLength == 0;

    /// <summary>Whether a byte begins a character.</summary>
    internal static bool IsStart(byte value) => (value & 0xc0) != 0x80;

    /// <summary>Number of columns that a text takes.</summary>
    internal static int Width(ReadOnlySpan<byte> text)
    {
        int columns = 0;
        for (int i = 0; i < text.Length; i++)
        {
            columns += IsStart(text[i]) ? 1 : 0;
        }

        return columns;
    }

    /// <summary>Begins to say how the line should look.</summary>
    internal void Begin()
    {
        _wantedLength = 0;
        _wantedCursor = -1;
    }

    /// <summary>Adds text, as far as there is room.</summary>
    internal void Add(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length && _wantedLength < _wanted.Length; i++)
        {
            _wanted[_wantedLength++] = text[i];
        }
    }

    /// <summary>Says that the cursor stands here.</summary>
    internal void PlaceCursor() => _wantedCursor = _wantedLength;

    /// <summary>Brings the terminal there.</summary>
    internal void End(SerialLine line)
    {
        int cursor = _wantedCursor < 0 ? _wantedLength : _wantedCursor;
        int same = 0;
        while (same < _shownLength && same < _wantedLength && _shown[same] == _wanted[same])
        {
            same++;
        }

        if (same != _shownLength || same != _wantedLength)
        {
            // Back to where a character begins in both.
            while (same > 0 && ((same < _shownLength && !IsStart(_shown[same])) || (same < _wantedLength && !IsStart(_wanted[same]))))
            {
                same--;
            }

            Move(line, same);
            Send(line, _wanted.AsSpan(same, _wantedLength - same));
            int surplus = Width(_shown.AsSpan(same, _shownLength - same)) - Width(_wanted.AsSpan(same, _wantedLength - same));
            Repeat(line, (byte)' ', surplus);
            Repeat(line, (byte)'\b', surplus);
            _wanted.AsSpan(0, _wantedLength).CopyTo(_shown);
            _shownLength = _wantedLength;
            _cursor = _shownLength;
        }

        Move(line, cursor);
    }

    /// <summary>Takes everything off the terminal; the cursor stands in the first column.</summary>
    internal void Erase(SerialLine line)
    {
        int width = Width(_shown.AsSpan(0, _shownLength));
        if (width != 0)
        {
            line.Write((byte)'\r');
            Repeat(line, (byte)' ', width);
            line.Write((byte)'\r');
        }

        Forget();
    }

    /// <summary>The terminal's cursor is on another line now.</summary>
    internal void Forget()
    {
        _shownLength = 0;
        _cursor = 0;
    }

    /// <summary>Sends bytes.</summary>
    internal static void Send(SerialLine line, ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            line.Write(text[i]);
        }
    }

    private static void Repeat(SerialLine line, byte value, int count)
    {
        for (int i = 0; i < count; i++)
        {
            line.Write(value);
        }
    }

    private void Move(SerialLine line, int to)
    {
        if (to < _cursor)
        {
            Repeat(line, (byte)'\b', Width(_shown.AsSpan(to, _cursor - to)));
        }
        else
        {
            Send(line, _shown.AsSpan(_cursor, to - _cursor));
        }

        _cursor = to;
    }
}
