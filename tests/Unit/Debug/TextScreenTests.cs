using System;
using System.Linq;
using System.Text;
using CsCheck;
using SharpVisor.Debug;
using Xunit;

namespace SharpVisor.Tests.Unit.Debug;

/// <summary>Text on a screen, read back from its dots.</summary>
public sealed unsafe class TextScreenTests
{
    private const uint Untouched = 0x1234_5678;
    private const uint Ink = 0xffc8_c8c8;

    [Fact]
    public void A_line_can_be_read_back()
    {
        string[] rows = Show(300, 160, 320, 2, screen => Write(screen, "Hello, {world}!\nsecond\n"));
        Assert.Equal(10, rows.Length);
        Assert.Equal("Hello, {world}!", rows[2]);
        Assert.Equal("second", rows[3]);
        Assert.All(rows[4..], row => Assert.Equal("", row));
    }

    [Fact]
    public void Every_printable_letter_looks_different()
    {
        string all = new([.. Enumerable.Range(0x21, 0x7f - 0x21).Select(code => (char)code)]);
        string[] rows = Show(640, 160, 640, 0, screen => Write(screen, all));
        Assert.Equal(all, rows[0]);
    }

    [Fact]
    public void A_long_line_goes_on_in_the_next_row()
    {
        string[] rows = Show(60, 160, 60, 0, screen => Write(screen, "abcdefghijklmnop\n"));
        Assert.Equal("abcdefghij", rows[0]);
        Assert.Equal("klmnop", rows[1]);
    }

    [Fact]
    public void Behind_the_last_row_lines_go_on_below_the_top_and_the_next_row_is_empty()
    {
        string[] rows = Show(120, 96, 120, 1, screen =>
        {
            screen.Show(0, "title"u8);
            for (int i = 0; i < 7; i++)
            {
                Write(screen, $"line {i}\n");
            }
        });
        Assert.Equal(["title", "line 5", "line 6", "", "", "line 4"], rows);
    }

    [Fact]
    public void On_a_wide_screen_dots_are_twice_as_large()
    {
        string[] rows = Show(1280, 320, 1280, 0, screen => Write(screen, "wide"));
        Assert.Equal(10, rows.Length);
        Assert.Equal("wide", rows[0]);
    }

    [Fact]
    public void No_pixel_outside_is_ever_touched()
    {
        Gen.Select(Gen.Int[1, 200], Gen.Int[1, 120], Gen.Int[0, 40], Gen.Int[0, 12], Gen.Byte.Array[0, 600]).Sample((width, height, more, topRows, text) =>
        {
            Show(width, height, width + more, topRows, screen =>
            {
                for (int i = 0; i < topRows; i++)
                {
                    screen.Show(i, text);
                }

                foreach (byte letter in text)
                {
                    screen.Write(letter);
                }
            });
        });
    }

    private static void Write(TextScreen screen, string text)
    {
        foreach (byte letter in Encoding.ASCII.GetBytes(text))
        {
            screen.Write(letter);
        }
    }

    /// <summary>Lets something be written to a screen, checks that nothing else was touched, and reads it.</summary>
    private static string[] Show(int width, int height, int stride, int topRows, Action<TextScreen> write)
    {
        const int Guard = 64;
        uint[] pixels = new uint[(stride * height) + (2 * Guard)];
        Array.Fill(pixels, Untouched);
        fixed (uint* start = pixels)
        {
            TextScreen screen = new(start + Guard, width, height, stride, topRows);
            write(screen);
            int scale = width >= 1280 ? 2 : 1;
            for (int i = 0; i < pixels.Length; i++)
            {
                int place = i - Guard;
                bool isInside = place >= 0 && place < stride * height && place % stride < screen.Columns * 6 * scale && place / stride < screen.Rows * 16 * scale;
                Assert.Equal(isInside, pixels[i] != Untouched);
            }

            string[] rows = new string[screen.Rows];
            for (int row = 0; row < rows.Length; row++)
            {
                rows[row] = new string([.. Enumerable.Range(0, screen.Columns).Select(column => Read(pixels.AsSpan(Guard), stride, scale, row, column))]).TrimEnd();
            }

            return rows;
        }
    }

    private static char Read(ReadOnlySpan<uint> pixels, int stride, int scale, int row, int column)
    {
        Span<byte> dots = stackalloc byte[7];
        for (int y = 0; y < dots.Length; y++)
        {
            for (int x = 0; x < 5; x++)
            {
                int line = (row * 16 * scale) + (y * 2 * scale);
                dots[y] = (byte)((dots[y] << 1) | (pixels[(line * stride) + (((column * 6) + x) * scale)] == Ink ? 1 : 0));
            }
        }

        for (byte letter = 0x20; letter < 0x7f; letter++)
        {
            if (ScreenFont.Get(letter).SequenceEqual(dots))
            {
                return (char)letter;
            }
        }

        return '\0';
    }
}
