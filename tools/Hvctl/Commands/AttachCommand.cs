using System;
using System.CommandLine;
using System.Globalization;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Attaching;
using SharpVisor.Hvctl.Output;
using Command = System.CommandLine.Command;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The verb <c>attach</c>.</summary>
internal static class AttachCommand
{
    private const int UsualHistory = 24;
    private const string UsualEscape = "Ctrl-]";

    internal static Command Create(Host host)
    {
        Argument<string> vm = VmNames.One(host);
        Option<string> escape = new("--escape") { Description = "The key that leaves the console", HelpName = "KEY", DefaultValueFactory = _ => UsualEscape };
        Option<int?> history = new("--history") { Description = $"Lines of earlier output to show first ({UsualHistory} on a terminal, else 0)", HelpName = "LINES" };
        Option<double> idle = new("--idle") { Description = "Where the input has ended: leave when nothing came for so long", HelpName = "SECONDS", DefaultValueFactory = _ => 1 };
        Option<string?> until = new("--until") { Description = "Leave when the machine prints this text", HelpName = "TEXT" };
        Option<double> limit = new("--limit") { Description = "How long --until waits, and a script for its input to be taken", HelpName = "SECONDS", DefaultValueFactory = _ => 60 };
        NumberRange.Require(history, 0, int.MaxValue);
        NumberRange.Require(idle, 0, 1e6);
        NumberRange.Require(limit, 0, 1e6);
        Command command = Verb.Create(host, "attach", "The console of a virtual machine", invocation => ExecuteAsync(invocation, invocation.Words.GetValue(vm)!, new AttachOptions
        {
            Escape = EscapeKey.Parse(invocation.Words.GetValue(escape)!)!.Value,
            History = invocation.Words.GetValue(history) ?? (invocation.Host.IsTerminal ? UsualHistory : 0),
            Idle = TimeSpan.FromSeconds(invocation.Words.GetValue(idle)),
            Until = invocation.Words.GetValue(until),
            Limit = TimeSpan.FromSeconds(invocation.Words.GetValue(limit)),
        }));
        command.Arguments.Add(vm);
        escape.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && EscapeKey.Parse(token.Value) is null)
            {
                result.AddError($"'{token.Value}' is no control key such as Ctrl-] or ^A.");
            }
        });
        foreach (Option option in (Option[])[escape, history, idle, until, limit])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetValue(GlobalOptions.Json))
            {
                result.AddError("attach shows a console as it is: it has no JSON.");
            }
        });
        return command;
    }

    private static async Task<int> ExecuteAsync(Invocation invocation, string name, AttachOptions options)
    {
        VmStatus vm = await VmNames.FindAsync(invocation, name);
        MachineClient machine = await invocation.MachineAsync();
        if (vm.State == VmState.Defined)
        {
            throw new Failure(ExitCode.Refused, "noConsole", $"{name} is only defined and has no console yet; 'hvctl start {name}' starts it");
        }

        Detachment reason;
        VmState state;
        using (RawTerminal terminal = invocation.Host.OpenTerminal())
        {
            string end = terminal.IsInputTerminal ? "\r\n" : "\n";
            void Note(string text) => invocation.Host.Error.Write(text + end);
            if (terminal.IsInputTerminal)
            {
                string standing = vm.State == VmState.Running ? "" : $", which is {Names.Of(vm.State)}";
                Note($"[attached to {name}{standing}; {EscapeKey.Describe(options.Escape)} leaves it]");
            }

            Attachment attachment = new(machine, vm.Id, terminal, options, Note);
            reason = await attachment.RunAsync(invocation.Cancellation);
            state = attachment.State;
            if (terminal.IsInputTerminal)
            {
                Note("");
            }
        }

        switch (reason)
        {
            case Detachment.TextMissing:
                throw new Failure(ExitCode.TimedOut, "timedOut", string.Create(CultureInfo.InvariantCulture, $"'{options.Until}' did not come within {options.Limit.TotalSeconds:0.#} s"));
            case Detachment.VmEnded when options.Until is not null:
                throw new Failure(ExitCode.Refused, "wrongState", $"'{options.Until}' did not come: {name} is {Names.Of(state)}");
            case Detachment.VmEnded:
                invocation.Note($"{name} is {Names.Of(state)}");
                return state == VmState.Crashed ? ExitCode.Refused : ExitCode.Ok;
            default:
                if (reason == Detachment.Escape)
                {
                    invocation.Note($"left {name}, which is {Names.Of(state)}");
                }

                return ExitCode.Ok;
        }
    }
}
