using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using SharpVisor.Build.Setup;
using SharpVisor.Build.Symbols;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>tools/gdb: every command and printer on a machine that runs, as gdb shows it.</summary>
public sealed class GdbExtensionTests
{
    private const string Marker = "=====";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Without_a_target_a_syndrome_is_still_put_into_words_and_the_rest_says_what_is_missing()
    {
        IReadOnlyDictionary<string, string> said = await AskAsync([], "hv esr 0x93c38047", "hv esr", "hv esr nonsense", "hv vms", "hv bla", "hv help", "hv");
        Assert.Equal("ESR 0x93c38047: data abort from a lower level: write, translation fault, level 3, 8 bytes, X3\n", said["hv esr 0x93c38047"]);
        Assert.Equal("hv: hv esr VALUE\n", said["hv esr"]);
        Assert.Equal("hv: 'nonsense' is no number\n", said["hv esr nonsense"]);
        Assert.StartsWith("hv: there is no target: make debug starts one", said["hv vms"], StringComparison.Ordinal);
        Assert.Equal("hv: there is no command 'bla'; hv help lists them\n", said["hv bla"]);
        Assert.Contains("hv s2 VM IPA", said["hv help"], StringComparison.Ordinal);
        Assert.Equal(said["hv help"], said["hv"]);
    }

    [Fact]
    public async Task Every_command_shows_a_live_machine()
    {
        string folder = Directory.CreateTempSubdirectory("gdb").FullName;
        try
        {
            string socket = Path.Combine(folder, "gdb.sock");
            string bundle = Path.Combine(folder, "boot.itb");
            string hello = Repository.GuestImage("hello");
            File.WriteAllBytes(bundle, await TestMachine.BundleAsync(
                $"[[vm]]\nname = \"left\"\nkernel = \"{hello}\"\nvcpus = 2\nmemory = \"64M\"\n[[vm]]\nname = \"right\"\nkernel = \"{hello}\"\nmemory = \"32M\"\nautostart = false\n"));
            List<string> command = QemuCommand.Create(new MachineSettings { Cpus = 2 }, Repository.Image, bundle);
            command.AddRange(["-gdb", $"unix:{socket},server=on,wait=off"]);
            await using EmulatedMachine machine = TestMachine.Start(command);
            await TestMachine.ExpectAsync(machine, "Type and it is echoed", Patience.SmallGuest);
            HypervisorPrompt prompt = new(machine, Patience.SmallGuest);
            await prompt.LeaveAsync();
            await prompt.AskAsync("trace on");
            await prompt.AttachAsync("left");
            await machine.TypeAsync("x");
            await prompt.ExpectAsync("x");
            await CheckAsync(socket);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_report_of_a_bug_leads_to_the_lines_of_the_source()
    {
        string folder = Directory.CreateTempSubdirectory("gdb").FullName;
        try
        {
            string socket = Path.Combine(folder, "gdb.sock");
            string bundle = Path.Combine(folder, "boot.itb");
            File.WriteAllBytes(bundle, await TestMachine.BundleAsync($"[[vm]]\nname = \"left\"\nkernel = \"{Repository.GuestImage("hello")}\"\nmemory = \"64M\"\n"));
            List<string> command = QemuCommand.Create(new MachineSettings { Cpus = 1 }, Repository.Image, bundle);
            command.AddRange(["-gdb", $"unix:{socket},server=on,wait=off"]);
            await using EmulatedMachine machine = TestMachine.Start(command);
            await TestMachine.ExpectAsync(machine, "Type and it is echoed", Patience.SmallGuest);

            // In the middle of an interrupt's work a pointer is bent.
            await AskAsync(
                [$"target remote {socket}", $"add-symbol-file {Repository.Elf} -o 0x40200000"],
                "hbreak *&trap_interrupt", "continue", "delete", "set $x0 = 0xdead0000000", "detach");
            await TestMachine.ExpectAsync(machine, "machine stopped", Patience.SmallGuest);
            string said = await SymbolizeCommand.AnnotateAsync(machine.Output);
            Assert.Matches(@"at [0-9a-f]{16}  SharpVisor\.Cpu\.Trap\.Interrupt \+ 0x[0-9a-f]+  kernel/Cpu/\w+\.cs:\d+\n", said);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CheckAsync(string socket)
    {
        const string Array = "print $hv_vm(\"left\")._name";
        const string Elements = "print $hv_vm(\"left\").Gic._cpus[0].m_NumComponents";
        const string Syndrome = "print *(sharpvisor_SharpVisor_Arch_Esr*)&$hv_vm(\"left\").Vmid";
        const string Span = "print *(sharpvisor_System_ReadOnlySpan_1<UInt8>*)($sp-512)";
        IReadOnlyDictionary<string, string> said = await AskAsync(
            [
                $"target remote {socket}", $"add-symbol-file {Repository.Elf} -o 0x40200000",
            ],
            "hv vms", "hv vcpu 0", "hv vcpu 7", "hv vcpu left 1", "hv vcpu left 2", "hv vcpu", "hv s2 left 0x40200000", "hv s2 left 0x9000000", "hv s2 nobody 0",
            "hv s2 right 0", "hv s2 left", "hv s1 left 0x40200000", "hv s1 left 0x123456789000", "hv irq left", "hv log", "hv trace 5", "hbreak trap_interrupt", "continue",
            "backtrace", Array, Elements, Syndrome, "set {long}($sp-512) = (long)&$hv_vm(\"left\")._name.m_Data", "set {int}($sp-504) = 4", Span,
            "print $hv_vm(\"left\").RunTimeAtStart");
        Assert.Matches(@"left +1 +2 +64 MiB\n +0  \w+ +[01-]  0x[0-9a-f]+\n +1  absent +-  0x0\nright +2 +1 +32 MiB  defined\n", said["hv vms"]);
        Assert.Matches(@"^left vcpu0, (running|blocked), on CPU [01].*\n +X0 [0-9a-f]{16} ", said["hv vcpu 0"]);
        Assert.Matches(@"SCTLR_EL1 [0-9a-f]+5 +TCR_EL1|SCTLR_EL1 [0-9a-f]+d +TCR_EL1", said["hv vcpu 0"]);
        Assert.Matches(@"exits: hypercall \d+, device \d\d+, ", said["hv vcpu 0"]);
        Assert.Equal("hv: there is no VCpu 7: there are 2, from 0; hv vms shows them\n", said["hv vcpu 7"]);
        Assert.StartsWith("left vcpu1, absent, its registers are saved", said["hv vcpu left 1"], StringComparison.Ordinal);
        Assert.Equal("hv: left has no VCpu 2: it has 2, from 0\n", said["hv vcpu left 2"]);
        Assert.Equal("hv: hv vcpu N, or hv vcpu VM N\n", said["hv vcpu"]);
        Assert.Matches(@"level 1 \[ +1\] .*  table at .*\n  level 2 \[ +1\] .*\n(.*\n)?IPA 0x40200000 is at 0x[0-9a-f]+: [0-9a-f]{16}\n", said["hv s2 left 0x40200000"]);
        Assert.EndsWith("not mapped\n", said["hv s2 left 0x9000000"], StringComparison.Ordinal);
        Assert.Equal("hv: there is no virtual machine 'nobody'; there are left, right\n", said["hv s2 nobody 0"]);
        Assert.Equal("hv: right is only defined: it has no memory and no VCpus\n", said["hv s2 right 0"]);
        Assert.Equal("hv: hv s2 VM IPA\n", said["hv s2 left"]);
        Assert.Matches(@"TTBR0_EL1 0x[0-9a-f]+, \d+ bits, granule 4 KiB\n  level 1 .*-> IPA 0x40200000\n|VA 0x40200000 is IPA 0x40200000 is at 0x", said["hv s1 left 0x40200000"]);
        Assert.Contains("is in neither half", said["hv s1 left 0x123456789000"], StringComparison.Ordinal);
        Assert.Matches(@"left: GICv3\n.*\n(.*\n)* +33 +- +enabled level, priority", said["hv irq left"]);
        Assert.Contains("sharpvisor: EL2 on 2 CPUs", said["hv log"], StringComparison.Ordinal);
        Assert.Matches(@"cpu\d \d+ left vcpu0 +exit 0x[0-9a-f]+ ", said["hv trace 5"]);
        Assert.Contains("Cpu_Trap__Interrupt (vcpu=", said["backtrace"], StringComparison.Ordinal);
        Assert.Contains("kernel/Cpu/Trap.cs:", said["backtrace"], StringComparison.Ordinal);
        Assert.EndsWith("byte[4] \"left\"\n", said[Array], StringComparison.Ordinal);
        Assert.EndsWith("0x1 (unknown reason (undefined instruction), ISS 0x1)\n", said[Syndrome], StringComparison.Ordinal);
        Assert.EndsWith("span of 4 bytes \"left\"\n", said[Span], StringComparison.Ordinal);
        Assert.Matches(@"UInt64\[\d+\] = \{0, 0|ulong\[\d+\] = \{0", said["print $hv_vm(\"left\").RunTimeAtStart"]);
    }

    /// <summary>Gives gdb commands; answers what it said to each. Never a Python trace.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> AskAsync(IReadOnlyList<string> first, params IReadOnlyList<string> commands)
    {
        string? gdb = ProgramPath.Find(Tools.Gdb.Names);
        Assert.SkipWhen(gdb is null, "there is no gdb-multiarch");
        StringBuilder script = new("set pagination off\nset confirm off\nset width 0\n");
        script.AppendLine($"source {Repository.Combine("tools/gdb/hv.py")}");
        script.AppendLine($"set substitute-path /_ {Repository.Root}");
        foreach (string command in first)
        {
            script.AppendLine(command);
        }

        // A command that fails ends a script, but not a Python block.
        script.AppendLine("python");
        script.AppendLine("import gdb, sys");
        script.AppendLine("def ask(command):");
        script.AppendLine($"    print('{Marker}' + command)");
        script.AppendLine("    try: gdb.execute(command)");
        script.AppendLine("    except gdb.error as error: print(error)");
        script.AppendLine("    sys.stdout.flush()");
        foreach (string command in commands)
        {
            script.AppendLine($"ask('{command}')");
        }

        script.AppendLine("end");
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, script.ToString().Replace("\r", "", StringComparison.Ordinal));
            ProcessStartInfo start = new(gdb, ["-q", "-nx", "-batch", "-x", file]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(s_limit))
            {
                process.Kill();
            }

            string everything = await output;
            Assert.DoesNotContain("Traceback", everything + await error, StringComparison.Ordinal);
            Dictionary<string, string> answers = [];
            foreach (string part in everything.Split(Marker)[1..])
            {
                int end = part.IndexOf('\n', StringComparison.Ordinal);
                answers[part[..end]] = part[(end + 1)..];
            }

            foreach (string command in commands)
            {
                Assert.True(answers.ContainsKey(command), $"gdb did not come to '{command}': {everything}{await error}");
            }

            return answers;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
