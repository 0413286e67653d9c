using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>What a person at Linux's console sees and does.</summary>
public sealed partial class LinuxConsoleTests
{
    private const string Prompt = "sharpvisor:/# ";

    [Fact]
    public async Task Typed_commands_reach_the_shell()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await TestMachine.LinuxAsync());
        int place = await TestMachine.ExpectAsync(machine, Prompt, Patience.LinuxBoot);
        await machine.TypeAsync("echo typed-$((6 * 7))\r");
        await TestMachine.ExpectAsync(machine, "\ntyped-42\n", Patience.LinuxCommand, place);
        await machine.TypeAsync("poweroff -f\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxCommand);
    }

    [Fact]
    public async Task A_long_paste_arrives_whole()
    {
        const int Length = 1500;
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await TestMachine.LinuxAsync());
        await TestMachine.ExpectAsync(machine, Prompt, Patience.LinuxBoot);
        string text = string.Concat(Enumerable.Range(0, Length).Select(i => (char)('a' + (i % 26))));

        // The shell reads its line with the terminal in another mode: what came too early would not count as a line.
        await machine.TypeAsync("echo ready; cat > /tmp/paste; wc -c < /tmp/paste; md5sum < /tmp/paste; poweroff -f\r");
        await TestMachine.ExpectAsync(machine, "\nready\n", Patience.LinuxCommand);
        await machine.TypeAsync(text + "\r\x4");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxCommand);
        Assert.Contains($"\n{Length + 1}\n", machine.Output, StringComparison.Ordinal);
        string sum = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.ASCII.GetBytes(text + "\n")));
        Assert.Contains(sum, machine.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    public async Task A_reboot_starts_the_machine_again(int gicVersion, int cpus)
    {
        GuestSettings linux = await TestMachine.LinuxAsync() with { VCpus = cpus };
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { GicVersion = gicVersion, Cpus = cpus }, linux);
        await TestMachine.ExpectAsync(machine, Prompt, Patience.LinuxBoot);
        await machine.TypeAsync("reboot\r");
        int place = await TestMachine.ExpectAsync(machine, "sharpvisor: guest: reset", Patience.LinuxCommand);
        place = await TestMachine.ExpectAsync(machine, $"on {cpus} CPU(s)", Patience.LinuxBoot, place);
        await TestMachine.ExpectAsync(machine, Prompt, Patience.LinuxBoot, place);
        await machine.TypeAsync("poweroff -f\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxCommand);
        Assert.Contains("sharpvisor: guest: powered off", machine.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cortex-a72", 2)]
    [InlineData("cortex-a72", 3)]
    [InlineData("max,pauth-impdef=on", 3)]
    public async Task Linux_warns_of_nothing_that_it_does_not_warn_of_without_the_hypervisor(string cpu, int gicVersion)
    {
        const string Begin = "warnings begin";
        const string End = "warnings end";

        // -r keeps the level in front: 0 to 4 are emergency to warning.
        GuestSettings linux = await TestMachine.LinuxAsync($"echo {Begin}; dmesg -r | grep '^<[0-4]>'; echo {End}; poweroff -f") with { VCpus = 2 };
        // In time that instructions make: Linux also warns where this computer let the emulated machine wait.
        MachineSettings machine = new() { Cpu = cpu, GicVersion = gicVersion, CountsInstructions = true };

        await using EmulatedMachine bare = TestMachine.StartBare(machine, linux);
        Assert.NotNull(await bare.WaitForExitAsync(Patience.LinuxBoot));
        HashSet<string> accepted = [.. Warnings(bare.Output)];

        // QEMU may have a word about counted time behind the hypervisor's last line.
        await using EmulatedMachine under = TestMachine.Start(machine, linux);
        Assert.Equal(0, await under.WaitForExitAsync(Patience.LinuxBoot));
        Assert.Contains("sharpvisor: machine stopped, exit code 0", under.Output, StringComparison.Ordinal);
        Assert.Equal([], Warnings(under.Output).Except(accepted));

        static IEnumerable<string> Warnings(string output)
        {
            int from = output.IndexOf('\n' + Begin + '\n', StringComparison.Ordinal);
            int to = output.IndexOf('\n' + End + '\n', StringComparison.Ordinal);
            Assert.True(from >= 0 && to > from, "dmesg did not come");

            // Time and numbers differ from boot to boot.
            return output[from..to].Split('\n').Where(line => line.StartsWith('<')).Select(line => Number().Replace(Time().Replace(line, ""), "N"));
        }
    }

    [Fact]
    public async Task A_compressed_kernel_boots()
    {
        GuestSettings linux = await TestMachine.LinuxAsync("poweroff -f");
        string compressed = TestMachine.LogPath(".gz");
        using (FileStream target = File.Create(compressed))
        using (GZipStream zip = new(target, CompressionLevel.Fastest))
        using (FileStream source = File.OpenRead(linux.Kernel))
        {
            await source.CopyToAsync(zip);
        }

        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), linux with { Kernel = compressed });
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxBoot);
        Assert.Contains("sharpvisor: guest: powered off", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cpus_of_a_busy_linux_keep_time()
    {
        // Each CPU works and sleeps; timers and messages between CPUs that got lost would make this late.
        GuestSettings linux = await TestMachine.LinuxAsync(
            "for i in 1 2 3 4; do (n=0; while [ $n -lt 20 ]; do usleep 20000; n=$((n + 1)); done; echo worker $i done) & done; wait; echo all done; poweroff -f")
            with { VCpus = 2 };
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), linux);
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxBoot);
        Assert.Contains("\nall done\n", machine.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\[ *\d+\.\d+\] ")]
    private static partial Regex Time();

    [GeneratedRegex("0x[0-9a-f]+|[0-9a-f]{8,}|[0-9]+")]
    private static partial Regex Number();
}
