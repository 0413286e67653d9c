using System;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Virtio devices: Debian's drivers on ours, and what a request costs.</summary>
public sealed class BalloonTests
{
    private const string Shell = "sharpvisor:/# ";

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public async Task Linux_gives_memory_and_takes_it_back_as_it_is_told_and_says_what_it_has(int gicVersion, int cpus)
    {
        GuestSettings linux = await TestMachine.LinuxAsync() with { VCpus = cpus };
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { GicVersion = gicVersion, Cpus = cpus }, linux);
        await TestMachine.ExpectAsync(machine, Shell, Patience.LinuxBoot);
        HypervisorPrompt prompt = new(machine, Patience.LinuxCommand);
        await prompt.LeaveAsync();

        await prompt.AskAsync("vm memory guest 96M");
        await ExpectBalloonAsync(prompt, "balloon  160 MiB of 160 MiB; its guest has ");
        Assert.InRange(await ReadFreeAsync(machine, prompt), 10_000, 80_000);
        await prompt.LeaveAsync();

        await prompt.AskAsync("vm memory guest 256M");
        await ExpectBalloonAsync(prompt, "balloon  0 B of 0 B; its guest has ");
        Assert.InRange(await ReadFreeAsync(machine, prompt), 180_000, 256_000);
        await machine.TypeAsync("poweroff -f\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxCommand);
    }

    [Fact]
    public async Task A_driver_may_come_and_go_and_a_reset_guest_begins_with_the_same_balloon()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await TestMachine.LinuxAsync());
        await TestMachine.ExpectAsync(machine, Shell, Patience.LinuxBoot);
        await machine.TypeAsync("rmmod virtio_balloon; echo gone-$?\r");
        await TestMachine.ExpectAsync(machine, "\ngone-0\n", Patience.LinuxCommand);
        HypervisorPrompt prompt = new(machine, Patience.LinuxBoot);
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm memory guest 96M", "cannot set the memory of guest: the guest takes no such request");
        await prompt.AttachAsync("guest");
        await machine.TypeAsync("insmod /lib/modules/$(uname -r)/virtio_balloon.ko; echo there-$?\r");
        await prompt.ExpectAsync("\nthere-0\n");
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm memory guest 192M");
        await ExpectBalloonAsync(prompt, "balloon  64 MiB of 64 MiB");
        await prompt.AskAsync("vm reset guest", "sharpvisor: guest: reset");
        await ExpectBalloonAsync(prompt, "balloon  64 MiB of 64 MiB");
    }

    [Fact]
    public async Task What_Linux_gives_or_has_no_use_for_is_everybodys_again()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await TestMachine.LinuxAsync());
        await TestMachine.ExpectAsync(machine, Shell, Patience.LinuxBoot);
        HypervisorPrompt prompt = new(machine, Patience.LinuxCommand);

        // Memory that was used and is free is reported after a while.
        await machine.TypeAsync("dd if=/dev/zero of=/tmp/much bs=1M count=64 2>/dev/null; echo filled-$?\r");
        await prompt.ExpectAsync("\nfilled-0\n");
        await prompt.LeaveAsync();
        double filled = await ReadPresentAsync(prompt);
        Assert.InRange(filled, 64, 256);
        await prompt.AttachAsync("guest");
        await machine.TypeAsync("rm /tmp/much; echo gone-$?\r");
        await prompt.ExpectAsync("\ngone-0\n");
        await prompt.LeaveAsync();
        double reported = await ExpectPresentAsync(prompt, filled - 50);

        await prompt.AskAsync("vm memory guest 64M");
        await ExpectBalloonAsync(prompt, "balloon  192 MiB of 192 MiB");
        Assert.InRange(await ReadPresentAsync(prompt), 1, Math.Min(reported, 90));

        // What it needs again comes again.
        await prompt.AskAsync("vm memory guest 256M");
        await ExpectBalloonAsync(prompt, "balloon  0 B of 0 B");
        await prompt.AttachAsync("guest");
        await machine.TypeAsync("dd if=/dev/zero of=/tmp/much bs=1M count=64 2>/dev/null; md5sum /tmp/much; poweroff -f\r");
        await prompt.ExpectAsync("7f614da9329cd3aebf59b91aadc30bf0");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxCommand);
    }

    [Fact]
    public async Task Linux_gets_random_numbers()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await TestMachine.LinuxAsync(
            "cat /sys/class/misc/hw_random/rng_current; dd if=/dev/hwrng bs=1000 count=5 2>/dev/null | md5sum; dd if=/dev/hwrng bs=1000 count=5 2>/dev/null | md5sum; echo done; poweroff -f"));
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxBoot);
        string[] lines = machine.Output.Replace("\r", "", StringComparison.Ordinal).Split('\n');
        int name = Array.FindIndex(lines, line => line.StartsWith("virtio_rng", StringComparison.Ordinal));
        Assert.True(name >= 0, machine.Output);
        Assert.Matches("^[0-9a-f]{32}  -$", lines[name + 1]);
        Assert.Matches("^[0-9a-f]{32}  -$", lines[name + 2]);
        Assert.NotEqual(lines[name + 1], lines[name + 2]);
    }

    [Fact]
    public async Task A_request_costs_few_instructions()
    {
        MachineSettings settings = new() { Cpus = 1, CountsInstructions = true };
        await using EmulatedMachine machine = TestMachine.Start(settings, TestMachine.OwnGuest("virtio"));
        await TestMachine.ExpectAsync(machine, "BENCH end", Patience.CountedRun);
        AssertCost(machine.Output, "virtio-notify", 900);
        AssertCost(machine.Output, "virtio-split", 2600);
        AssertCost(machine.Output, "virtio-split-8", 1400);
        AssertCost(machine.Output, "virtio-packed", 2000);
        AssertCost(machine.Output, "virtio-packed-8", 1100);
    }

    private static void AssertCost(string output, string name, int most)
    {
        int at = output.IndexOf($"BENCH {name} ", StringComparison.Ordinal);
        Assert.True(at >= 0, output);
        string number = output[(at + name.Length + 7)..].Split('\n')[0].Trim();
        Assert.InRange(int.Parse(number, System.Globalization.CultureInfo.InvariantCulture), 1, most);
    }

    private static async Task<double> ReadPresentAsync(HypervisorPrompt prompt)
    {
        string answer = await prompt.AskAsync("vm info guest", "  memory ");
        string[] words = answer[answer.IndexOf("  memory ", StringComparison.Ordinal)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("MiB", words[2]);
        return double.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<double> ExpectPresentAsync(HypervisorPrompt prompt, double most)
    {
        DateTime end = DateTime.UtcNow + Patience.LinuxBoot;
        while (true)
        {
            double present = await ReadPresentAsync(prompt);
            if (present <= most)
            {
                return present;
            }

            Assert.True(DateTime.UtcNow < end, $"{present} MiB are still there");
            await Task.Delay(300);
        }
    }

    /// <summary>The guest needs its time.</summary>
    private static async Task ExpectBalloonAsync(HypervisorPrompt prompt, string text)
    {
        DateTime end = DateTime.UtcNow + Patience.LinuxBoot;
        string answer = "";
        while (DateTime.UtcNow < end)
        {
            answer = await prompt.AskAsync("vm info guest");
            if (answer.Contains(text, StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(200);
        }

        Assert.Fail($"'{text}' did not come; vm info says: {answer}");
    }

    /// <summary>What Linux calls free, in KiB.</summary>
    private static async Task<int> ReadFreeAsync(EmulatedMachine machine, HypervisorPrompt prompt)
    {
        await prompt.AttachAsync("guest");
        await machine.TypeAsync("echo free=$(sed -n 's/^MemFree: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)=\r");
        await prompt.ExpectAsync("\nfree=");
        int begin = prompt.Place;
        await prompt.ExpectAsync("=\n");
        return int.Parse(machine.Output[begin..(prompt.Place - 2)], System.Globalization.CultureInfo.InvariantCulture);
    }
}
