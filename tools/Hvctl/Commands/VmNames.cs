using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Completions;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Bundles.Definitions;
using SharpVisor.Console;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl.Commands;

/// <summary>VMs as arguments: their names complete, and misspelt ones are answered with what was probably meant.</summary>
internal static class VmNames
{
    // Without it the help page would show the names that complete, and ask the machine for them.
    private const string Label = "VM";

    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(700);

    /// <summary>The argument for one VM.</summary>
    internal static Argument<string> One(Host host)
    {
        Argument<string> argument = new("VM") { Description = "Name of the virtual machine", HelpName = Label };
        argument.CompletionSources.Add(context => Complete(host, context));
        return argument;
    }

    /// <summary>The argument for several VMs; none where there is <c>--all</c>.</summary>
    internal static Argument<string[]> Several(Host host)
    {
        Argument<string[]> argument = new("VM") { Description = "Names of virtual machines", HelpName = Label, Arity = ArgumentArity.ZeroOrMore };
        argument.CompletionSources.Add(context => Complete(host, context));
        return argument;
    }

    /// <summary>Finds a VM.</summary>
    /// <exception cref="Failure">There is none of that name.</exception>
    internal static async Task<VmStatus> FindAsync(Invocation invocation, string name)
    {
        MachineClient machine = await invocation.MachineAsync();
        return await machine.FindVmAsync(name, invocation.Cancellation)
            ?? throw Unknown(name, await machine.ListVmsAsync(invocation.Cancellation));
    }

    /// <summary>Finds several VMs; each is answered once.</summary>
    /// <exception cref="Failure">One of the names is none: nothing is to be done then.</exception>
    internal static IReadOnlyList<VmStatus> Find(IReadOnlyList<VmStatus> vms, IEnumerable<string> names)
    {
        List<VmStatus> found = [];
        foreach (string name in names.Distinct())
        {
            int place = vms.ToList().FindIndex(vm => Names.Of(vm) == name);
            found.Add(place >= 0 ? vms[place] : throw Unknown(name, vms));
        }

        return found;
    }

    /// <summary>What is said where there is no such VM.</summary>
    internal static Failure Unknown(string name, IReadOnlyList<VmStatus> vms)
    {
        string[] names = vms.Select(vm => Names.Of(vm)).ToArray();
        string? meant = Suggestion.Find(name, names);
        string help = meant is not null ? $": did you mean '{meant}'?" : names.Length == 0 ? "; none is defined" : "; 'hvctl list' shows them";
        return new Failure(ExitCode.Refused, "noSuchVm", $"there is no virtual machine '{name}'{help}") { Suggestion = meant };
    }

    /// <summary>The names that the machine knows now; none where it does not answer at once.</summary>
    private static IEnumerable<CompletionItem> Complete(Host host, CompletionContext context)
    {
        try
        {
            using CancellationTokenSource patience = new(s_patience);
            return Task.Run(() => ListAsync(host, context.ParseResult.GetValue(GlobalOptions.Socket), patience.Token)).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is ControlException or OperationCanceledException or IOException)
        {
            return [];
        }
    }

    private static async Task<IReadOnlyList<CompletionItem>> ListAsync(Host host, string? socket, CancellationToken cancellation)
    {
        Stream line = await host.OpenAsync(ControlAddress.Resolve(socket), cancellation);
        await using MachineClient machine = new(await ControlClient.StartAsync(line, new ClientOptions { Name = "hvctl" }, cancellation));
        List<VmStatus> vms = await machine.ListVmsAsync(cancellation);
        return vms.Select(vm => new CompletionItem(Names.Of(vm), detail: Names.Of(vm.State))).ToList();
    }
}
