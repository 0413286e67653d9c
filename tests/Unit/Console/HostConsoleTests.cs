using System;
using System.Linq;
using System.Text;
using CsCheck;
using SharpVisor.Console;
using SharpVisor.Devices;
using Xunit;

namespace SharpVisor.Tests.Unit.Console;

public sealed class HostConsoleTests
{
    private const string Leave = "\x1d";

    private readonly ConsoleUnderTest _console = new("linux", "debian");

    [Fact]
    public void The_attached_VM_is_seen_and_gets_what_is_typed()
    {
        _console.Host.Attach(_console[0]);
        _console.Output(0, "~ # ");
        _console.Type("ls\r");
        Assert.Equal("[attached to linux; Ctrl-] leaves it]\n~ #", _console.Line.Screen);
        Assert.Equal("ls\r", _console.TakeInput(0));
        Assert.Equal("", _console.TakeInput(1));
    }

    [Fact]
    public void The_escape_key_leads_to_the_prompt_and_the_VM_goes_on_unseen()
    {
        _console.Host.Attach(_console[0]);
        _console.Output(0, "~ # ");
        _console.Type(Leave);
        _console.Output(0, "tick\r\n");
        Assert.Equal("[attached to linux; Ctrl-] leaves it]\n~ #\nhv>", _console.Line.Screen);
        _console.Type("cpu");
        Assert.Equal("hv> cpu", _console.Line.Current);
        Assert.Equal("", _console.TakeInput(0));
    }

    [Fact]
    public void Nothing_is_shown_behind_the_last_line_of_a_machine_that_ends()
    {
        _console.Type("cpu");
        _console.Host.Terminal.Close();
        _console.Host.Terminal.BeginLine();
        foreach (byte value in "last words\r\n"u8)
        {
            _console.Host.Terminal.Write(value);
        }

        _console.Host.Terminal.EndLine();
        _console.Type("mem");
        _console.Host.Terminal.ShowPrompt();
        Assert.Equal("last words\n", _console.Line.Screen);
    }

    [Fact]
    public void Attaching_again_shows_what_came_since()
    {
        _console.Host.Attach(_console[0]);
        _console.Output(0, "seen\r\n");
        _console.Type(Leave);
        _console.Output(0, "new 1\r\nnew 2\r\n");
        int from = _console.Line.Rows.Count;
        _console.Type("attach linux\r");
        Assert.Equal("[attached to linux; Ctrl-] leaves it]\nnew 1\nnew 2\n", string.Join('\n', _console.Line.Rows.Skip(from)));
    }

    [Fact]
    public void Attaching_again_shows_the_guests_unfinished_line_where_nothing_came_since()
    {
        _console.Host.Attach(_console[0]);
        _console.Output(0, "boot\r\nlogin: ");
        _console.Type(Leave + "\x4");
        Assert.Equal("login:", _console.Line.Current);
        Assert.Same(_console[0], _console.Host.Attached);
    }

    [Fact]
    public void The_escape_key_twice_types_it()
    {
        _console.Host.Attach(_console[0]);
        _console.Type("a" + Leave + Leave + "b");
        Assert.Equal("a" + Leave + "b", _console.TakeInput(0));
        Assert.Same(_console[0], _console.Host.Attached);
    }

    [Fact]
    public void Output_that_nobody_has_seen_is_kept_as_far_as_there_is_room()
    {
        string output = string.Concat(Enumerable.Range(0, 3000).Select(i => $"line {i}\r\n"));
        _console.Output(1, output);
        _console.Type("attach debian\r");
        Assert.Contains("older output is not kept", _console.Line.Screen, StringComparison.Ordinal);
        Assert.EndsWith(output[^(16 << 10)..], _console.Line.Sent.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Scroll_shows_again_what_was_seen()
    {
        _console.Host.Attach(_console[0]);
        _console.Output(0, "one\r\ntwo");
        _console.Type(Leave);
        Assert.Equal("one\ntwo", _console.Run("scroll linux"));
        Assert.Equal("hv>", _console.Line.Current);
    }

    [Fact]
    public void A_log_line_makes_room_for_itself_above_the_line_being_typed()
    {
        _console.Type("vm lisX\x1b[D");
        _console.Log("sharpvisor: linux: reset");
        Assert.Equal("sharpvisor: linux: reset\nhv> vm lisX", _console.Line.Screen);
        _console.Type("t\x1b[3~");
        Assert.Equal("hv> vm list", _console.Line.Current);
    }

    [Fact]
    public void A_log_line_does_not_begin_in_the_middle_of_a_guests_line()
    {
        _console.Host.Attach(_console[0]);
        _console.Output(0, "half");
        _console.Log("sharpvisor: message");
        _console.Output(0, "rest\r\n");
        Assert.EndsWith("half\nsharpvisor: message\nrest\n", _console.Line.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_of_the_attached_VM_leads_to_the_prompt()
    {
        _console.Host.Attach(_console[0]);
        _console.Output(0, "bye");
        _console.Host.LeaveEnded(_console[1]);
        Assert.Equal("bye", _console.Line.Current);
        _console.Host.LeaveEnded(_console[0]);
        Assert.EndsWith("bye\n[linux has ended; vm list shows the others]\nhv>", _console.Line.Screen, StringComparison.Ordinal);
        Assert.Null(_console.Host.Attached);
    }

    [Fact]
    public void Merged_shows_whole_lines_of_all_with_their_names()
    {
        _console.Run("merged on");
        _console.Type("cp");
        _console.Output(0, "he");
        _console.Output(1, "\x1b[1;31mred\x1b[0m world\a\r\n");
        _console.Output(0, "llo\r\n");
        Assert.Equal("[debian] red world\n[linux] hello\nhv> cp", string.Join('\n', _console.Line.Rows.TakeLast(3)));
        _console.Type("u\r");
        _console.Run("merged off");
        _console.Output(0, "silent\r\n");
        Assert.DoesNotContain("silent", _console.Line.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Merged_leaves_the_attached_VM_as_it_is()
    {
        _console.Run("merged on");
        _console.Type("attach linux\r");
        _console.Output(0, "~ # ");
        _console.Output(1, "other\r\n");
        _console.Output(0, "ls\r\n");
        Assert.EndsWith("~ #\n[debian] other\nls\n", _console.Line.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void No_typed_byte_is_lost_however_slowly_the_guest_takes_them() =>
        Gen.Select(Gen.Int[0, 12_000], Gen.Int[1, 700]).Sample((length, piece) =>
        {
            ConsoleUnderTest console = new("linux");
            console.Host.Attach(console[0]);
            string typed = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i % 26))));
            console.Type(typed);
            StringBuilder taken = new();
            for (string some = "x"; some.Length != 0 || console.Line.Waiting != 0;)
            {
                some = console.TakeInput(0, piece);
                taken.Append(some);
                console.Type("");
            }

            Assert.Equal(typed, taken.ToString());
            Assert.True(console.Line.ReceiveInterrupt);
        }, iter: 50);

    [Fact]
    public void The_escape_key_is_seen_behind_input_that_the_guest_does_not_take()
    {
        _console.Host.Attach(_console[0]);
        string typed = new('x', 3100);
        _console.Type(typed + Leave);
        Assert.False(_console.Line.ReceiveInterrupt);
        Assert.Same(_console[0], _console.Host.Attached);
        for (int i = 0; i < 2; i++)
        {
            Assert.True(_console.Host.WantsTick);
            _console.Host.Tick(0);
        }

        Assert.Null(_console.Host.Attached);
        Assert.True(_console.Line.ReceiveInterrupt);
        Assert.Equal("hv>", _console.Line.Current);
        Assert.Equal(typed, _console.TakeInput(0));
    }

    [Fact]
    public void The_guests_UART_is_told_of_what_was_typed()
    {
        Pl011Device uart = _console.Connect(1);
        _console.Host.Attach(_console[1]);
        _console.Type("k");
        Assert.Equal((ulong)'k', uart.Read(0, 0, 1));
    }

    [Fact]
    public void A_VM_that_goes_is_forgotten()
    {
        _console.Host.Attach(_console[0]);
        _console.Host.Forget(_console[0]);
        Assert.Null(_console.Host.Attached);
        Assert.Equal("attach to which virtual machine? vm list shows them", _console.Run("attach"));
    }

    [Fact]
    public void A_VM_without_memory_has_no_console()
    {
        _console.Machine.Add("new", VmState.Defined);
        Assert.Equal("new is defined and has no console: vm start gives it one", _console.Run("attach new"));
    }

    [Fact]
    public void An_output_ring_gives_what_a_list_of_all_bytes_would() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 40]).Array[0, 60].Sample(steps =>
        {
            OutputRing ring = new(64);
            System.Collections.Generic.List<byte> all = [];
            ulong position = 0;
            foreach ((int written, int read) in steps)
            {
                for (int i = 0; i < written; i++)
                {
                    all.Add((byte)all.Count);
                    ring.Append(all[^1]);
                }

                int from = Math.Max((int)position, all.Count - 64);
                byte[] buffer = new byte[read];
                int count = ring.Read(ref position, buffer);
                Assert.Equal(all.Skip(from).Take(read), buffer.Take(count));
                Assert.Equal((ulong)(from + count), position);
            }
        });
}
