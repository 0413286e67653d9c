using System;

namespace SharpVisor.Debug;

/// <summary>
/// Text on a screen of 32-bit pixels: rows at the top that are written as a whole, below them lines that come one after
/// another. Nothing scrolls, as moving pixels is slow: behind the last row the lines go on at the first, and the row that is
/// next is always empty.
/// </summary>
/// <remarks>The rows at the top and the lines below have writers of their own, who share nothing.</remarks>
public sealed unsafe class TextScreen : LogSink
{
    private const int DotsAcross = ScreenFont.Columns + 1;
    private const int DotsDown = ScreenFont.Rows + 1;
    private const int HighDots = 2; // a dot is that much higher than wide
    private const int WideScreen = 1280; // pixels, from which on a dot is two pixels wide
    private const uint Background = 0xff00_0000;
    private const uint TopBackground = 0xff10_3810; // whichever way round red and blue are
    private const uint Ink = 0xffc8_c8c8;

    private readonly uint* _pixels;
    private readonly int _stride;
    private readonly int _scale;
    private readonly int _topRows;
    private int _row;
    private int _column;

    /// <summary>Makes one, cleared.</summary>
    /// <param name="pixels">The first of them; they must stay where they are.</param>
    /// <param name="width">Visible pixels of a line.</param>
    /// <param name="height">Number of lines of pixels.</param>
    /// <param name="stride">Pixels from one line to the next.</param>
    /// <param name="topRows">Rows at the top that are written as a whole.</param>
    public TextScreen(uint* pixels, int width, int height, int stride, int topRows)
    {
        _pixels = pixels;
        _stride = stride;
        _scale = width >= WideScreen ? 2 : 1;
        Columns = width / (DotsAcross * _scale);
        Rows = height / (DotsDown * HighDots * _scale);
        _topRows = Math.Min(topRows, Math.Max(Rows - 1, 0));
        _row = _topRows;
        for (int row = 0; row < Rows; row++)
        {
            Clear(row);
        }
    }

    /// <summary>Letters in a row.</summary>
    public int Columns { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Writes one of the rows at the top; what has no room is left out.</summary>
    public void Show(int row, ReadOnlySpan<byte> text)
    {
        if (row >= _topRows)
        {
            return;
        }

        for (int column = 0; column < Columns; column++)
        {
            Draw(row, column, column < text.Length ? text[column] : (byte)' ', TopBackground);
        }
    }

    /// <inheritdoc/>
    public override void Write(byte value)
    {
        if (Rows == 0 || Columns == 0)
        {
            return;
        }

        if (value == '\n')
        {
            EndRow();
        }
        else if (value >= ' ')
        {
            if (_column == Columns)
            {
                EndRow();
            }

            Draw(_row, _column++, value, Background);
        }
    }

    private void EndRow()
    {
        _column = 0;
        _row = NextRow(_row);
        Clear(_row);
        Clear(NextRow(_row));
    }

    private int NextRow(int row) => row + 1 >= Rows ? _topRows : row + 1;

    private void Clear(int row)
    {
        for (int column = 0; column < Columns; column++)
        {
            Draw(row, column, (byte)' ', row < _topRows ? TopBackground : Background);
        }
    }

    private void Draw(int row, int column, byte letter, uint background)
    {
        ReadOnlySpan<byte> dots = ScreenFont.Get(letter);
        uint* line = _pixels + ((long)row * DotsDown * HighDots * _scale * _stride) + (column * DotsAcross * _scale);
        for (int y = 0; y < DotsDown * HighDots * _scale; y++)
        {
            int dotRow = y / (HighDots * _scale);
            int bits = dotRow < ScreenFont.Rows ? dots[dotRow] << 1 : 0;
            for (int x = 0; x < DotsAcross * _scale; x++)
            {
                line[x] = (bits >> (ScreenFont.Columns - (x / _scale)) & 1) != 0 ? Ink : background;
            }

            line += _stride;
        }
    }
}
