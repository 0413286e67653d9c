using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using SharpVisor.Tests.Machine.Control;
using Xunit;

namespace SharpVisor.Tests.Machine.Debugging;

/// <summary>Debian's kernel under the debugger.</summary>
public sealed class LinuxDebuggingTests
{
    private const string CommandLine = "console=ttyAMA0 nokaslr quiet";
    private const int Steps = 1000;
    private const string Prompt = "sharpvisor:/# ";
    private const ulong KernelAddress = 0x4020_0000;

    [Fact]
    public async Task A_thousand_steps_from_start_kernel_on_are_those_of_the_bare_machine()
    {
        GuestSettings linux = await TestMachine.LinuxAsync();
        await using HvctlMachine machine = await StartAsync(linux, 4);
        Dictionary<string, ulong> symbols = await SymbolsAsync(machine);
        using Debuggee debuggee = await Debuggee.OpenAsync(machine, "linux");
        await using RemoteTarget guest = await RemoteTarget.ConnectAsync(debuggee.Port);
        Assert.StartsWith("T02thread:", await guest.AskAsync("?"), StringComparison.Ordinal);
        Assert.Contains("before its first instruction", await guest.MonitorAsync("reset"), StringComparison.Ordinal);
        ulong[] registers = await guest.RegistersAsync();
        Assert.Equal(KernelAddress, registers[RemoteTarget.Pc]);

        // The bare machine starts as the guest does: the same bytes at the same places, the same registers.
        int length = BinaryPrimitives.ReadInt32BigEndian((await guest.ReadMemoryAsync(registers[0], 8)).AsSpan(4));
        byte[] tree = await guest.ReadMemoryAsync(registers[0], length);
        string treeFile = machine.Write("guest.dtb", tree);
        string socket = ControlLine.NewPath();
        List<string> command = QemuCommand.Create(new MachineSettings { Cpus = 4, HasEl2 = false, Memory = 192L << 20 }, linux.Kernel, null);
        int kernel = command.IndexOf("-kernel");
        command.RemoveRange(kernel, 2);
        command.AddRange(
        [
            "-S", "-gdb", $"unix:{socket},server=on,wait=off",
            "-device", $"loader,file={linux.Kernel},addr=0x{KernelAddress:x},force-raw=on",
            "-device", $"loader,file={linux.Ramdisk},addr=0x{Property(tree, "linux,initrd-start"):x},force-raw=on",
            "-device", $"loader,file={treeFile},addr=0x{registers[0]:x},force-raw=on",
        ]);
        await using EmulatedMachine bareMachine = TestMachine.Start(command);
        await using RemoteTarget bare = await RemoteTarget.ConnectAsync(socket);
        await bare.WriteRegisterAsync(0, registers[0]);
        await bare.WriteRegisterAsync(RemoteTarget.Pc, KernelAddress);
        await bare.WriteRegisterAsync(RemoteTarget.Pstate, registers[RemoteTarget.Pstate]);

        // A breakpoint long before the MMU is on.
        ulong start = symbols["start_kernel"];
        foreach (RemoteTarget target in (RemoteTarget[])[guest, bare])
        {
            await target.DoAsync($"Z0,{start:x},4");
            Assert.StartsWith("T05thread:", await target.AskAsync("vCont;c"), StringComparison.Ordinal);
            await target.DoAsync($"z0,{start:x},4");
        }

        // A hypervisor hides features, and what was left of an ID register is not written over yet.
        await guest.WriteRegisterAsync(16, (await bare.RegistersAsync())[16]);
        for (int i = 0; i < Steps; i++)
        {
            ulong[] expected = await bare.RegistersAsync();
            ulong[] found = await guest.RegistersAsync();
            for (int j = 0; j <= RemoteTarget.Pstate; j++)
            {
                Assert.True(expected[j] == found[j], $"step {i} at {expected[RemoteTarget.Pc]:x}: register {j} is {found[j]:x}, on the bare machine {expected[j]:x}");
            }

            Assert.StartsWith("T05thread:", await bare.AskAsync("s"), StringComparison.Ordinal);
            Assert.StartsWith("T05thread:1;", await guest.AskAsync("vCont;s:1"), StringComparison.Ordinal);
        }

        await guest.DoAsync("D");
        await machine.DoAsync("attach", "linux", "--history", "999", "--until", Prompt);
    }

    [Fact]
    public async Task Four_VCpus_stop_together_are_changed_and_go_on_while_another_machine_runs()
    {
        await using HvctlMachine machine = await StartAsync(await TestMachine.LinuxAsync(), 4);
        Dictionary<string, ulong> symbols = await SymbolsAsync(machine);
        using Debuggee debuggee = await Debuggee.OpenAsync(machine, "linux");
        await using RemoteTarget guest = await RemoteTarget.ConnectAsync(debuggee.Port);
        await guest.AskAsync("?");
        Assert.Equal("m1,2,3,4", await guest.AskAsync("qfThreadInfo"));
        Assert.Equal("linux paused, other running", await machine.StatesAsync());
        (int exitCode, string output, _) = await machine.CallAsync("echoed meanwhile", ["attach", "other"]);
        Assert.Equal((0, "echoed meanwhile"), (exitCode, output));
        (exitCode, _, string error) = await machine.CallAsync("resume", "linux");
        Assert.Equal(1, exitCode);
        Assert.Contains("a debugger has it", error, StringComparison.Ordinal);

        // A shell asks for its parent when it starts.
        ulong read = symbols["__arm64_sys_getppid"];
        await guest.DoAsync($"Z0,{read:x},4");
        Task<string> stop = guest.AskAsync("vCont;c");
        await machine.CallAsync("sh -c 'echo parent $PPID'\n", ["attach", "linux"]);
        Assert.Matches("^T05thread:[1-4];", await stop.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(read, (await guest.RegistersAsync())[RemoteTarget.Pc]);
        await guest.DoAsync($"z0,{read:x},4");

        // Its answer is another one: back to the caller with 4711.
        ulong[] registers = await guest.RegistersAsync();
        await guest.WriteRegisterAsync(0, 4711);
        await guest.WriteRegisterAsync(RemoteTarget.Pc, registers[30]);
        ulong stack = registers[31];
        byte[] before = await guest.ReadMemoryAsync(stack, 16);
        await guest.DoAsync($"X{stack:x},0:");
        await guest.DoAsync($"M{stack:x},10:{Convert.ToHexStringLower(before)}");
        Assert.Equal("E14", await guest.AskAsync("mffff7fffffff0000,4"));
        Assert.Contains("enabled", await guest.MonitorAsync("irq"), StringComparison.Ordinal);
        await guest.DoAsync("D");
        await machine.DoAsync("attach", "linux", "--history", "999", "--until", "parent 4711");
        Assert.Equal("linux running, other running", await machine.StatesAsync());
    }

    [Fact]
    public async Task A_kernel_variable_is_watched_on_all_VCpus()
    {
        await using HvctlMachine machine = await StartAsync(await TestMachine.LinuxAsync(), 4);
        Dictionary<string, ulong> symbols = await SymbolsAsync(machine);
        using Debuggee debuggee = await Debuggee.OpenAsync(machine, "linux");
        await using RemoteTarget guest = await RemoteTarget.ConnectAsync(debuggee.Port);
        await guest.AskAsync("?");
        ulong jiffies = await LoadedByAsync(guest, symbols["do_timer"]);
        ulong before = BitConverter.ToUInt64(await guest.ReadMemoryAsync(jiffies, 8));
        await guest.DoAsync($"Z2,{jiffies:x},8");
        string stop = await guest.AskAsync("vCont;c");
        Assert.Matches($"^T05watch:{jiffies:x};thread:[1-4];", stop);
        Assert.Equal(before, BitConverter.ToUInt64(await guest.ReadMemoryAsync(jiffies, 8)));

        // The access comes after the stop: one step does it.
        int thread = int.Parse(Regex.Match(stop, "thread:([1-4])").Groups[1].Value, CultureInfo.InvariantCulture);
        await guest.DoAsync($"z2,{jiffies:x},8");
        Assert.StartsWith("T05thread:", await guest.AskAsync($"vCont;s:{thread}"), StringComparison.Ordinal);
        Assert.True(BitConverter.ToUInt64(await guest.ReadMemoryAsync(jiffies, 8)) > before);
        Assert.Equal("E04", await guest.AskAsync($"Z2,{jiffies:x},1000003"));
        await guest.DoAsync("D");
        Assert.Equal("alive", (await machine.CallAsync("echo ali''ve\n", ["attach", "linux"])).Output.Split('\n', StringSplitOptions.TrimEntries).First(line => line == "alive"));
    }

    private static async Task<HvctlMachine> StartAsync(GuestSettings linux, int vcpus)
    {
        HvctlMachine machine = HvctlMachine.Start(new MachineSettings { Cpus = 2, Memory = 512L << 20 }, await TestMachine.BundleAsync($"""
            [[vm]]
            name = "linux"
            kernel = "{linux.Kernel}"
            ramdisk = "{linux.Ramdisk}"
            cmdline = "{CommandLine}"
            memory = "192M"
            vcpus = {vcpus}

            [[vm]]
            name = "other"
            kernel = "{Build.Repository.GuestImage("hello")}"
            memory = "32M"
            """));
        await machine.DoAsync("attach", "linux", "--history", "999", "--until", Prompt);
        return machine;
    }

    private static async Task<Dictionary<string, ulong>> SymbolsAsync(HvctlMachine machine)
    {
        const string names = "start_kernel|do_timer|__arm64_sys_getppid";
        (_, string output, _) = await machine.CallAsync($"grep -E ' ({names})$' /proc/kallsyms; echo 'end of'' symbols'\n", ["attach", "linux", "--until", "end of symbols"]);
        Dictionary<string, ulong> symbols = [];
        foreach (Match match in Regex.Matches(output, $"([0-9a-f]{{16}}) . ({names})"))
        {
            symbols[match.Groups[2].Value] = ulong.Parse(match.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        Assert.Equal(3, symbols.Count);
        return symbols;
    }

    /// <summary>The variable that a function loads: symbols of data are not in this kernel's list. ADRP, then LDR with an offset.</summary>
    private static async Task<ulong> LoadedByAsync(RemoteTarget guest, ulong function)
    {
        byte[] code = await guest.ReadMemoryAsync(function, 64);
        ulong page = 0;
        for (int i = 0; i < code.Length; i += 4)
        {
            uint instruction = BitConverter.ToUInt32(code, i);
            if ((instruction & 0x9f00_0000) == 0x9000_0000)
            {
                long pages = ((long)(int)(instruction << 8) >> 13 << 2) | (instruction >> 29 & 3);
                page = ((function + (uint)i) & ~0xffful) + (ulong)(pages << 12);
            }
            else if ((instruction & 0xffc0_0000) == 0xf940_0000 && page != 0)
            {
                return page + ((instruction >> 10 & 0xfff) * 8);
            }
        }

        throw new InvalidDataException("the function loads nothing");
    }

    /// <summary>A property of one or two cells, the first of its name in the tree.</summary>
    private static ulong Property(byte[] tree, string name)
    {
        int strings = BinaryPrimitives.ReadInt32BigEndian(tree.AsSpan(12));
        int offset = tree.AsSpan(strings).IndexOf(System.Text.Encoding.ASCII.GetBytes(name + "\0"));
        for (int i = BinaryPrimitives.ReadInt32BigEndian(tree.AsSpan(8)); i < strings || i + 20 <= tree.Length; i += 4)
        {
            if (BinaryPrimitives.ReadInt32BigEndian(tree.AsSpan(i)) == 3 && BinaryPrimitives.ReadInt32BigEndian(tree.AsSpan(i + 8)) == offset)
            {
                return BinaryPrimitives.ReadInt32BigEndian(tree.AsSpan(i + 4)) == 8
                    ? BinaryPrimitives.ReadUInt64BigEndian(tree.AsSpan(i + 12))
                    : BinaryPrimitives.ReadUInt32BigEndian(tree.AsSpan(i + 12));
            }
        }

        throw new InvalidDataException($"the tree has no {name}");
    }
}
