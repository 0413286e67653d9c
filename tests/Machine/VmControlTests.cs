using System;
using System.Globalization;
using System.Text;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>The command <c>vm</c> as a person types it, on CPUs that two machines share.</summary>
public sealed class VmControlTests
{
    private const string Ready = "Type and it is echoed";
    private const int StateColumn = 32;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Machines_stand_still_go_on_end_and_begin_anew_as_they_are_told(int gicVersion)
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpus = 1, GicVersion = gicVersion }, await MakeAsync());
        HypervisorPrompt prompt = new(machine, Patience.SmallGuest);
        await prompt.ExpectAsync("[attached to left");
        await prompt.ExpectAsync(Ready);
        await prompt.LeaveAsync();

        await prompt.AskAsync("vm pause left", "sharpvisor: left: paused");
        await prompt.AskAsync("vm list", Row("left", "paused"), Row("right", "running"));
        await prompt.AskAsync("regs left", "PC ");
        await prompt.AskAsync("vm pause left", "cannot pause left: it is paused");
        await prompt.AskAsync("vm resume left");
        await prompt.AskAsync("vm list", Row("left", "running"), Row("right", "running"));
        await prompt.EchoAsync("left", "went on");

        await prompt.AskAsync("vm stop left", "sharpvisor: left: stopped from the console");
        await prompt.AskAsync("vm list", Row("left", "stopped"), Row("right", "running"));
        await prompt.AskAsync("vm start left");
        await prompt.AskAsync("vm list", Row("left", "running"));
        await prompt.AttachAsync("left", Ready);
        await prompt.LeaveAsync();

        await prompt.AskAsync("vm reset left", "sharpvisor: left: reset");
        await prompt.AskAsync("vm info left", "left is running, up 0:", ", restarted 2 times", "weight 300, at most 50% of a CPU");
        await prompt.AttachAsync("left", Ready);
        await machine.TypeAsync("q");
        await prompt.ExpectAsync("sharpvisor: left: powered off");
        await prompt.ExpectPromptAsync();
        await prompt.AttachAsync("right", Ready);
        await machine.TypeAsync("q");
        await prompt.ExpectAsync("sharpvisor: right: powered off");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    public async Task A_destroyed_machine_gives_back_what_it_had_and_can_be_made_again(int cpus, int gicVersion)
    {
        MachineSettings settings = new() { Cpus = cpus, GicVersion = gicVersion };
        await using EmulatedMachine machine = TestMachine.Start(settings, await MakeAsync("autostart = false"));
        HypervisorPrompt prompt = new(machine, Patience.SmallGuest);
        await prompt.ExpectPromptAsync();
        string free = await prompt.ReadFreeMemoryAsync();
        await prompt.AskAsync("vm list", Row("left", "defined"), Row("right", "defined"));
        await prompt.AskAsync("vm destroy left", "cannot destroy left: it is defined");
        await prompt.AskAsync("attach left", "left is defined and has no console: vm start gives it one");
        for (int i = 0; i < 3; i++)
        {
            await prompt.AskAsync("vm create left");
            await prompt.AskAsync("vm list", Row("left", "created"), Row("right", "defined"));
            Assert.NotEqual(free, await prompt.ReadFreeMemoryAsync());
            await prompt.AskAsync("vm create left", "cannot create left: it is created");
            await prompt.AskAsync("vm start left");
            await prompt.AskAsync("vm start right");
            await prompt.EchoAsync("left", $"left is here {i}");
            await prompt.EchoAsync("right", $"right is here {i}");
            await prompt.AskAsync("vm pause right", "sharpvisor: right: paused");
            await prompt.AskAsync("vm destroy left", "sharpvisor: left: destroyed");
            await prompt.AskAsync("vm destroy right", "sharpvisor: right: destroyed");
            Assert.Equal(free, await prompt.ReadFreeMemoryAsync());
        }

        await machine.TypeAsync("poweroff\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    [Fact]
    public async Task A_machine_whose_real_time_finds_no_room_does_not_start_or_go_on()
    {
        const string MoreThanHalf = "realtime = { budget = \"6ms\", period = \"10ms\" }\nautostart = false";
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpus = 1 }, await MakeAsync(MoreThanHalf));
        HypervisorPrompt prompt = new(machine, Patience.SmallGuest);
        await prompt.ExpectPromptAsync();
        await prompt.AskAsync("vm start left");
        await prompt.AskAsync("vm start right", "cannot start right: no CPU has room for its VCpus");
        await prompt.AskAsync("vm list", Row("left", "running"), Row("right", "created"));
        await prompt.AskAsync("vm pause left", "sharpvisor: left: paused");
        await prompt.AskAsync("vm start right");
        await prompt.AskAsync("vm resume left", "cannot resume left: no CPU has room for its VCpus");
        await prompt.AskAsync("vm list", Row("left", "paused"), Row("right", "running"));
        await prompt.AskAsync("vm destroy right", "sharpvisor: right: destroyed");
        await prompt.AskAsync("vm resume left");
        await prompt.EchoAsync("left", "went on");
    }

    private static string Row(string name, string state) => name.PadRight(StateColumn) + state;

    private static Task<byte[]> MakeAsync(string more = "cap = \"50%\"")
    {
        StringBuilder definitions = new();
        foreach (string name in new[] { "left", "right" })
        {
            definitions.AppendLine(CultureInfo.InvariantCulture, $"""
                [[vm]]
                name = "{name}"
                kernel = '{Repository.GuestImage("hello")}'
                memory = "16M"
                weight = 300
                {more}
                """);
        }

        return TestMachine.BundleAsync(definitions.ToString());
    }
}
