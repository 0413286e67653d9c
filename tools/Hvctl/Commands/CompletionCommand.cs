using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Completions;
using System.Linq;
using System.Threading.Tasks;

namespace SharpVisor.Hvctl.Commands;

/// <summary>
/// The verb <c>completion</c>, which prints a script for a shell, and the hidden one that the scripts ask: it answers what
/// could stand at a place of a command line, names of VMs as the machine knows them now.
/// </summary>
internal static class CompletionCommand
{
    /// <summary>The verb that the scripts call.</summary>
    internal const string Asked = "complete-line";

    internal static Command Create(Host host)
    {
        Argument<string> shell = new("SHELL") { Description = string.Join(", ", CompletionScripts.Shells), HelpName = "SHELL" };
        OneOf.Require(shell, CompletionScripts.Shells);
        Command command = Verb.Create(host, "completion", "A script that makes a shell complete hvctl's words", invocation =>
        {
            invocation.Host.Output.Write(CompletionScripts.For(invocation.Words.GetValue(shell)!));
            return Task.FromResult(ExitCode.Ok);
        });
        command.Arguments.Add(shell);
        return command;
    }

    internal static Command Answer(Host host, RootCommand root)
    {
        Argument<int> cursor = new("CURSOR");
        Argument<string> line = new("LINE");
        Command command = Verb.Create(host, Asked, "What could stand at a place of a command line", invocation =>
        {
            foreach (CompletionItem item in Complete(root, invocation.Words.GetValue(line)!, invocation.Words.GetValue(cursor)))
            {
                invocation.Host.Output.WriteLine(string.IsNullOrEmpty(item.Detail) ? item.Label : $"{item.Label}\t{item.Detail}");
            }

            return Task.FromResult(ExitCode.Ok);
        });
        command.Hidden = true;
        command.Arguments.Add(cursor);
        command.Arguments.Add(line);
        return command;
    }

    /// <summary>What could stand there; options only where one was begun.</summary>
    private static IEnumerable<CompletionItem> Complete(RootCommand root, string line, int cursor)
    {
        // The first word is how hvctl was called; the parser knows its own name only.
        int rest = line.IndexOf(' ', StringComparison.Ordinal);
        if (rest < 0 || cursor <= rest)
        {
            return [];
        }

        string words = line[(rest + 1)..];
        int place = Math.Clamp(cursor - rest - 1, 0, words.Length);
        string word = words[..place].Split(' ')[^1];
        bool isOption = word.StartsWith('-');
        return root.Parse(words).GetCompletions(place)
            .Where(item => item.Label.StartsWith('-') == isOption && item.Label is not ("/?" or "/h" or "-?"))
            .Where(item => item.Label.StartsWith(word, StringComparison.Ordinal))
            .DistinctBy(item => item.Label);
    }
}
