using System;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Who gets the machine's memory, and who gives it back.</summary>
public sealed partial class MemoryTests
{
    private const string Ready = "MEMORY ready";

    [Fact]
    public async Task A_machine_never_sees_what_another_has_left()
    {
        // Together they have more than the machine: the second one gets what the first one had.
        byte[] bundle = await MakeAsync(("first", "96M", "96M"), ("second", "96M", "96M"));
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpus = 1, Memory = 160 << 20 }, bundle);
        HypervisorPrompt prompt = new(machine, Patience.LinuxBoot);
        await prompt.ExpectAsync("second: cannot start: needs 96 MiB of memory");
        await prompt.ExpectAsync(Ready);
        await DoAsync(machine, prompt, "z", "MEMORY zero");
        await DoAsync(machine, prompt, "f", "MEMORY filled");
        await DoAsync(machine, prompt, "c", "MEMORY intact");
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm reset first", "first: reset");
        await prompt.AttachAsync("first", Ready);
        await DoAsync(machine, prompt, "z", "MEMORY zero");
        await DoAsync(machine, prompt, "f", "MEMORY filled");
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm destroy first", "first: destroyed");
        await prompt.AskAsync("vm start second");
        await prompt.AttachAsync("second", Ready);
        await DoAsync(machine, prompt, "z", "MEMORY zero");
        await machine.TypeAsync("q");
        await prompt.ExpectAsync("second: powered off");
    }

    [Fact]
    public async Task Who_stays_within_the_guarantee_goes_on_when_another_has_eaten_everything()
    {
        byte[] bundle = await MakeAsync(("modest", "64M", "64M"), ("greedy", "256M", "16M"));
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpus = 2, Memory = 192 << 20 }, bundle);
        HypervisorPrompt prompt = new(machine, Patience.LinuxBoot);
        await prompt.ExpectAsync(Ready);
        await prompt.LeaveAsync();
        await prompt.AttachAsync("greedy", Ready);
        await DoAsync(machine, prompt, "f", "greedy vcpu0 at pc ");
        await prompt.ExpectAsync("no memory left: it has ");
        await prompt.ExpectAsync(", of which 16 MiB are guaranteed, of at most 256 MiB: VM crashed");
        await prompt.ExpectAsync("greedy: crashed");
        await prompt.ExpectPromptAsync();
        await prompt.AttachAsync("modest");
        await DoAsync(machine, prompt, "z", "MEMORY zero");
        await DoAsync(machine, prompt, "f", "MEMORY filled");
        await DoAsync(machine, prompt, "c", "MEMORY intact");
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm start greedy");
        await prompt.AttachAsync("greedy", Ready);
        await prompt.LeaveAsync();
        Assert.Single(NoMemory().Matches(machine.Output));
    }

    [Fact]
    public async Task Machines_that_allow_it_share_equal_pages_and_part_when_they_write()
    {
        byte[] bundle = await MakeAsync(("left", "32M", "32M"), ("right", "32M", "32M"));
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpus = 2 }, bundle);
        HypervisorPrompt prompt = new(machine, Patience.LinuxBoot);
        await prompt.ExpectAsync(Ready);
        await DoAsync(machine, prompt, "f", "MEMORY filled");
        await prompt.LeaveAsync();
        await prompt.AttachAsync("right", Ready);
        await DoAsync(machine, prompt, "f", "MEMORY filled");
        await prompt.LeaveAsync();
        string free = await prompt.ReadFreeMemoryAsync();
        string shared = string.Empty;
        for (int i = 0; i < 60 && !SharedMuch().IsMatch(shared); i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            shared = await prompt.AskAsync("mem", "\nall");
        }

        Assert.Matches(SharedMuch(), shared);
        Assert.NotEqual(free, await prompt.ReadFreeMemoryAsync());
        foreach (string name in new[] { "left", "right" })
        {
            await prompt.AttachAsync(name);
            await DoAsync(machine, prompt, "c", "MEMORY intact");
            await DoAsync(machine, prompt, "f", "MEMORY filled");
            await DoAsync(machine, prompt, "c", "MEMORY intact");
            await prompt.LeaveAsync();
        }

        await prompt.AskAsync("vm destroy left", "left: destroyed");
        await prompt.AttachAsync("right");
        await DoAsync(machine, prompt, "c", "MEMORY intact");
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm destroy right", "right: destroyed");
        Assert.DoesNotContain("shared by several", await prompt.AskAsync("mem", "\nall"), StringComparison.Ordinal);
    }

    private static async Task DoAsync(EmulatedMachine machine, HypervisorPrompt prompt, string key, string answer)
    {
        await machine.TypeAsync(key);
        await prompt.ExpectAsync(answer);
    }

    private static Task<byte[]> MakeAsync(params (string Name, string Memory, string Guarantee)[] vms)
    {
        StringBuilder definitions = new();
        foreach ((string name, string memory, string guarantee) in vms)
        {
            definitions.AppendLine(CultureInfo.InvariantCulture, $"""
                [[vm]]
                name = "{name}"
                kernel = '{Repository.GuestImage("memory")}'
                memory = "{memory}"
                memory-guarantee = "{guarantee}"
                share-pages = true
                """);
        }

        return TestMachine.BundleAsync(definitions.ToString());
    }

    [GeneratedRegex("no memory left")]
    private static partial Regex NoMemory();

    [GeneratedRegex(@"shared by several of them +2[0-9][. ]")]
    private static partial Regex SharedMuch();
}
