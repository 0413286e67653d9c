using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>The command <c>vm</c> as a person types it, on a CPU that two machines share.</summary>
public sealed class VmControlTests : IDisposable
{
    private const string Ready = "Type and it is echoed";
    private const string Prompt = "hv> ";
    private const string ToPrompt = "\u001d";
    private const int StateColumn = 32;

    private readonly string _folder = Directory.CreateTempSubdirectory("sharpvisor-control").FullName;
    private int _place;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Machines_stand_still_go_on_end_and_begin_anew_as_they_are_told(int gicVersion)
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpus = 1, GicVersion = gicVersion }, await MakeAsync());
        await ExpectAsync(machine, "[attached to left");
        await ExpectAsync(machine, Ready);
        await machine.TypeAsync(ToPrompt);
        await ExpectAsync(machine, Prompt);

        await AskAsync(machine, "vm pause left", "sharpvisor: left: paused");
        await AskAsync(machine, "vm list", Row("left", "paused"), Row("right", "running"));
        await AskAsync(machine, "regs left", "PC ");
        await AskAsync(machine, "vm pause left", "cannot pause left: it is paused");
        await AskAsync(machine, "vm resume left");
        await AskAsync(machine, "vm list", Row("left", "running"), Row("right", "running"));
        await EchoAsync(machine, "left", "went on");

        await AskAsync(machine, "vm stop left", "sharpvisor: left: stopped from the console");
        await AskAsync(machine, "vm list", Row("left", "stopped"), Row("right", "running"));
        await AskAsync(machine, "vm start left");
        await AskAsync(machine, "vm list", Row("left", "running"));
        await AttachAsync(machine, "left", Ready);
        await machine.TypeAsync(ToPrompt);
        await ExpectAsync(machine, Prompt);

        await AskAsync(machine, "vm reset left", "sharpvisor: left: reset");
        await AskAsync(machine, "vm info left", "left is running, up 0:", ", restarted 2 times", "weight 300, at most 50% of a CPU");
        await AttachAsync(machine, "left", Ready);
        await machine.TypeAsync("q");
        await ExpectAsync(machine, "sharpvisor: left: powered off");
        await ExpectAsync(machine, Prompt);
        await AttachAsync(machine, "right", Ready);
        await machine.TypeAsync("q");
        await ExpectAsync(machine, "sharpvisor: right: powered off");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    public async Task A_destroyed_machine_gives_back_what_it_had_and_can_be_made_again(int cpus, int gicVersion)
    {
        MachineSettings settings = new() { Cpus = cpus, GicVersion = gicVersion };
        await using EmulatedMachine machine = TestMachine.Start(settings, await MakeAsync("autostart = false"));
        await ExpectAsync(machine, Prompt);
        string free = await FreeAsync(machine);
        await AskAsync(machine, "vm list", Row("left", "defined"), Row("right", "defined"));
        await AskAsync(machine, "vm destroy left", "cannot destroy left: it is defined");
        await AskAsync(machine, "attach left", "left is defined and has no console: vm start gives it one");
        for (int i = 0; i < 3; i++)
        {
            await AskAsync(machine, "vm create left");
            await AskAsync(machine, "vm list", Row("left", "created"), Row("right", "defined"));
            Assert.NotEqual(free, await FreeAsync(machine));
            await AskAsync(machine, "vm create left", "cannot create left: it is created");
            await AskAsync(machine, "vm start left");
            await AskAsync(machine, "vm start right");
            await EchoAsync(machine, "left", $"left is here {i}");
            await EchoAsync(machine, "right", $"right is here {i}");
            await AskAsync(machine, "vm pause right", "sharpvisor: right: paused");
            await AskAsync(machine, "vm destroy left", "sharpvisor: left: destroyed");
            await AskAsync(machine, "vm destroy right", "sharpvisor: right: destroyed");
            Assert.Equal(free, await FreeAsync(machine));
        }

        await machine.TypeAsync("poweroff\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    /// <summary>The line of mem that says what is free.</summary>
    private async Task<string> FreeAsync(EmulatedMachine machine)
    {
        int from = _place;
        await AskAsync(machine, "mem", "\nfree", "\nall");
        string output = machine.Output[from.._place];
        int line = output.IndexOf("\nfree", StringComparison.Ordinal) + 1;
        return output[line..output.IndexOf('\n', line)];
    }

    private static string Row(string name, string state) => name.PadRight(StateColumn) + state;

    /// <summary>Types a command; its answer has these texts, in this order, and the prompt comes back.</summary>
    private async Task AskAsync(EmulatedMachine machine, string command, params string[] answers)
    {
        await machine.TypeAsync(command + "\r");
        await ExpectAsync(machine, command);
        foreach (string answer in answers)
        {
            await ExpectAsync(machine, answer);
        }

        await ExpectAsync(machine, Prompt);
    }

    /// <summary>A guest, which echoes what it gets, runs.</summary>
    private async Task EchoAsync(EmulatedMachine machine, string name, string text)
    {
        await AttachAsync(machine, name);
        await machine.TypeAsync(text);
        await ExpectAsync(machine, text);
        await machine.TypeAsync(ToPrompt);
        await ExpectAsync(machine, Prompt);
    }

    private async Task AttachAsync(EmulatedMachine machine, string name, string? text = null)
    {
        await machine.TypeAsync($"attach {name}\r");
        await ExpectAsync(machine, $"[attached to {name}");
        if (text is not null)
        {
            await ExpectAsync(machine, text);
        }
    }

    private async Task ExpectAsync(EmulatedMachine machine, string text) =>
        _place = await TestMachine.ExpectAsync(machine, text, Patience.SmallGuest, _place);

    private async Task<byte[]> MakeAsync(string more = "")
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
                cap = "50%"
                {more}
                """);
        }

        string source = Path.Combine(_folder, "vms.toml");
        string bundle = Path.Combine(_folder, "vms.itb");
        await File.WriteAllTextAsync(source, definitions.ToString());
        Assert.Equal(0, await BundleCommand.ExecuteAsync(Settings.Parse([$"VMS={source}", $"OUT={bundle}"], _ => null)));
        return await File.ReadAllBytesAsync(bundle);
    }
}
