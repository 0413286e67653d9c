using System;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Machines that have more memory together than there is: Linux gives back what others need, and shares what is equal.</summary>
public sealed class OvercommitTests
{
    private const string Shell = "sharpvisor:/# ";
    private const string Ready = "MEMORY ready";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_another_machine_needs_is_taken_from_a_Linux_that_has_more_than_its_guarantee(bool reportsFreePages)
    {
        // Pages that it has used and freed are its own all the same. It reports what is free in pieces of 2 MiB; every other
        // MiB only the balloon can take.
        string use = reportsFreePages
            ? "dd if=/dev/zero of=/m/much bs=1M count=140 2>/dev/null; rm /m/much"
            : "i=0; while [ $i -lt 70 ]; do for n in odd even; do dd if=/dev/zero of=/m/$n$i bs=1M count=1 2>/dev/null; done; i=$((i+1)); done; rm /m/even*";
        GuestSettings linux = await TestMachine.LinuxAsync();
        byte[] bundle = await TestMachine.BundleAsync($"""
            {Linux("linux", linux)}
            memory = "256M"
            memory-guarantee = "96M"

            {Own("modest", "32M", "32M")}

            {Own("greedy", "192M", "16M")}
            """);
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Memory = 400L << 20 }, bundle);
        HypervisorPrompt prompt = new(machine, Patience.LinuxBoot);
        await prompt.ExpectAsync(Shell);

        await RunAsync(machine, prompt, $"mkdir /m; mount -t tmpfs -o size=180m none /m; seq 1 100000 > /tmp/kept; {use}", "used");
        await prompt.LeaveAsync();
        await prompt.AttachAsync("greedy", Ready);
        await DoAsync(machine, prompt, "f", "MEMORY filled");
        await DoAsync(machine, prompt, "c", "MEMORY intact");
        await prompt.LeaveAsync();
        string mem = await prompt.AskAsync("mem", "\nall");
        Assert.InRange(MiB(mem, "  linux"), 1, 200);
        Assert.InRange(MiB(mem, "  greedy"), 180, 192);
        if (!reportsFreePages)
        {
            Assert.DoesNotContain("balloon  0 B of 0 B", await prompt.AskAsync("vm info linux", "balloon  "), StringComparison.Ordinal);
        }

        // Who stays within the guarantee gets all of it; nobody has come to harm.
        await prompt.AttachAsync("modest", Ready);
        await DoAsync(machine, prompt, "f", "MEMORY filled");
        await DoAsync(machine, prompt, "c", "MEMORY intact");
        await prompt.LeaveAsync();
        await prompt.AttachAsync("linux");
        await RunAsync(machine, prompt, "md5sum < /tmp/kept", Md5(Numbers(100_000)));

        // It may have it again when there is plenty.
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm destroy greedy", "greedy: destroyed");
        await ExpectInfoAsync(prompt, "linux", "balloon  0 B of 0 B");
        await prompt.AttachAsync("linux");
        await RunAsync(machine, prompt, "rm -f /m/odd*; dd if=/dev/zero bs=1M count=100 of=/m/much 2>/dev/null; md5sum < /m/much", Md5(new byte[100 << 20]));
        Assert.DoesNotContain("no memory left", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("crashed", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Out of memory", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_Linux_machines_share_equal_pages_and_part_when_one_writes()
    {
        const int Count = 500_000;
        byte[] numbers = Numbers(Count);
        byte[] swapped = [.. numbers.Select(c => c == (byte)'1' ? (byte)'2' : c)];
        GuestSettings linux = await TestMachine.LinuxAsync();
        byte[] bundle = await TestMachine.BundleAsync($"""
            {Linux("left", linux)}
            memory = "192M"
            share-pages = true

            {Linux("right", linux)}
            memory = "192M"
            share-pages = true
            """);
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Memory = 768L << 20 }, bundle);
        HypervisorPrompt prompt = new(machine, Patience.LinuxBoot);
        await prompt.ExpectAsync(Shell);
        await RunAsync(machine, prompt, $"seq 1 {Count} > /tmp/same", "made");
        await prompt.LeaveAsync();
        await prompt.AttachAsync("right", Shell);
        await RunAsync(machine, prompt, $"seq 1 {Count} > /tmp/same", "made");
        await prompt.LeaveAsync();

        // The file alone; and what the two have of the kernel.
        double file = numbers.Length / 1048576.0;
        double shared = await ExpectSharedAsync(prompt, file + 10);
        string mem = await prompt.AskAsync("mem", "\nall");
        Assert.InRange(MiB(mem, "virtual machines"), 1, MiB(mem, "  left") + MiB(mem, "  right"));

        await prompt.AttachAsync("left");
        await RunAsync(machine, prompt, "tr 1 2 < /tmp/same > /tmp/swapped; dd if=/tmp/swapped of=/tmp/same bs=4k conv=notrunc 2>/dev/null; md5sum < /tmp/same", Md5(swapped));
        await prompt.LeaveAsync();
        Assert.InRange(MiB(await prompt.AskAsync("mem", "\nall"), "shared by several of them"), 0, shared + 10 - (file / 2));
        await prompt.AttachAsync("right");
        await RunAsync(machine, prompt, "md5sum < /tmp/same", Md5(numbers));
        await prompt.LeaveAsync();

        // What one has left the other has for itself.
        await prompt.AskAsync("vm destroy left", "left: destroyed");
        await prompt.AttachAsync("right");
        await RunAsync(machine, prompt, "tr 1 2 < /tmp/same | md5sum; md5sum < /tmp/same", Md5(numbers));
        Assert.Contains(Md5(swapped), machine.Output[..prompt.Place], StringComparison.Ordinal);
        await machine.TypeAsync("poweroff -f\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxCommand);
    }

    private static async Task DoAsync(EmulatedMachine machine, HypervisorPrompt prompt, string key, string answer)
    {
        await machine.TypeAsync(key);
        await prompt.ExpectAsync(answer);
    }

    /// <summary>Has Linux's shell run commands and waits for what they say, which may be the last word that is added here.</summary>
    private static async Task RunAsync(EmulatedMachine machine, HypervisorPrompt prompt, string commands, string expected)
    {
        await machine.TypeAsync($"{commands}; echo {expected[..2]}''{expected[2..]}\r");
        await prompt.ExpectAsync(expected);
        await prompt.ExpectAsync(Shell);
    }

    private static async Task ExpectInfoAsync(HypervisorPrompt prompt, string name, string text)
    {
        DateTime end = DateTime.UtcNow + Patience.LinuxBoot;
        string answer = await prompt.AskAsync($"vm info {name}");
        while (!answer.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(DateTime.UtcNow < end, $"'{text}' did not come; vm info says: {answer}");
            await Task.Delay(200);
            answer = await prompt.AskAsync($"vm info {name}");
        }
    }

    /// <summary>Waits until pages of so many MiB are had together.</summary>
    private static async Task<double> ExpectSharedAsync(HypervisorPrompt prompt, double least)
    {
        DateTime end = DateTime.UtcNow + Patience.LinuxBoot + Patience.LinuxBoot;
        double shared = 0;
        while (shared < least)
        {
            Assert.True(DateTime.UtcNow < end, $"no more than {shared} MiB are shared");
            await Task.Delay(500);
            shared = MiB(await prompt.AskAsync("mem", "\nall"), "shared by several of them");
        }

        return shared;
    }

    /// <summary>The first size in the line of <c>mem</c> that begins with a name; 0 where there is none.</summary>
    private static double MiB(string answer, string line)
    {
        Match match = Regex.Match(answer, $@"^{Regex.Escape(line)} +([0-9.]+) (B|KiB|MiB|GiB)\b", RegexOptions.Multiline);
        double number = match.Success ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        return match.Groups[2].Value switch
        {
            "GiB" => number * 1024,
            "KiB" => number / 1024,
            "B" => number / 1048576,
            _ => number,
        };
    }

    private static string Md5(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));

    /// <summary>What <c>seq</c> writes.</summary>
    private static byte[] Numbers(int count)
    {
        StringBuilder lines = new();
        for (int i = 1; i <= count; i++)
        {
            lines.Append(i).Append('\n');
        }

        return Encoding.ASCII.GetBytes(lines.ToString());
    }

    private static string Linux(string name, GuestSettings linux) => $"""
        [[vm]]
        name = "{name}"
        kernel = '{linux.Kernel}'
        ramdisk = '{linux.Ramdisk}'
        cmdline = "{linux.CommandLine} quiet"
        """;

    private static string Own(string name, string memory, string guarantee) => $"""
        [[vm]]
        name = "{name}"
        kernel = '{Repository.GuestImage("memory")}'
        memory = "{memory}"
        memory-guarantee = "{guarantee}"
        """;
}
