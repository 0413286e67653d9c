using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using CsCheck;
using SharpVisor.Console;
using Xunit;

namespace SharpVisor.Tests.Unit.Console;

public sealed class LineEditorTests
{
    private const int Room = 75;

    // Key, and what it does to a model of (text, cursor, cut).
    private static readonly (string Key, Action<Model> Act)[] s_keys =
    [
        ("a", m => m.Insert("a")), (" ", m => m.Insert(" ")), ("b", m => m.Insert("b")), ("é", m => m.Insert("é")), ("long words here ", m => m.Insert("long words here ")),
        ("\x1b[D", m => m.Cursor--), ("\x02", m => m.Cursor--), ("\x1b[C", m => m.Cursor++), ("\x1bOC", m => m.Cursor++),
        ("\x06", m => m.Cursor++), ("\x01", m => m.Cursor = 0), ("\x1b[1~", m => m.Cursor = 0), ("\x1b[H", m => m.Cursor = 0), ("\x05", m => m.Cursor = int.MaxValue),
        ("\x1b[F", m => m.Cursor = int.MaxValue), ("\x1b[4~", m => m.Cursor = int.MaxValue),
        ("\x7f", m => m.Remove(m.Cursor - 1, m.Cursor)), ("\b", m => m.Remove(m.Cursor - 1, m.Cursor)), ("\x1b[3~", m => m.Remove(m.Cursor, m.Cursor + 1)),
        ("\v", m => m.Cut(m.Cursor, m.Text.Count)), ("\x15", m => m.Cut(0, m.Cursor)), ("\x17", m => m.Cut(m.WordLeft(), m.Cursor)), ("\x1b\x7f", m => m.Cut(m.WordLeft(), m.Cursor)),
        ("\x1b" + "d", m => m.Cut(m.Cursor, m.WordRight())), ("\x19", m => m.Insert(m.CutText)),
        ("\x1b" + "b", m => m.Cursor = m.WordLeft()), ("\x1b[1;5D", m => m.Cursor = m.WordLeft()), ("\x1b" + "f", m => m.Cursor = m.WordRight()), ("\x1b[1;5C", m => m.Cursor = m.WordRight()),
        ("\x1b[15~", _ => { }), ("\0", _ => { }), ("\x1b[200;1R", _ => { }),
    ];

    [Fact]
    public void Any_keys_in_any_order_edit_as_a_list_of_characters_would() =>
        Gen.Int[0, s_keys.Length - 1].Array[0, 120].Sample(choices =>
        {
            Model model = new();
            LineEditor editor = new(new History());
            ScreenLine line = new();
            editor.Show(line);
            foreach (int choice in choices)
            {
                if (Encoding.UTF8.GetByteCount(model.All) + 20 + Encoding.UTF8.GetByteCount(model.CutText) > LineEditor.Capacity)
                {
                    break;
                }

                foreach (byte value in Encoding.UTF8.GetBytes(s_keys[choice].Key))
                {
                    editor.Feed(value);
                    editor.Show(line);
                }

                s_keys[choice].Act(model);
                model.Cursor = Math.Clamp(model.Cursor, 0, model.Text.Count);
                Assert.Equal(model.All, Encoding.UTF8.GetString(editor.Text));

                // What is seen is the prompt and the part of the line around the cursor.
                int first = 0;
                Assert.True(line.Widest < 80);
                string seen = line.Current.PadRight(line.Column)["hv> ".Length..];
                int inView = line.Column - "hv> ".Length;
                first = model.Cursor - inView;
                Assert.InRange(inView, 0, Room);
                string expected = model.All.Substring(first, Math.Min(Room, model.All.Length - first));
                Assert.Equal(expected.TrimEnd(), seen.TrimEnd());
            }
        });

    [Fact]
    public void A_typed_character_at_the_end_costs_one_byte()
    {
        ConsoleUnderTest console = new("linux");
        console.Type("vm lis");
        console.Line.Sent.Clear();
        console.Type("t");
        Assert.Equal("t", console.Line.Sent.ToString());
    }

    [Fact]
    public void A_line_that_is_full_takes_no_more_and_rings()
    {
        ConsoleUnderTest console = new("linux");
        console.Type(new string('x', LineEditor.Capacity));
        int bells = console.Line.Bells;
        console.Type("yz");
        Assert.Equal(bells + 2, console.Line.Bells);
        Assert.DoesNotContain('y', console.Line.Current);
        Assert.InRange(console.Line.Widest, 60, 79);
    }

    [Fact]
    public void Ctrl_T_swaps_the_last_two_characters()
    {
        ConsoleUnderTest console = new("linux");
        console.Type("héñ\x14");
        Assert.Equal("hv> hñé", console.Line.Current);
    }

    [Fact]
    public void Up_recalls_what_was_typed_and_Down_comes_back_to_the_draft()
    {
        ConsoleUnderTest console = new("linux");
        console.Type("cpu\rmem\rmem\r\rdraft");
        Assert.Equal("hv> mem", console.Type("\x1b[A").Line.Current);
        Assert.Equal("hv> cpu", console.Type("\x10").Line.Current);
        int bells = console.Line.Bells;
        Assert.Equal("hv> cpu", console.Type("\x1b[A").Line.Current);
        Assert.Equal(bells + 1, console.Line.Bells);
        Assert.Equal("hv> mem", console.Type("\x1b[B").Line.Current);
        Assert.Equal("hv> draft", console.Type("\x0e").Line.Current);
    }

    [Fact]
    public void The_history_keeps_the_newest_lines()
    {
        History history = new();
        for (int i = 0; i < 100; i++)
        {
            history.Add(Encoding.ASCII.GetBytes("line " + i));
        }

        Assert.Equal(History.Capacity, history.Count);
        for (int age = 0; age < history.Count; age++)
        {
            Assert.Equal("line " + (99 - age), Encoding.ASCII.GetString(history[age]));
        }
    }

    [Fact]
    public void Ctrl_R_searches_and_searches_on()
    {
        ConsoleUnderTest console = new("linux");
        console.Type("vm list\rcpu\rvm info linux\rmem\r");
        Assert.Equal("search 'vm': vm info linux", console.Type("\x12vm").Line.Current);
        Assert.Equal("search 'vm': vm list", console.Type("\x12").Line.Current);
        Assert.Equal("hv> vm list", console.Type("\x05").Line.Current);
        Assert.Equal("hv> vm list", console.Type("\x12zzz\x07").Line.Current);
        Assert.Equal("hv> vm list!", console.Type("!").Line.Current);
    }

    [Fact]
    public void Ctrl_C_gives_the_line_up()
    {
        ConsoleUnderTest console = new("linux");
        console.Type("vm stop linux\x03");
        Assert.Equal("hv>", console.Line.Current);
        console.Type("\r");
        Assert.Empty(console.Machine.Requests);
    }

    [Fact]
    public void Return_and_line_feed_are_one_end_of_line()
    {
        ConsoleUnderTest console = new("linux");
        console.Type("\r\n");
        Assert.Equal(2, console.Line.Rows.Count);
        console.Type("\n");
        Assert.Equal(3, console.Line.Rows.Count);
    }

    [Fact]
    public void Any_bytes_leave_the_editor_in_order() =>
        Gen.Byte.Array[0, 400].Sample(bytes =>
        {
            LineEditor editor = new(new History());
            ScreenLine line = new();
            foreach (byte value in bytes)
            {
                if (editor.Feed(value) == EditAction.Submit)
                {
                    editor.Finish(line);
                    editor.Reset();
                }

                editor.Show(line);
                Assert.InRange(editor.Cursor, 0, editor.Text.Length);
                Assert.InRange(editor.Text.Length, 0, LineEditor.Capacity);
            }
        });

    private sealed class Model
    {
        public List<char> Text { get; } = [];

        public int Cursor { get; set; }

        public string CutText { get; private set; } = "";

        public string All => string.Concat(Text);

        public void Insert(string text)
        {
            Text.InsertRange(Cursor, text);
            Cursor += text.Length;
        }

        public void Remove(int from, int to)
        {
            if (from >= 0 && to <= Text.Count)
            {
                Text.RemoveRange(from, to - from);
                Cursor = from;
            }
        }

        public void Cut(int from, int to)
        {
            if (from != to)
            {
                CutText = string.Concat(Text.Skip(from).Take(to - from));
                Remove(from, to);
            }
        }

        public int WordLeft() => All[..Cursor].TrimEnd(' ').LastIndexOf(' ') + 1;

        public int WordRight()
        {
            int place = Cursor;
            while (place < Text.Count && Text[place] == ' ')
            {
                place++;
            }

            int end = All.IndexOf(' ', place);
            return end < 0 ? Text.Count : end;
        }
    }
}
