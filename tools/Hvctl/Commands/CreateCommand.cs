using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Json;
using Command = System.CommandLine.Command;

namespace SharpVisor.Hvctl.Commands;

/// <summary>
/// The verb <c>create</c>: of a bundle's file, sends it and creates the VMs that it defines; of a VM that is defined,
/// creates that one.
/// </summary>
internal static class CreateCommand
{
    private const string Extension = ".itb";

    internal static Command Create(Host host)
    {
        Argument<string> target = new("BUNDLE|VM") { Description = "A boot bundle (FILE.itb), or a virtual machine that is defined", HelpName = "BUNDLE|VM" };
        target.CompletionSources.Add(context => CompleteFiles(context.WordToComplete));
        foreach (Func<System.CommandLine.Completions.CompletionContext, IEnumerable<System.CommandLine.Completions.CompletionItem>> source in VmNames.One(host).CompletionSources)
        {
            target.CompletionSources.Add(source);
        }

        Option<bool> start = new("--start") { Description = "Start what was created" };
        Command command = Verb.Create(host, "create", "Create virtual machines of a bundle that is sent, or one that is defined", invocation =>
            ExecuteAsync(invocation, invocation.Words.GetValue(target)!, invocation.Words.GetValue(start)));
        command.Arguments.Add(target);
        command.Options.Add(start);
        return command;
    }

    /// <summary>Whether a word means a file: VM names have neither dots nor slashes.</summary>
    internal static bool IsFile(string target) =>
        target.EndsWith(Extension, StringComparison.Ordinal) || target.Contains('/') || target.Contains('\\') || target.Contains('.');

    private static async Task<int> ExecuteAsync(Invocation invocation, string target, bool isStart)
    {
        if (IsFile(target))
        {
            return await SendAsync(invocation, target, isStart);
        }

        MachineClient machine = await invocation.MachineAsync();
        if (await machine.FindVmAsync(target, invocation.Cancellation) is null && File.Exists(target))
        {
            return await SendAsync(invocation, target, isStart);
        }

        VmStatus vm = await VmNames.FindAsync(invocation, target);
        return LifeCycle.Report(invocation, await CreateAsync(invocation, [vm], isStart));
    }

    private static async Task<int> SendAsync(Invocation invocation, string file, bool isStart)
    {
        if (!File.Exists(file))
        {
            throw new Failure(ExitCode.WrongUsage, "noSuchFile", $"{file}: there is no such file; 'make bundle VMS=vms.toml' makes bundles");
        }

        MachineClient machine = await invocation.MachineAsync();
        HashSet<int> before = (await machine.ListVmsAsync(invocation.Cancellation)).Select(vm => vm.Id).ToHashSet();
        BundleUpload upload = new(invocation, machine, file);
        UploadResult result = await upload.SendAsync();
        IReadOnlySet<string>? names = BundleNames.Read(file);
        List<VmStatus> defined = (await machine.ListVmsAsync(invocation.Cancellation))
            .Where(vm => !before.Contains(vm.Id) && names?.Contains(Names.Of(vm)) != false).ToList();
        invocation.Say($"{file}: {result.VmsDefined} virtual machine{(result.VmsDefined == 1 ? "" : "s")} defined");
        List<ActionJson> results = await CreateAsync(invocation, defined, isStart);
        if (invocation.IsJson)
        {
            invocation.Write(new UploadJson(file, upload.Length, Math.Round(upload.Elapsed.TotalSeconds, 3), results), HvctlJson.Page.UploadJson);
        }

        return results.All(one => one.Ok) ? ExitCode.Ok : ExitCode.Refused;
    }

    private static async Task<List<ActionJson>> CreateAsync(Invocation invocation, IReadOnlyList<VmStatus> vms, bool isStart)
    {
        List<ActionJson> results = [];
        foreach (VmStatus vm in vms)
        {
            ActionJson created = await LifeCycle.ActAsync(invocation, LifeCycleAction.Create, vm);
            results.Add(created.Ok && isStart ? await LifeCycle.ActAsync(invocation, LifeCycleAction.Start, vm) : created);
        }

        return results;
    }

    private static IEnumerable<string> CompleteFiles(string word)
    {
        string folder = Path.GetDirectoryName(word) is { Length: > 0 } named ? named : ".";
        if (!Directory.Exists(folder))
        {
            return [];
        }

        IEnumerable<string> folders = Directory.EnumerateDirectories(folder).Select(name => name + Path.DirectorySeparatorChar);
        return Directory.EnumerateFiles(folder, "*" + Extension).Concat(folders).Select(name => folder == "." && !word.StartsWith('.') ? name[2..] : name);
    }
}
