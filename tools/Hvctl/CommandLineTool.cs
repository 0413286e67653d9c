using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Bundles.Definitions;
using SharpVisor.Hvctl.Commands;

namespace SharpVisor.Hvctl;

/// <summary>The command line: its verbs, and what is said where it makes no sense.</summary>
internal static class CommandLineTool
{
    /// <summary>Executes a command line; answers the exit code.</summary>
    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments, Host host, CancellationToken cancellation = default)
    {
        RootCommand root = Create(host);
        ParseResult words = root.Parse(arguments);
        if (words.Errors.Count != 0 && words.Action is not HelpAction)
        {
            Invocation.Report(host, arguments.Contains(GlobalOptions.Json.Name), Misunderstood(words));
            return ExitCode.WrongUsage;
        }

        InvocationConfiguration configuration = new() { Output = host.Output, Error = host.Error, EnableDefaultExceptionHandler = false };
        return await words.InvokeAsync(configuration, cancellation);
    }

    /// <summary>All verbs, in the order in which the help page shows them.</summary>
    internal static RootCommand Create(Host host)
    {
        RootCommand root = new("Runs the virtual machines of a SharpVisor machine, over its control channel.");
        root.Options.Add(GlobalOptions.Json);
        root.Options.Add(GlobalOptions.Socket);
        root.Options.Add(GlobalOptions.Timeout);
        foreach (Command command in (Command[])
        [
            ListCommands.List(host),
            ListCommands.Info(host),
            CreateCommand.Create(host),
            LifeCycle.Create(host, LifeCycleAction.Start),
            LifeCycle.Create(host, LifeCycleAction.Pause),
            LifeCycle.Create(host, LifeCycleAction.Resume),
            LifeCycle.Create(host, LifeCycleAction.Reset),
            LifeCycle.Create(host, LifeCycleAction.Shutdown),
            LifeCycle.Create(host, LifeCycleAction.Stop),
            LifeCycle.Create(host, LifeCycleAction.Destroy),
            AttachCommand.Create(host),
            MachineCommands.Balloon(host),
            TopCommand.Create(host),
            ReportCommands.Machine(host),
            ReportCommands.Cpu(host),
            ReportCommands.Memory(host),
            ReportCommands.Interrupts(host),
            RegistersCommand.Create(host),
            DebuggerCommand.Create(host),
            TraceCommand.Create(host),
            ProfileCommand.Create(host),
            LogCommand.Create(host),
            MachineCommands.Bench(host),
            MachineCommands.PowerOff(host),
            ServeCommand.Create(host),
            CompletionCommand.Create(host),
            MachineCommands.Version(host),
        ])
        {
            root.Subcommands.Add(command);
        }

        root.Subcommands.Add(CompletionCommand.Answer(host, root));
        if (root.Options.OfType<HelpOption>().FirstOrDefault()?.Action is HelpAction help)
        {
            help.MaxWidth = Host.UsualWidth;
        }

        return root;
    }

    /// <summary>What is wrong with a command line, and what would be right.</summary>
    private static Failure Misunderstood(ParseResult words)
    {
        Command command = words.CommandResult.Command;
        bool isRoot = command is RootCommand;
        string page = isRoot ? "'hvctl --help' shows the verbs" : $"'hvctl {Path(words.CommandResult)} --help' shows how";
        string? wrong = words.UnmatchedTokens.FirstOrDefault();
        if (wrong is null)
        {
            bool isVerbMissing = isRoot && words.Errors[0].SymbolResult is null or CommandResult;
            string message = isVerbMissing ? "a verb is missing" : Plain(words.Errors[0].Message);
            return new Failure(ExitCode.WrongUsage, "usage", $"{message}; {page}");
        }

        IEnumerable<string> known = wrong.StartsWith('-')
            ? Options(words.CommandResult).Select(option => option.Name)
            : command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name);
        string? meant = Suggestion.Find(wrong, known);
        string help = meant is null ? $"; {page}" : $": did you mean '{meant}'?";
        string what = wrong.StartsWith('-') ? "option" : isRoot ? "verb" : "argument";
        return new Failure(ExitCode.WrongUsage, "usage", $"there is no {what} '{wrong}'{(isRoot ? "" : $" of '{command.Name}'")}{help}") { Suggestion = meant };
    }

    /// <summary>A verb with those above it: log level.</summary>
    private static string Path(CommandResult result) =>
        result.Parent is CommandResult { Command: not RootCommand } above ? $"{Path(above)} {result.Command.Name}" : result.Command.Name;

    private static IEnumerable<Option> Options(CommandResult result)
    {
        foreach (Option option in result.Command.Options)
        {
            yield return option;
        }

        for (SymbolResult? parent = result.Parent; parent is CommandResult above; parent = above.Parent)
        {
            foreach (Option option in above.Command.Options.Where(option => option.Recursive))
            {
                yield return option;
            }
        }
    }

    private static string Plain(string message) => char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');
}
