using System;
using System.CommandLine;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Json;
using SharpVisor.Hvctl.Output;
using Command = System.CommandLine.Command;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The verbs <c>balloon</c>, <c>bench</c>, <c>poweroff</c> and <c>version</c>.</summary>
internal static class MachineCommands
{
    internal static Command Balloon(Host host)
    {
        Argument<string> vm = VmNames.One(host);
        Argument<string> size = new("SIZE") { Description = "What it should have: 64M, 1G; a bare number counts MiB" };
        size.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Units.ParseSize(token.Value) is null)
            {
                result.AddError($"'{token.Value}' is no size such as 64M or 1G.");
            }
        });
        Command command = Verb.Create(host, "balloon", "Ask a guest to do with less memory, or let it have more", invocation => BalloonAsync(
            invocation, invocation.Words.GetValue(vm)!, Units.ParseSize(invocation.Words.GetValue(size)!)!.Value));
        command.Aliases.Add("memory");
        command.Arguments.Add(vm);
        command.Arguments.Add(size);
        return command;
    }

    internal static Command Bench(Host host) => Verb.Create(host, "bench", "Measure the hypervisor's operations on this machine", BenchAsync);

    internal static Command PowerOff(Host host) => Verb.Create(host, "poweroff", "End the machine with everything on it", PowerOffAsync);

    internal static Command Version(Host host) => Verb.Create(host, "version", "Versions of hvctl and of the machine's hypervisor", VersionAsync);

    private static async Task<int> BalloonAsync(Invocation invocation, string name, ulong bytes)
    {
        VmStatus vm = await VmNames.FindAsync(invocation, name);
        MachineClient machine = await invocation.MachineAsync();
        try
        {
            await machine.SetMemoryAsync(vm.Id, bytes, invocation.Cancellation);
        }
        catch (ControlException exception) when (exception.Error == ControlError.Refused)
        {
            throw Failure.From(exception, $"cannot set the memory of {name} to {Units.Size(bytes)}");
        }

        if (invocation.IsJson)
        {
            VmStatus now = await machine.GetVmAsync(vm.Id, invocation.Cancellation);
            invocation.Write([new ActionJson("balloon", name, vm.Id, true, Names.Of(now.State), null)], HvctlJson.Page.IReadOnlyListActionJson);
        }
        else
        {
            invocation.Say($"{name}: asked to do with {Units.Size(bytes)}; 'hvctl mem' shows how far it is");
        }

        return ExitCode.Ok;
    }

    private static async Task<int> BenchAsync(Invocation invocation)
    {
        MachineClient machine = await invocation.MachineAsync();
        string text = await machine.RunBenchAsync(invocation.Cancellation);
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r')).ToArray();
        if (invocation.IsJson)
        {
            invocation.Write(new BenchJson(lines), HvctlJson.Page.BenchJson);
            return ExitCode.Ok;
        }

        foreach (string line in lines)
        {
            invocation.Say(line);
        }

        return ExitCode.Ok;
    }

    private static async Task<int> PowerOffAsync(Invocation invocation)
    {
        MachineClient machine = await invocation.MachineAsync();
        await machine.PowerOffAsync(invocation.Cancellation);
        if (invocation.IsJson)
        {
            invocation.Write([], HvctlJson.Page.IReadOnlyListActionJson);
        }
        else
        {
            invocation.Say("the machine is off");
        }

        return ExitCode.Ok;
    }

    private static async Task<int> VersionAsync(Invocation invocation)
    {
        string own = typeof(MachineCommands).Assembly.GetName().Version?.ToString(3) ?? "unknown";
        Greeting? greeting = null;
        try
        {
            greeting = (await invocation.MachineAsync()).Greeting;
        }
        catch (ControlException exception) when (exception.Error == ControlError.NoConnection && invocation.Words.GetValue(GlobalOptions.Socket) is null)
        {
            // No machine was asked for by name; this program's version is an answer too.
        }

        if (invocation.IsJson)
        {
            HypervisorJson? hypervisor = greeting is null ? null : new HypervisorJson(
                greeting.Name, greeting.ProtocolVersion, greeting.LowestVersion, greeting.HighestVersion, greeting.Window, greeting.LargestPayload, Units.Hexadecimal(greeting.Capabilities));
            invocation.Write(new VersionJson(own, ControlFrame.HighestProtocol, hypervisor), HvctlJson.Page.VersionJson);
            return ExitCode.Ok;
        }

        invocation.Say($"hvctl {own}, protocol {ControlFrame.HighestProtocol}");
        invocation.Say(greeting is null ? "no machine runs here" : $"{greeting.Name}, protocol {greeting.ProtocolVersion} (speaks {greeting.LowestVersion} to {greeting.HighestVersion})");
        return ExitCode.Ok;
    }
}
