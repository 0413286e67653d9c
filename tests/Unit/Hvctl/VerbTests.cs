using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl;
using Xunit;

namespace SharpVisor.Tests.Unit.Hvctl;

/// <summary>The verbs, against the hypervisor's own server of the protocol.</summary>
public sealed class VerbTests
{
    [Fact]
    public async Task List_shows_every_machine_in_columns()
    {
        HvctlUnderTest hvctl = new("web");
        hvctl.Served.Machine.Add("a-machine-with-a-very-long-name", VmState.Crashed);
        string[] lines = (await hvctl.PageAsync("list")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("NAME ", lines[0], StringComparison.Ordinal);
        Assert.Equal(["web", "running", "2", "256", "MiB", "0:03:12", "1"], lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("crashed", lines[2], StringComparison.Ordinal);
        Assert.Equal(lines[1].IndexOf("running", StringComparison.Ordinal), lines[2].IndexOf("crashed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ls_is_list()
    {
        HvctlUnderTest hvctl = new("web");
        Assert.Contains("web", await hvctl.PageAsync("ls"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Colours_come_only_where_they_are_wanted()
    {
        HvctlUnderTest hvctl = new("web");
        Assert.DoesNotContain('\u001b', await hvctl.PageAsync("list"));
        hvctl.HasColour = true;
        await hvctl.RunAsync("list");
        Assert.Contains("\u001b[32mrunning\u001b[0m", hvctl.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_as_json_has_the_documented_fields()
    {
        HvctlUnderTest hvctl = new("web", "db");
        hvctl.Served.Machine.Add("idle", VmState.Defined);
        JsonElement list = await hvctl.JsonAsync("list");
        Assert.Equal(3, list.GetArrayLength());
        JsonElement web = list[0];
        Assert.Equal("web", web.GetProperty("name").GetString());
        Assert.Equal("running", web.GetProperty("state").GetString());
        Assert.Equal(1, web.GetProperty("id").GetInt32());
        Assert.Equal(2, web.GetProperty("vcpus").GetInt32());
        Assert.Equal(3, web.GetProperty("gicVersion").GetInt32());
        Assert.Equal(256L << 20, web.GetProperty("memoryBytes").GetInt64());
        Assert.Equal(512L << 20, web.GetProperty("memoryMaximumBytes").GetInt64());
        Assert.Equal(128L << 20, web.GetProperty("memoryGuaranteeBytes").GetInt64());
        Assert.Equal(1_234_567, web.GetProperty("memoryOverheadBytes").GetInt64());
        Assert.Equal(192_000_000_000, web.GetProperty("upTimeNs").GetInt64());
        Assert.Equal(1, web.GetProperty("restarts").GetInt32());
        Assert.Equal(100, web.GetProperty("weight").GetInt32());
        Assert.Equal(25, list[1].GetProperty("capPercent").GetInt32());
        Assert.Equal("defined", list[2].GetProperty("state").GetString());
        Assert.Equal(8192, web.GetProperty("memorySharedBytes").GetInt64());
        JsonElement balloon = web.GetProperty("balloon");
        Assert.Equal(
            (true, 64L << 20, 96L << 20), (balloon.GetProperty("hasDriver").GetBoolean(), balloon.GetProperty("actualBytes").GetInt64(), balloon.GetProperty("targetBytes").GetInt64()));
        Assert.Equal(
            (448L << 20, 300L << 20, 200L << 20, 100L << 20),
            (balloon.GetProperty("guestTotalBytes").GetInt64(), balloon.GetProperty("guestAvailableBytes").GetInt64(), balloon.GetProperty("guestFreeBytes").GetInt64(), balloon.GetProperty("guestCacheBytes").GetInt64()));
        Assert.Equal((0, 9), (balloon.GetProperty("guestSwappedOutBytes").GetInt64(), balloon.GetProperty("guestMajorFaults").GetInt64()));
        Assert.False(list[2].GetProperty("balloon").GetProperty("hasDriver").GetBoolean());
    }

    [Fact]
    public async Task A_hundred_machines_come_in_several_answers_and_one_list()
    {
        HvctlUnderTest hvctl = new();
        for (int i = 0; i < 100; i++)
        {
            hvctl.Served.Machine.Add($"vm{i}", VmState.Created);
        }

        JsonElement list = await hvctl.JsonAsync("list");
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"vm{i}"), list.EnumerateArray().Select(vm => vm.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Info_shows_virtual_processors_and_their_exits()
    {
        HvctlUnderTest hvctl = new("web");
        ExitCounts exits = default;
        exits[ExitReason.Hypercall] = 1234;
        exits[ExitReason.Wait] = 5;
        hvctl.Served.Machine.Vms[0].Exits = exits;
        string page = await hvctl.PageAsync("info web");
        Assert.Contains("web is running, up 0:03:12", page, StringComparison.Ordinal);
        Assert.Contains("hypercall 2,468", page, StringComparison.Ordinal);
        Assert.Contains("balloon  64 MiB of 96 MiB; its guest has 300 MiB of 448 MiB left", page, StringComparison.Ordinal);
        Assert.Contains("shared   8 KiB", page, StringComparison.Ordinal);
        JsonElement info = await hvctl.JsonAsync("info web");
        JsonElement first = info.GetProperty("vcpuList")[0];
        Assert.Equal("running", first.GetProperty("state").GetString());
        Assert.Equal(1234, first.GetProperty("exits").GetProperty("hypercall").GetInt32());
        Assert.Equal(1239, first.GetProperty("exits").GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Info_shows_disks_with_what_was_read_and_written()
    {
        HvctlUnderTest hvctl = new("web");
        hvctl.Served.Machine.Vms[0].Disks = 2;
        string page = await hvctl.PageAsync("info web");
        Assert.Contains("disk     0: 16 MiB, root-1, 0 B read, 512 B written; overlay 4 KiB of 1 MiB", page, StringComparison.Ordinal);
        Assert.Contains("disk     1: 16 MiB, read-only, root-1, 0 B read, 512 B written", page, StringComparison.Ordinal);
        JsonElement disks = (await hvctl.JsonAsync("info web")).GetProperty("disks");
        Assert.Equal(2, disks.GetArrayLength());
        Assert.Equal(1048576, disks[0].GetProperty("overlay").GetProperty("size").GetInt32());
        Assert.Equal(JsonValueKind.Null, disks[1].GetProperty("overlay").ValueKind);
        Assert.Equal(7, disks[1].GetProperty("reads").GetInt32());
        Assert.True(disks[1].GetProperty("readOnly").GetBoolean());
    }

    [Theory]
    [InlineData("pause", "running", "paused")]
    [InlineData("resume", "paused", "running")]
    [InlineData("reset", "running", "running")]
    [InlineData("shutdown", "running", "stopped")]
    [InlineData("stop", "running", "stopped")]
    [InlineData("start", "stopped", "running")]
    [InlineData("create", "defined", "created")]
    [InlineData("destroy", "stopped", "defined")]
    public async Task A_verb_does_what_it_says(string verb, string from, string to)
    {
        HvctlUnderTest hvctl = new();
        hvctl.Served.Machine.Add("web", Enum.Parse<VmState>(from, ignoreCase: true));
        JsonElement[] results = (await hvctl.JsonAsync($"{verb} web")).EnumerateArray().ToArray();
        Assert.Equal(verb, Assert.Single(results).GetProperty("action").GetString());
        Assert.Equal("web", results[0].GetProperty("name").GetString());
        Assert.True(results[0].GetProperty("ok").GetBoolean());
        Assert.Equal(to, results[0].GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.Null, results[0].GetProperty("error").ValueKind);
        Assert.Equal([$"{verb} web"], hvctl.Served.Machine.Requests);
        Assert.Equal(to, hvctl.Served.Machine.Vms[0].State.ToString().ToLowerInvariant());
    }

    [Fact]
    public async Task Several_machines_are_done_one_after_the_other()
    {
        HvctlUnderTest hvctl = new("one", "two", "three");
        Assert.Equal("one: paused\nthree: paused\n", await hvctl.PageAsync("pause one three"));
        Assert.Equal(["pause one", "pause three"], hvctl.Served.Machine.Requests);
    }

    [Fact]
    public async Task All_means_those_in_a_fitting_state()
    {
        HvctlUnderTest hvctl = new("one");
        hvctl.Served.Machine.Add("two", VmState.Paused);
        hvctl.Served.Machine.Add("three", VmState.Stopped);
        Assert.Equal(ExitCode.Ok, await hvctl.RunAsync("stop --all"));
        Assert.Equal(["stop one", "stop two"], hvctl.Served.Machine.Requests);
        Assert.Contains("nothing to stop", await hvctl.PageAsync("stop --all"), StringComparison.Ordinal);
        Assert.Equal(0, (await hvctl.JsonAsync("stop --all")).GetArrayLength());
    }

    [Fact]
    public async Task What_the_machine_refuses_is_told_with_what_would_help()
    {
        HvctlUnderTest hvctl = new("web");
        Assert.Equal(ExitCode.Refused, await hvctl.RunAsync("start web"));
        Assert.Equal("", hvctl.Output);
        Assert.Contains("cannot start web: it is running; 'hvctl reset web' starts it anew", hvctl.Error, StringComparison.Ordinal);
        JsonElement result = (await hvctl.JsonAsync("start web", ExitCode.Refused))[0];
        Assert.False(result.GetProperty("ok").GetBoolean());
        Assert.Equal("running", result.GetProperty("state").GetString());
        Assert.Equal("wrongState", result.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(1, result.GetProperty("error").GetProperty("exitCode").GetInt32());
    }

    [Fact]
    public async Task One_that_fails_does_not_keep_the_others_from_being_done()
    {
        HvctlUnderTest hvctl = new("one");
        hvctl.Served.Machine.Add("two", VmState.Stopped);
        Assert.Equal(ExitCode.Refused, await hvctl.RunAsync("start one two"));
        Assert.Equal("two: started\n", hvctl.Output);
        Assert.Contains("cannot start one", hvctl.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_none_is_answered_with_the_one_that_was_meant_and_nothing_is_done()
    {
        HvctlUnderTest hvctl = new("web", "database");
        Assert.Equal(ExitCode.Refused, await hvctl.RunAsync("stop web databse"));
        Assert.Equal("hvctl: there is no virtual machine 'databse': did you mean 'database'?\n", hvctl.Error);
        Assert.Empty(hvctl.Served.Machine.Requests);
        JsonElement error = (await hvctl.JsonAsync("info databse", ExitCode.Refused)).GetProperty("error");
        Assert.Equal("noSuchVm", error.GetProperty("code").GetString());
        Assert.Equal("database", error.GetProperty("suggestion").GetString());
    }

    [Fact]
    public async Task A_guest_that_does_not_shut_down_is_waited_for_only_so_long()
    {
        HvctlUnderTest hvctl = new("web");
        Assert.Equal(ExitCode.Ok, await hvctl.RunAsync("shutdown web --wait 5"));
        Assert.Equal("web: asked to shut down\nweb: stopped\n", hvctl.Output);
        hvctl.Served.Machine.Vms[0].State = VmState.Running;
        hvctl.Served.Machine.Refusal = ControlOutcome.GuestCannot;
        Assert.Equal(ExitCode.Refused, await hvctl.RunAsync("shutdown web --wait 5"));
        Assert.Contains("the guest takes no such request", hvctl.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Balloon_takes_sizes()
    {
        HvctlUnderTest hvctl = new("web");
        await hvctl.PageAsync("balloon web 64M");
        await hvctl.PageAsync("balloon web 1GiB");
        await hvctl.PageAsync("balloon web 100");
        Assert.Equal(["memory 67108864 web", "memory 1073741824 web", "memory 104857600 web"], hvctl.Served.Machine.Requests);
        Assert.Equal(ExitCode.WrongUsage, await hvctl.RunAsync("balloon web much"));
    }

    [Theory]
    [InlineData("cpu", "CPU")]
    [InlineData("mem", "(hypervisor)")]
    [InlineData("irq", "INTID")]
    [InlineData("machine", "2 CPUs, 2 virtual machines")]
    [InlineData("bench", "hypercall 65 instructions")]
    [InlineData("version", "protocol 1")]
    public async Task Reports_are_pages_of_80_columns(string verb, string text)
    {
        HvctlUnderTest hvctl = new("web", "db");
        hvctl.Served.Machine.InterruptList.Add(new InterruptStatus { Number = 27, Count = 123_456, User = InterruptUser.VirtualTimer });
        Assert.Contains(text, await hvctl.PageAsync(verb), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reports_as_json()
    {
        HvctlUnderTest hvctl = new("web");
        hvctl.Served.Machine.InterruptList.Add(new InterruptStatus { Number = 27, Count = 123_456, User = InterruptUser.VirtualTimer });
        JsonElement interrupt = (await hvctl.JsonAsync("irq"))[0];
        Assert.Equal(27, interrupt.GetProperty("number").GetInt32());
        Assert.Equal(123_456, interrupt.GetProperty("count").GetInt32());
        JsonElement cpus = await hvctl.JsonAsync("cpu");
        Assert.True(cpus[0].GetProperty("online").GetBoolean());
        Assert.Equal("web", cpus[0].GetProperty("vm").GetString());
        Assert.False(cpus[1].GetProperty("online").GetBoolean());
        JsonElement memory = await hvctl.JsonAsync("mem");
        Assert.Equal(1L << 30, memory.GetProperty("totalBytes").GetInt64());
        Assert.Equal(300L << 20, memory.GetProperty("freeBytes").GetInt64());
        Assert.Equal("web", memory.GetProperty("vms")[0].GetProperty("name").GetString());
        Assert.Equal((8192, 128L << 20), (memory.GetProperty("vms")[0].GetProperty("memorySharedBytes").GetInt64(), memory.GetProperty("keptBytes").GetInt64()));
        Assert.Equal(64L << 20, memory.GetProperty("vms")[0].GetProperty("balloon").GetProperty("actualBytes").GetInt64());
        JsonElement top = await hvctl.JsonAsync("top --once");
        Assert.Equal(96L << 20, top.GetProperty("vms")[0].GetProperty("balloon").GetProperty("targetBytes").GetInt64());
        JsonElement machine = await hvctl.JsonAsync("machine");
        Assert.Equal(1, machine.GetProperty("vms").GetInt32());
        Assert.Equal(2, machine.GetProperty("cpus").GetInt32());
        Assert.Equal("hypercall 65 instructions", (await hvctl.JsonAsync("bench")).GetProperty("lines")[0].GetString());
        Assert.Equal(1, (await hvctl.JsonAsync("version")).GetProperty("hypervisor").GetProperty("protocol").GetInt32());
    }

    [Fact]
    public async Task Registers_are_read_of_machines_that_stand_still()
    {
        HvctlUnderTest hvctl = new("web");
        Assert.Equal(ExitCode.Refused, await hvctl.RunAsync("regs web"));
        Assert.Contains("'hvctl pause web' makes it stand still", hvctl.Error, StringComparison.Ordinal);
        await hvctl.RunAsync("pause web");
        string page = await hvctl.PageAsync("regs web");
        Assert.Contains("pc ffff800012345678", page, StringComparison.Ordinal);
        JsonElement registers = await hvctl.JsonAsync("regs web 1");
        Assert.Equal(1, registers.GetArrayLength());
        Assert.Equal("0x000000000000feed", registers[0].GetProperty("registers").GetProperty("x5").GetString());
        Assert.Equal(ExitCode.Refused, await hvctl.RunAsync("regs web 7"));
        Assert.Contains("there is no such VCpu", hvctl.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_is_shown_as_it_is_kept()
    {
        HvctlUnderTest hvctl = new();
        foreach (byte value in "one\ntwo\nthree\n"u8)
        {
            hvctl.Served.Machine.Log.Write(value);
        }

        Assert.Equal("one\ntwo\nthree\n", await hvctl.PageAsync("log"));
        Assert.Equal("three\n", await hvctl.PageAsync("log --lines 1"));
        Assert.Equal("two\nthree\n", await hvctl.PageAsync("log -n 2"));
        Assert.Equal("one\ntwo\nthree\n", await hvctl.PageAsync("log -n 20"));
        Assert.Equal("", await hvctl.PageAsync("log -n 0"));
        JsonElement log = await hvctl.JsonAsync("log");
        Assert.Equal("one\ntwo\nthree\n", log.GetProperty("text").GetString());
        Assert.Equal(14, log.GetProperty("end").GetInt32());
    }

    [Fact]
    public async Task A_long_log_comes_whole_and_what_is_lost_is_told()
    {
        HvctlUnderTest hvctl = new();
        for (int i = 0; i < 40_000; i++)
        {
            hvctl.Served.Machine.Log.Write(i % 50 == 49 ? (byte)'\n' : (byte)'x');
        }

        Assert.Equal(ExitCode.Ok, await hvctl.RunAsync("log"));
        Assert.InRange(hvctl.Output.Length, 16_000, 16_384);
        Assert.Contains("are not kept any more", hvctl.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_level_is_read_and_set()
    {
        HvctlUnderTest hvctl = new();
        Assert.Equal("info\n", await hvctl.PageAsync("log level"));
        Assert.Equal("debug\n", await hvctl.PageAsync("log level debug"));
        Assert.Equal(LogLevel.Debug, hvctl.Served.Machine.Level);
        Assert.Equal(ExitCode.WrongUsage, await hvctl.RunAsync("log level debgu"));
        Assert.Contains("did you mean 'debug'", hvctl.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Power_off_is_asked_for()
    {
        HvctlUnderTest hvctl = new();
        await hvctl.RunAsync("poweroff");
        Assert.Equal(["poweroff"], hvctl.Served.Machine.Requests);
    }

    [Fact]
    public async Task Top_shows_shares_of_the_time_between_two_looks()
    {
        HvctlUnderTest hvctl = new("web");
        Task<int> looking = hvctl.RunAsync("top --once --interval 0.3 --vcpus");
        await Task.Delay(150);
        hvctl.Served.Locked(machine =>
        {
            machine.Time += 1_000_000_000;
            machine.Idle += 250_000_000;
            machine.Vms[0].RunTime += 500_000_000;
            ExitCounts exits = default;
            exits[ExitReason.Device] = 12_345;
            machine.Vms[0].Exits = exits;
        });
        Assert.Equal(ExitCode.Ok, await looking);
        Assert.DoesNotContain(hvctl.Output.Split('\n'), line => line.Length > 80);
        string[] lines = hvctl.Output.Split('\n');
        Assert.Contains(lines, line => line.Contains("CPUs busy   0: 75.0%", StringComparison.Ordinal));
        string web = lines.Single(line => line.StartsWith("web ", StringComparison.Ordinal));
        Assert.Contains("100.0", web, StringComparison.Ordinal);
        Assert.Contains("24.7k", web, StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("VCpu 0 on CPU 0", StringComparison.Ordinal) && line.Contains("50.0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Top_as_json_has_rates()
    {
        HvctlUnderTest hvctl = new("web");
        JsonElement top = await hvctl.JsonAsync("top --interval 0.05");
        Assert.Equal("web", top.GetProperty("vms")[0].GetProperty("name").GetString());
        Assert.Equal(0, top.GetProperty("vms")[0].GetProperty("exitsPerSecond").GetProperty("hypercall").GetDouble());
        Assert.Equal(2, top.GetProperty("vms")[0].GetProperty("vcpus").GetArrayLength());
        await hvctl.RunAsync("top --json --count 3 --interval 0.05");
        Assert.Equal(3, hvctl.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [InlineData("strat web", "there is no verb 'strat': did you mean 'start'?")]
    [InlineData("list --jsno", "did you mean '--json'?")]
    [InlineData("start", "start needs the name of a virtual machine, or --all")]
    [InlineData("start web --all", "start takes names or --all, not both")]
    [InlineData("info", "'hvctl info --help' shows how")]
    [InlineData("attach web --escape x", "'x' is no control key")]
    [InlineData("list --timeout never", "--timeout takes a number")]
    [InlineData("top --interval 0", "--interval takes a number from 0.05 to 3600")]
    [InlineData("log level loud", "there are error, warning, info, debug")]
    [InlineData("create /not/there.itb", "/not/there.itb: there is no such file")]
    [InlineData("", "a verb is missing")]
    public async Task A_wrong_command_line_is_told_what_would_be_right(string words, string text)
    {
        HvctlUnderTest hvctl = new("web");
        Assert.Equal(ExitCode.WrongUsage, await hvctl.RunAsync(words));
        Assert.Contains(text, hvctl.Error, StringComparison.Ordinal);
        Assert.Equal("", hvctl.Output);
        Assert.Single(hvctl.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        if (words.StartsWith("attach", StringComparison.Ordinal))
        {
            return;
        }

        JsonElement error = (await hvctl.JsonAsync(words, ExitCode.WrongUsage)).GetProperty("error");
        Assert.Contains(text, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_machine_the_exit_code_is_3()
    {
        HvctlUnderTest hvctl = new() { OpenAsync = ControlAddress.OpenAsync };
        Assert.Equal(ExitCode.NoConnection, await hvctl.RunAsync("list"));
        Assert.Contains("there is no such socket", hvctl.Error, StringComparison.Ordinal);
        JsonElement error = (await hvctl.JsonAsync("list", ExitCode.NoConnection)).GetProperty("error");
        Assert.Equal("noConnection", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_machine_that_stands_still_ends_in_exit_code_4()
    {
        HvctlUnderTest hvctl = new();
        Control.Line line = await Control.Line.OpenAsync();
        hvctl.OpenAsync = (_, _) => Task.FromResult<Stream>(line.Near);
        Assert.Equal(ExitCode.TimedOut, await hvctl.RunAsync("list --timeout 0.3"));
        Assert.Contains("did not answer within 0.3 s", hvctl.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_pages_have_80_columns_and_ask_no_machine()
    {
        HvctlUnderTest hvctl = new() { OpenAsync = (_, _) => throw new InvalidOperationException("no machine is to be asked") };
        Assert.Contains("attach <VM>", await hvctl.PageAsync("--help"), StringComparison.Ordinal);
        foreach (string verb in new[] { "list", "create", "start", "shutdown", "attach", "top", "log", "log level", "completion", "regs", "balloon" })
        {
            Assert.Contains("Usage:", await hvctl.PageAsync(verb + " --help"), StringComparison.Ordinal);
        }
    }
}
