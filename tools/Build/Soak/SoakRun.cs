extern alias control;

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using control::SharpVisor.Control.Broker;
using SharpVisor.Build.Running;
using SharpVisor.Bundles;
using SharpVisor.Bundles.Definitions;

namespace SharpVisor.Build.Soak;

/// <summary>
/// Makes and destroys many small machines by random commands at the hypervisor's prompt, several of them at a time, while
/// others run, end and crash; every answer is checked. Clients of the control channel, good and bad ones, come meanwhile
/// (<see cref="ChannelSoak"/>). At the end there must be as much free memory as at the beginning.
/// </summary>
/// <param name="seed">Chooses the commands: the same seed, the same commands.</param>
/// <param name="length">How many machines to make and destroy.</param>
/// <param name="say">Takes lines about the progress.</param>
internal sealed class SoakRun(int seed, int length, Action<string> say)
{
    private const int StableMachines = 6;
    private const int CommandsBetweenLooks = 40;
    private const int TailCommands = 12;
    private const int MostAtOnce = 5;

    // One at a time, which no line of the log can tear, and which is in none of them.
    private const string EchoCharacters = "#%&~^|";
    private const string Neighbour = "neighbour";
    private const string Running = "running";
    private const string Defined = "defined";

    // Once for each time that it is to be as likely.
    private static readonly string[] s_commands =
        ["create", "start", "start", "start", "pause", "resume", "resume", "reset", "stop", "destroy", "destroy", "echo", "echo"];

    private static readonly string[] s_changes = [.. s_commands.Where(command => command != "echo")];
    private static readonly string[] s_columns = ["NAME", "STATE"];

    private readonly Random _random = new(seed);
    private readonly List<SoakMachine> _machines = [];
    private readonly List<string> _history = [];
    private int _commands;
    private int _destroyed;
    private int _echoes;

    /// <summary>Runs it.</summary>
    /// <param name="settings">The emulated machine.</param>
    /// <param name="logFile">Where its console goes.</param>
    /// <returns>What was done, in one line.</returns>
    /// <exception cref="BuildException">Something was not as it should be.</exception>
    internal async Task<string> ExecuteAsync(MachineSettings settings, string logFile)
    {
        Stopwatch watch = Stopwatch.StartNew();
        string folder = Path.GetDirectoryName(logFile)!;
        Directory.CreateDirectory(folder);
        string bundle = Path.ChangeExtension(logFile, ".itb");
        await File.WriteAllBytesAsync(bundle, MakeBundle(folder));
        List<string> command = QemuCommand.Create(settings, Repository.Image, bundle);
        command.InsertRange(1, QemuCommand.PlainConsole);
        string socket = Path.Combine(Path.GetTempPath(), $"sharpvisor-{Guid.NewGuid():N}"[..24] + ".sock"); // short, as it must be
        await using MachineChannel? channel = settings.Board == Boards.Virt ? MachineChannel.Open(socket) : null;
        command.AddRange(channel?.QemuArguments ?? []);
        await using EmulatedMachine machine = EmulatedMachine.Start(command, logFile, bundle);
        HypervisorPrompt prompt = new(machine, Patience.SmallGuest);
        try
        {
            await prompt.ExpectPromptAsync();
            string before = await prompt.ReadFreeMemoryAsync();
            await prompt.AskAsync($"vm start {Neighbour}");
            ChannelSoak? clients = channel is null ? null : new ChannelSoak(channel, seed);
            clients?.Start([.. _machines.Select(vm => vm.Name)]);
            await LiveAsync(machine, prompt, watch);
            string served = clients is null ? "" : "; " + await clients.EndAsync();
            await DestroyAllAsync(prompt);
            await prompt.EchoAsync(Neighbour, "and the neighbour has seen them all");
            await prompt.AskAsync($"vm destroy {Neighbour}");
            await ExpectMemoryAsync(prompt, before);

            return string.Create(
                CultureInfo.InvariantCulture,
                $"{_destroyed} virtual machines made and destroyed, {_commands} commands, {_echoes} echoes, {watch.Elapsed.TotalSeconds:0} s; memory as at the beginning: {Shorten(before)}{served}");
        }
        catch (BuildException exception)
        {
            throw new BuildException($"{exception.Message}\nafter {_destroyed} machines; the last commands: {string.Join(", ", _history.TakeLast(TailCommands))}");
        }
    }

    /// <summary>The last ones may still be being taken apart: each CPU must have looked up before their pages are free.</summary>
    private static async Task ExpectMemoryAsync(HypervisorPrompt prompt, string before)
    {
        Stopwatch watch = Stopwatch.StartNew();
        for (string after = await prompt.ReadFreeMemoryAsync(); after != before; after = await prompt.ReadFreeMemoryAsync())
        {
            if (watch.Elapsed > Patience.LinuxCommand)
            {
                throw new BuildException($"the memory at the end is not that of the beginning: '{before}' has become '{after}'");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    private static string Shorten(string lines) => string.Join(' ', lines.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

    private static bool WasRefused(string answer, string command, string name) =>
        answer.Contains($"cannot {command} {name}:", StringComparison.Ordinal);

    private async Task LiveAsync(EmulatedMachine machine, HypervisorPrompt prompt, Stopwatch watch)
    {
        int reported = 0;
        while (_destroyed < length)
        {
            SoakMachine vm = _machines[_random.Next(_machines.Count)];
            string command = s_commands[_random.Next(s_commands.Length)];
            if (command == "echo")
            {
                await EchoAsync(machine, prompt, vm);
            }
            else if (_random.Next(4) == 0)
            {
                await CommandAsync(prompt, vm, [.. Enumerable.Range(0, MostAtOnce).Select(_ => s_changes[_random.Next(s_changes.Length)])]);
            }
            else
            {
                await CommandAsync(prompt, vm, command);
            }

            if (_commands % CommandsBetweenLooks == 0)
            {
                await LookAsync(prompt);
            }

            if (_destroyed >= reported + 100)
            {
                reported = _destroyed - (_destroyed % 100);
                say(string.Create(CultureInfo.InvariantCulture, $"{reported} of {length} machines, {_commands} commands, {watch.Elapsed.TotalSeconds:0} s"));
            }
        }
    }

    private Task CommandAsync(HypervisorPrompt prompt, SoakMachine vm, params string[] commands) => CommandAsync(prompt, vm, (IReadOnlyList<string>)commands);

    /// <summary>Commands for one machine that are typed at once, so that each comes while those before are under way.</summary>
    private async Task CommandAsync(HypervisorPrompt prompt, SoakMachine vm, IReadOnlyList<string> commands)
    {
        _history.Add($"{string.Join('+', commands)} {vm.Name} ({vm.State})");
        IReadOnlyList<string> answers = await prompt.AskAtOnceAsync([.. commands.Select(command => $"vm {command} {vm.Name}")]);
        foreach ((string command, string answer) in commands.Zip(answers))
        {
            _commands++;
            string? next = vm.After(command);
            bool wasRefused = WasRefused(answer, command, vm.Name);
            if (!vm.ChangesByItself && wasRefused != next is null)
            {
                throw new BuildException($"vm {command} of {vm.Name}, which is {vm.State}, {(wasRefused ? "was refused" : "was not refused")}: {answer}");
            }

            if (!wasRefused)
            {
                vm.State = command == "destroy" ? Defined : next ?? vm.State;
                _destroyed += command == "destroy" ? 1 : 0;
            }
        }
    }

    /// <summary>Checks that a guest which runs does its work.</summary>
    private async Task EchoAsync(EmulatedMachine machine, HypervisorPrompt prompt, SoakMachine vm)
    {
        if (!vm.Echoes || vm.State != Running)
        {
            return;
        }

        _history.Add($"echo {vm.Name}");
        string text = EchoCharacters[_echoes++ % EchoCharacters.Length].ToString();
        while (!await prompt.TryAttachAsync(vm.Name))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20)); // the one before is still being taken apart
        }

        if (_random.Next(4) == 0)
        {
            await machine.TypeAsync("q"); // it ends itself, perhaps before it is told the next thing
            await prompt.ExpectAsync($"sharpvisor: {vm.Name}: powered off");
            await prompt.ExpectPromptAsync();
            vm.State = "stopped";
            return;
        }

        await machine.TypeAsync(text);
        await prompt.ExpectAsync(text);
        await prompt.LeaveAsync();
    }

    /// <summary>Compares the states with what they should be.</summary>
    private async Task LookAsync(HypervisorPrompt prompt)
    {
        string answer = await prompt.AskAsync("vm list", s_columns);
        foreach (SoakMachine vm in _machines)
        {
            string? line = answer.Split('\n').FirstOrDefault(line => line.StartsWith(vm.Name + " ", StringComparison.Ordinal));
            string state = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1] ?? throw new BuildException($"vm list does not name {vm.Name}: {answer}");

            // One that was destroyed, started and stopped again in one go never ran.
            bool neverRan = vm.State == "stopped" && state == "created";
            if (!vm.ChangesByItself && state != vm.State && !neverRan)
            {
                throw new BuildException($"{vm.Name} is {state}, and should be {vm.State}");
            }

            vm.State = state;
        }
    }

    private async Task DestroyAllAsync(HypervisorPrompt prompt)
    {
        await LookAsync(prompt);
        foreach (SoakMachine vm in _machines.Where(vm => vm.State != Defined))
        {
            await CommandAsync(prompt, vm, "destroy");
        }
    }

    /// <summary>Machines that do what they are told, and such as end, crash and crash again by themselves.</summary>
    private byte[] MakeBundle(string folder)
    {
        StringBuilder definitions = new();
        for (int i = 0; i < StableMachines; i++)
        {
            string share = i % 3 == 0 ? "cap = \"50%\"" : i % 3 == 1 ? "gic = 2" : "weight = 300";
            Define(definitions, $"still{i}", "hello", "", $"{share}\nmemory-guarantee = \"{i % 2}M\"\nshare-pages = {(i < StableMachines / 2 ? "true" : "false")}");
            _machines.Add(new SoakMachine($"still{i}", changesByItself: false, echoes: true));
        }

        // With the last machine that runs the hypervisor would end: one that stays.
        Define(definitions, Neighbour, "hello", "", "weight = 100");
        Define(definitions, "busy0", "share", "", "weight = 50");
        Define(definitions, "busy1", "share", "", "cap = \"30%\"");
        Define(definitions, "again", "faults", "vectors", "on-crash = \"restart\"");
        Define(definitions, "kept", "faults", "stack", "on-crash = \"keep\"");
        Define(definitions, "smp", "faults", "secondary", "vcpus = 2");
        _machines.AddRange(new[] { "busy0", "busy1", "again", "kept", "smp" }.Select(name => new SoakMachine(name, changesByItself: true, echoes: false)));

        string file = Path.Combine(folder, $"soak-{Environment.ProcessId}-{seed}.toml");
        File.WriteAllText(file, definitions.ToString());
        try
        {
            IReadOnlyList<VmSpecification> vms = DefinitionReader.Read(file, out IReadOnlyList<DefinitionError> errors);
            return errors.Count == 0 ? BundleWriter.Write(vms, hashed: true) : throw new BuildException(string.Join(Environment.NewLine, errors));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Define(StringBuilder definitions, string name, string guest, string commandLine, string more) =>
        definitions.AppendLine(CultureInfo.InvariantCulture, $"""
            [[vm]]
            name = "{name}"
            kernel = '{Repository.GuestImage(guest)}'
            cmdline = "{commandLine}"
            memory = "2M"
            autostart = false
            {more}
            """);
}
