using System;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Hvctl;
using SharpVisor.Hvctl.Attaching;
using SharpVisor.Tests.Unit.Control;
using Xunit;

namespace SharpVisor.Tests.Unit.Hvctl;

/// <summary>A VM's console in a terminal and in a pipe.</summary>
public sealed class AttachTests
{
    [Fact]
    public async Task In_a_pipe_the_input_is_typed_and_what_comes_is_shown()
    {
        HvctlUnderTest hvctl = new("web") { Input = new MemoryStream("uname -a\n"u8.ToArray()) };
        hvctl.Served.Console.Output(0, "from before\r\n");
        Task<int> attaching = hvctl.RunAsync("attach web --idle 0.5");
        await TypedAsync(hvctl, "uname -a\n");
        hvctl.Served.Locked(_ => hvctl.Served.Console.Output(0, "Linux\r\n"));
        Assert.Equal(ExitCode.Ok, await attaching);
        Assert.Equal("Linux\r\n", Encoding.UTF8.GetString(hvctl.Screen.ToArray()));
        Assert.Equal("", hvctl.Error);
    }

    [Fact]
    public async Task Earlier_output_is_shown_where_it_is_asked_for()
    {
        HvctlUnderTest hvctl = new("web");
        hvctl.Served.Console.Output(0, "one\ntwo\nthree\n$ ");
        Assert.Equal(ExitCode.Ok, await hvctl.RunAsync("attach web --idle 0 --history 2"));
        Assert.Equal("three\n$ ", Encoding.UTF8.GetString(hvctl.Screen.ToArray()));
    }

    [Fact]
    public async Task The_escape_key_leaves_a_terminal_and_is_shown()
    {
        await using Line keys = await Line.OpenAsync();
        HvctlUnderTest hvctl = new("web") { Input = keys.Far, IsInputTerminal = true };
        Task<int> attaching = hvctl.RunAsync("attach web");
        await keys.Near.WriteAsync("ls\r"u8.ToArray());
        await TypedAsync(hvctl, "ls\r");
        await keys.Near.WriteAsync("x\u001dnot this"u8.ToArray());
        Assert.Equal(ExitCode.Ok, await attaching);
        Assert.Contains("[attached to web; Ctrl-] leaves it]", hvctl.Error, StringComparison.Ordinal);
        await TypedAsync(hvctl, "x");
    }

    [Fact]
    public async Task Another_key_can_be_the_one_that_leaves()
    {
        await using Line keys = await Line.OpenAsync();
        HvctlUnderTest hvctl = new("web") { Input = keys.Far, IsInputTerminal = true };
        Task<int> attaching = hvctl.RunAsync("attach web --escape ^T");
        await keys.Near.WriteAsync("\u001d\u0014"u8.ToArray());
        Assert.Equal(ExitCode.Ok, await attaching);
        Assert.Contains("Ctrl-T leaves it", hvctl.Error, StringComparison.Ordinal);
        await TypedAsync(hvctl, "\u001d");
    }

    [Fact]
    public async Task Until_waits_for_a_text_and_not_longer_than_its_limit()
    {
        HvctlUnderTest hvctl = new("web");
        Task<int> attaching = hvctl.RunAsync("attach web --history 9 --until login: --limit 30");
        hvctl.Served.Locked(_ => hvctl.Served.Console.Output(0, "booting\nlog"));
        await Task.Delay(100);
        Assert.False(attaching.IsCompleted);
        hvctl.Served.Locked(_ => hvctl.Served.Console.Output(0, "in: "));
        Assert.Equal(ExitCode.Ok, await attaching);
        Assert.Equal(ExitCode.TimedOut, await hvctl.RunAsync("attach web --until never --limit 0.2"));
        Assert.Contains("'never' did not come within 0.2 s", hvctl.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_text_is_typed_as_the_guest_takes_it()
    {
        byte[] text = new byte[20_000];
        Array.Fill(text, (byte)'a');
        HvctlUnderTest hvctl = new("web") { Input = new MemoryStream(text) };
        Task<int> attaching = hvctl.RunAsync("attach web --idle 0");
        int taken = 0;
        while (taken < text.Length)
        {
            hvctl.Served.Locked(_ => taken += hvctl.Served.Console.TakeInput(0).Length);
            await Task.Delay(5);
        }

        Assert.Equal(ExitCode.Ok, await attaching);
        Assert.Equal(text.Length, taken);
    }

    [Fact]
    public async Task A_guest_that_takes_nothing_keeps_nobody_from_leaving()
    {
        await using Line keys = await Line.OpenAsync();
        HvctlUnderTest hvctl = new("web") { Input = keys.Far, IsInputTerminal = true };
        Task<int> attaching = hvctl.RunAsync("attach web");
        await keys.Near.WriteAsync(new byte[10_000]);
        await keys.Near.WriteAsync("\u001d"u8.ToArray());
        Assert.Equal(ExitCode.Ok, await attaching);
    }

    [Fact]
    public async Task A_script_is_told_that_its_input_is_not_taken()
    {
        HvctlUnderTest hvctl = new("web") { Input = new MemoryStream(new byte[10_000]) };
        Assert.Equal(ExitCode.TimedOut, await hvctl.RunAsync("attach web --limit 0.3"));
        Assert.Contains("has taken nothing of its input", hvctl.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_that_ends_ends_the_attachment()
    {
        await using Line keys = await Line.OpenAsync();
        HvctlUnderTest hvctl = new("web") { Input = keys.Far };
        Task<int> attaching = hvctl.RunAsync("attach web");
        hvctl.Served.Locked(machine =>
        {
            hvctl.Served.Console.Output(0, "Power down\n");
            machine.Vms[0].State = VmState.Stopped;
        });
        Assert.Equal(ExitCode.Ok, await attaching);
        Assert.Contains("web is stopped", hvctl.Error, StringComparison.Ordinal);
        hvctl.Served.Machine.Vms[0].State = VmState.Crashed;
        Assert.Equal(ExitCode.Refused, await hvctl.RunAsync("attach web"));
    }

    [Fact]
    public async Task What_has_no_console_is_told_how_it_gets_one()
    {
        HvctlUnderTest hvctl = new();
        hvctl.Served.Machine.Add("web", VmState.Defined);
        Assert.Equal(ExitCode.Refused, await hvctl.RunAsync("attach web"));
        Assert.Contains("'hvctl start web' starts it", hvctl.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Ctrl-]", 0x1d)]
    [InlineData("ctrl-a", 1)]
    [InlineData("^T", 0x14)]
    [InlineData("C-x", 0x18)]
    public void Control_keys_are_written_in_many_ways(string text, byte key) => Assert.Equal(key, EscapeKey.Parse(text));

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("Ctrl-")]
    [InlineData("Ctrl-1")]
    [InlineData("^@")]
    public void What_is_no_control_key_is_refused(string text) => Assert.Null(EscapeKey.Parse(text));

    /// <summary>Waits until a guest could take a text.</summary>
    private static async Task TypedAsync(HvctlUnderTest hvctl, string text)
    {
        StringBuilder typed = new();
        for (int i = 0; i < 2000 && typed.Length < text.Length; i++)
        {
            hvctl.Served.Locked(_ => typed.Append(hvctl.Served.Console.TakeInput(0)));
            await Task.Delay(5);
        }

        Assert.Equal(text, typed.ToString());
    }
}
