using System;
using System.CommandLine;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Json;
using SharpVisor.Hvctl.Output;
using Command = System.CommandLine.Command;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The verbs <c>log</c> and <c>log level</c>.</summary>
internal static class LogCommand
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);
    private static readonly LogLevel[] s_levels = Enumerable.Range(0, (int)LogLevel.Count).Select(level => (LogLevel)level).ToArray();

    internal static Command Create(Host host)
    {
        Option<bool> follow = new("--follow", "-f") { Description = "Go on with what is logged from now on" };
        Option<int?> lines = new("--lines", "-n") { Description = "Only the last lines", HelpName = "NUMBER" };
        NumberRange.Require(lines, 0, int.MaxValue);
        Command command = Verb.Create(host, "log", "The hypervisor's own lines", invocation => ReadAsync(
            invocation, invocation.Words.GetValue(follow), invocation.Words.GetValue(lines)));
        command.Options.Add(follow);
        command.Options.Add(lines);
        command.Subcommands.Add(Level(host));
        return command;
    }

    private static Command Level(Host host)
    {
        string names = string.Join(", ", s_levels.Select(level => Names.Of(level)));
        Argument<string?> level = new("LEVEL") { Description = $"One of {names}", HelpName = "LEVEL", Arity = ArgumentArity.ZeroOrOne };
        OneOf.Require(level, s_levels.Select(one => Names.Of(one)).ToArray());
        Command command = Verb.Create(host, "level", "Which lines are logged; with LEVEL, choose it", invocation => LevelAsync(invocation, invocation.Words.GetValue(level)));
        command.Arguments.Add(level);
        return command;
    }

    private static async Task<int> LevelAsync(Invocation invocation, string? name)
    {
        MachineClient machine = await invocation.MachineAsync();
        if (name is not null)
        {
            await machine.SetLogLevelAsync(s_levels.First(level => Names.Of(level) == name), invocation.Cancellation);
        }

        string now = Names.Of(await machine.GetLogLevelAsync(invocation.Cancellation));
        if (invocation.IsJson)
        {
            invocation.Write(new LogLevelJson(now), HvctlJson.Page.LogLevelJson);
        }
        else
        {
            invocation.Say(now);
        }

        return ExitCode.Ok;
    }

    private static async Task<int> ReadAsync(Invocation invocation, bool isFollowing, int? lines)
    {
        MachineClient machine = await invocation.MachineAsync();
        (LogJson kept, ulong next) = await ReadKeptAsync(invocation, machine, lines);
        Write(invocation, kept, isFollowing);
        try
        {
            await FollowAsync(invocation, machine, isFollowing, next);
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (invocation.Cancellation.IsCancellationRequested)
        {
            // The way in which following ends; what was written stands for itself.
            return ExitCode.Interrupted;
        }
    }

    private static async Task FollowAsync(Invocation invocation, MachineClient machine, bool isFollowing, ulong next)
    {
        while (isFollowing)
        {
            TextPiece piece = await machine.ReadLogAsync(next, invocation.Cancellation);
            ulong lost = piece.Position > next ? piece.Position - next : 0;
            if (!piece.Bytes.IsEmpty)
            {
                Write(invocation, new LogJson(piece.Position, piece.End, lost, Answer.Text(piece.Bytes.Span)), isFollowing);
            }

            next = piece.Next;
            if (!piece.HasMore)
            {
                await Task.Delay(s_pause, invocation.Cancellation);
            }
        }
    }

    /// <summary>All that is kept, or its last lines.</summary>
    private static async Task<(LogJson Log, ulong Next)> ReadKeptAsync(Invocation invocation, MachineClient machine, int? lines)
    {
        List<byte> bytes = [];
        TextPiece piece = await machine.ReadLogAsync(0, invocation.Cancellation);
        ulong first = piece.Position;
        bytes.AddRange(piece.Bytes.Span);
        while (piece.HasMore && !piece.Bytes.IsEmpty)
        {
            piece = await machine.ReadLogAsync(piece.Next, invocation.Cancellation);
            bytes.AddRange(piece.Bytes.Span);
        }

        string text = Encoding.UTF8.GetString(bytes.ToArray());
        return (new LogJson(first, piece.End, first, lines is int last ? LastLines(text, last) : text), piece.Next);
    }

    /// <summary>The last lines of a text.</summary>
    internal static string LastLines(string text, int lines)
    {
        int start = text.EndsWith('\n') ? text.Length - 1 : text.Length;
        for (int i = 0; i < lines && start >= 0; i++)
        {
            start = start == 0 ? -1 : text.LastIndexOf('\n', start - 1);
        }

        return lines == 0 ? "" : text[(start + 1)..];
    }

    private static void Write(Invocation invocation, LogJson log, bool isLine)
    {
        if (invocation.IsJson)
        {
            invocation.Host.Output.WriteLine(isLine
                ? JsonSerializer.Serialize(log, HvctlJson.Line.LogJson)
                : JsonSerializer.Serialize(log, HvctlJson.Page.LogJson));
            return;
        }

        if (log.LostBytes != 0)
        {
            invocation.Note(string.Create(CultureInfo.InvariantCulture, $"{log.LostBytes} bytes before this are not kept any more"));
        }

        invocation.Host.Output.Write(log.Text.Replace("\r", "", StringComparison.Ordinal));
    }
}
