using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using SharpVisor.Tests.Machine.Control;
using Xunit;

namespace SharpVisor.Tests.Machine.Debugging;

/// <summary>Our own guests under gdb itself, and what a debugger may do wrong.</summary>
public sealed class GuestDebuggingTests
{
    private const string Ready = "Type and it is echoed";
    private const ulong Base = 0x4020_0000;

    [Fact]
    public async Task Gdb_steps_through_a_guest_in_CSharp_by_source_and_changes_it()
    {
        await using HvctlMachine machine = await StartAsync("hello", "hello", "autostart = false");
        string output = await GdbAsync(
            machine, "hello",
            $"symbol-file {Path.ChangeExtension(Repository.GuestImage("hello"), ".elf")} -o 0x{Base:x}",
            "target remote localhost:PORT",
            "printf \"first at %lx\\n\", $pc",
            "break hello_SharpVisor_Guests_Console__WriteLine",
            "continue",
            "backtrace 2",
            "info threads",
            "finish",
            "next",
            "delete",
            "hbreak *hello_SharpVisor_Guests_Console__WriteHex",
            "continue",
            "print/x $x0",
            "set var $x0 = 0x1234abcd",
            "info registers sctlr_el1 vbar_el1 gicd_ctlr",
            "watch *(unsigned long *) ($sp - 8)",
            "monitor vm",
            "monitor exits",
            "delete",
            "detach");
        Assert.Contains($"first at {Base:x}", output, StringComparison.Ordinal);
        Assert.Contains("Breakpoint 1, hello_SharpVisor_Guests_Console__WriteLine", output, StringComparison.Ordinal);
        Assert.Contains("#1 ", output, StringComparison.Ordinal);
        Assert.Contains("Guest.cs:", output, StringComparison.Ordinal);
        Assert.Contains("VCpu 0 at EL1", output, StringComparison.Ordinal);
        Assert.Matches("sctlr_el1 +0x[0-9a-f]+d ", output); // its MMU is on
        Assert.Contains("hello: RAM 0x40000000", output, StringComparison.Ordinal);
        Assert.Contains("VCpu 0: hypercall ", output, StringComparison.Ordinal);
        await machine.DoAsync("attach", "hello", "--history", "99", "--until", "device tree at 0x1234abcd");
        await machine.DoAsync("attach", "hello", "--history", "99", "--until", Ready);
        Assert.Equal("hello running", await machine.StatesAsync());
    }

    [Fact]
    public async Task Breakpoints_beyond_the_registers_of_the_CPU_hit_and_do_not_show()
    {
        await using HvctlMachine machine = await StartAsync("hello", "hello");
        await machine.DoAsync("attach", "hello", "--history", "99", "--until", Ready);
        using Debuggee debuggee = await Debuggee.OpenAsync(machine, "hello");
        await using RemoteTarget guest = await RemoteTarget.ConnectAsync(debuggee.Port);
        await guest.AskAsync("?");
        ulong pc = (await guest.RegistersAsync())[RemoteTarget.Pc];
        ulong[] places = [.. Enumerable.Range(0, 40).Select(i => Base + 0x1000 + (4 * (ulong)i)), pc];
        byte[] code = await guest.ReadMemoryAsync(Base + 0x1000, 256);
        foreach (ulong place in places)
        {
            await guest.DoAsync($"Z0,{place:x},4");
        }

        Assert.Equal(code, await guest.ReadMemoryAsync(Base + 0x1000, 256));

        // A step leaves the one that it stands at; going on comes to it again.
        Assert.StartsWith("T05", await guest.AskAsync("vCont;s"), StringComparison.Ordinal);
        Assert.NotEqual(pc, (await guest.RegistersAsync())[RemoteTarget.Pc]);
        Assert.StartsWith("T05", await guest.AskAsync("vCont;c"), StringComparison.Ordinal);
        Assert.Equal(pc, (await guest.RegistersAsync())[RemoteTarget.Pc]);
        foreach (ulong place in places)
        {
            await guest.DoAsync($"z0,{place:x},4");
            Assert.Equal("E04", await guest.AskAsync($"z0,{place:x},4"));
        }

        await guest.DoAsync("Qqemu.PhyMemoryMode:1");
        Assert.Equal(code, await guest.ReadMemoryAsync(Base + 0x1000, 256));
        await guest.DoAsync("D");
        Assert.Equal("echo", (await machine.CallAsync("echo", ["attach", "hello"])).Output);
    }

    [Theory]
    [InlineData("resume", "hello running")]
    [InlineData("pause", "hello paused")]
    [InlineData("stop", "hello stopped")]
    public async Task A_debugger_that_vanishes_leaves_the_machine_as_its_definition_says(string policy, string state)
    {
        await using HvctlMachine machine = await StartAsync("hello", "hello", $"on-debugger-lost = \"{policy}\"");
        await machine.DoAsync("attach", "hello", "--history", "99", "--until", Ready);
        foreach (bool isRunning in (bool[])[false, true])
        {
            using Debuggee debuggee = await Debuggee.OpenAsync(machine, "hello");
            await using RemoteTarget guest = await RemoteTarget.ConnectAsync(debuggee.Port);
            await guest.AskAsync("?");
            if (isRunning)
            {
                await guest.SendAsync(RemoteTarget.Packet("vCont;c"));
            }

            debuggee.Kill();
            await ExpectStatesAsync(machine, state);
            await machine.DoAsync(policy == "stop" ? "start" : "pause", policy == "pause" ? "--all" : "hello");
            if (policy != "stop")
            {
                await machine.DoAsync("resume", "hello");
            }

            await ExpectStatesAsync(machine, "hello running");
        }

        Assert.Equal("echo", (await machine.CallAsync("echo", ["attach", "hello"])).Output);
    }

    [Fact]
    public async Task A_machine_that_crashed_and_was_kept_can_be_looked_at()
    {
        await using HvctlMachine machine = await StartAsync("broken", "faults", "cmdline = \"vectors\"", "on-crash = \"keep\"");
        await ExpectStatesAsync(machine, "broken crashed");
        using Debuggee debuggee = await Debuggee.OpenAsync(machine, "broken");
        await using RemoteTarget guest = await RemoteTarget.ConnectAsync(debuggee.Port);
        Assert.StartsWith("T06thread:1;", await guest.AskAsync("?"), StringComparison.Ordinal);
        Assert.NotEqual(0ul, (await guest.RegistersAsync())[31]);
        await guest.DoAsync("Qqemu.PhyMemoryMode:1");
        Assert.Equal("ARM\x64"u8.ToArray(), await guest.ReadMemoryAsync(Base + 56, 4));
        Assert.Equal("E04", await guest.AskAsync("vCont;c"));

        // From the beginning, and to its end, which is the debugger's now.
        Assert.Contains("before its first", await guest.MonitorAsync("reset"), StringComparison.Ordinal);
        Assert.StartsWith("T06thread:1;", await guest.AskAsync("vCont;c"), StringComparison.Ordinal);
        Assert.Equal("broken paused", await machine.StatesAsync());
        await guest.DoAsync("D");
        await ExpectStatesAsync(machine, "broken crashed");
    }

    [Fact]
    public async Task Whatever_is_sent_the_machine_goes_on_and_answers()
    {
        await using HvctlMachine machine = await StartAsync("hello", "hello");
        await machine.DoAsync("attach", "hello", "--history", "99", "--until", Ready);
        using Debuggee debuggee = await Debuggee.OpenAsync(machine, "hello");
        Random random = new(4);
        string[] beginnings = ["m", "M", "X", "G", "p", "P", "Z0,", "Z2,", "z1,", "vCont;s;", "qXfer:features:read:target.xml:", "qRcmd,", "H", "T", "Qqemu.", "P2", "P21="];
        for (int round = 0; round < 3; round++)
        {
            await using RemoteTarget guest = await RemoteTarget.ConnectAsync(debuggee.Port);
            await guest.AskAsync("?");

            // What a guest must never be, whoever says so: at EL2, or in another one's memory.
            foreach (string state in (string[])["09000000", "c9030000", "0d000000", "13000000"])
            {
                Assert.Equal("E03", await guest.AskAsync($"P21={state}"));
            }

            await guest.DoAsync("Qqemu.PhyMemoryMode:1");
            foreach (ulong address in (ulong[])[0, 0x800_0000, 0x900_0000, 0x3fff_f000, 0x4200_0000, 0x8000_0000, 0xffff_ffff_ffff_f000])
            {
                Assert.Equal("E14", await guest.AskAsync($"m{address:x},8"));
                Assert.Equal("E14", await guest.AskAsync($"M{address:x},1:00"));
            }

            for (int i = 0; i < 300; i++)
            {
                byte[] noise = new byte[random.Next(40)];
                random.NextBytes(noise);
                byte[] content = [.. Encoding.ASCII.GetBytes(beginnings[random.Next(beginnings.Length)]), .. random.Next(2) == 0 ? noise : Encoding.ASCII.GetBytes(Convert.ToHexStringLower(noise))];
                await guest.SendAsync(random.Next(3) == 0 ? content : RemoteTarget.Packet(Encoding.Latin1.GetString([.. content.Where(value => value is not ((byte)'#' or (byte)'$' or 3))])));
            }

            await guest.SendAsync(RemoteTarget.Packet("m" + new string('1', 5000) + ",4"));
            await guest.SendAsync([(byte)'#', (byte)'0', (byte)'0', 3]);
            await guest.SendAsync(RemoteTarget.Packet("qAttached"));
            string answer;
            do
            {
                answer = await guest.ReceiveAsync();
                if (answer == "E16")
                {
                    await guest.SendAsync([3, .. RemoteTarget.Packet("qAttached")]); // it was let go on
                }
            }
            while (answer != "1");
            Assert.Equal("hello paused", await machine.StatesAsync());
        }

        await machine.DoAsync("reset", "hello");
        await machine.DoAsync("stop", "hello");
        await machine.DoAsync("start", "hello");
        await machine.DoAsync("attach", "hello", "--history", "99", "--until", Ready);
    }

    private static async Task ExpectStatesAsync(HvctlMachine machine, string expected)
    {
        string states = "";
        for (int i = 0; i < 50 && states != expected; i++)
        {
            await Task.Delay(100);
            states = await machine.StatesAsync();
        }

        Assert.Equal(expected, states);
    }

    private static async Task<HvctlMachine> StartAsync(string name, string guest, params string[] lines) =>
        HvctlMachine.Start(new MachineSettings { Cpus = 2 }, await TestMachine.BundleAsync($"""
            [[vm]]
            name = "{name}"
            kernel = "{Repository.GuestImage(guest)}"
            memory = "32M"
            {string.Join('\n', lines)}
            """));

    private static async Task<string> GdbAsync(HvctlMachine machine, string vm, params string[] commands)
    {
        using Debuggee debuggee = await Debuggee.OpenAsync(machine, vm);
        string port = debuggee.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        ProcessStartInfo start = new("gdb-multiarch", ["-nx", "-batch", "-ex", "set pagination off", "-ex", "set architecture aarch64", .. commands.SelectMany(command => (string[])["-ex", command.Replace("PORT", port, StringComparison.Ordinal)])])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process gdb;
        try
        {
            gdb = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("no gdb-multiarch");
            throw;
        }

        using (gdb)
        {
            Task<string> output = gdb.StandardOutput.ReadToEndAsync();
            Task<string> error = gdb.StandardError.ReadToEndAsync();
            if (!gdb.WaitForExit(TimeSpan.FromSeconds(60)))
            {
                gdb.Kill();
            }

            return await output + await error;
        }
    }
}
