using System;
using System.CommandLine;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Json;
using SharpVisor.Hvctl.Output;
using SharpVisor.Hvctl.Watching;
using Spectre.Console;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The verb <c>top</c>: a live page on a terminal; one look where it is none, or was asked for.</summary>
internal static class TopCommand
{
    private const string Footer = "q ends, v shows and hides VCpus";
    private const int LinesBesideRows = 6;

    private static readonly TimeSpan s_keys = TimeSpan.FromMilliseconds(50);

    internal static Command Create(Host host)
    {
        Option<bool> once = new("--once", "-1") { Description = "One page, then end" };
        Option<bool> vcpus = new("--vcpus") { Description = "Show VCpus too" };
        Option<double> interval = new("--interval", "-i") { Description = "Seconds between two looks", HelpName = "SECONDS", DefaultValueFactory = _ => 1 };
        Option<int?> count = new("--count", "-n") { Description = "With --json: so many looks, one a line", HelpName = "NUMBER" };
        NumberRange.Require(interval, 0.05, 3600);
        NumberRange.Require(count, 1, int.MaxValue);
        Command command = Verb.Create(host, "top", "Who uses the CPUs, live", invocation => ExecuteAsync(
            invocation,
            invocation.Words.GetValue(once),
            invocation.Words.GetValue(vcpus),
            TimeSpan.FromSeconds(invocation.Words.GetValue(interval)),
            invocation.Words.GetValue(count)));
        foreach (Option option in (Option[])[once, vcpus, interval, count])
        {
            command.Options.Add(option);
        }

        return command;
    }

    private static async Task<int> ExecuteAsync(Invocation invocation, bool isOnce, bool hasVCpus, TimeSpan pause, int? count)
    {
        MachineClient machine = await invocation.MachineAsync();
        if (invocation.IsJson && count is int looks)
        {
            await WriteLinesAsync(invocation, machine, pause, looks);
            return ExitCode.Ok;
        }

        bool isLive = !isOnce && !invocation.IsJson && invocation.Host.IsTerminal && !System.Console.IsInputRedirected;
        if (isLive)
        {
            await WatchAsync(invocation, machine, hasVCpus, pause);
            return ExitCode.Ok;
        }

        Interval interval = await LookAsync(machine, await Snapshot.TakeAsync(machine, invocation.Cancellation), pause, invocation.Cancellation);
        if (invocation.IsJson)
        {
            invocation.Write(interval.ToJson(), HvctlJson.Page.TopJson);
        }
        else
        {
            Console(invocation).Write(TopView.Render(interval, hasVCpus, int.MaxValue, ""));
        }

        return ExitCode.Ok;
    }

    private static async Task WriteLinesAsync(Invocation invocation, MachineClient machine, TimeSpan pause, int looks)
    {
        Snapshot before = await Snapshot.TakeAsync(machine, invocation.Cancellation);
        for (int i = 0; i < looks; i++)
        {
            Interval interval = await LookAsync(machine, before, pause, invocation.Cancellation);
            invocation.Host.Output.WriteLine(JsonSerializer.Serialize(interval.ToJson(), HvctlJson.Line.TopJson));
            before = interval.After;
        }
    }

    private static async Task<Interval> LookAsync(MachineClient machine, Snapshot before, TimeSpan pause, CancellationToken cancellation)
    {
        await Task.Delay(pause, cancellation);
        return new Interval(before, await Snapshot.TakeAsync(machine, cancellation));
    }

    private static async Task WatchAsync(Invocation invocation, MachineClient machine, bool hasVCpus, TimeSpan pause)
    {
        IAnsiConsole console = Console(invocation);
        Snapshot first = await Snapshot.TakeAsync(machine, invocation.Cancellation);
        Interval interval = await LookAsync(machine, first, TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds, 200)), invocation.Cancellation);
        Task? live = null;
        console.AlternateScreen(() =>
        {
            live = console.Live(Page(interval, hasVCpus)).Overflow(VerticalOverflow.Crop).StartAsync(async context =>
            {
                while (true)
                {
                    context.UpdateTarget(Page(interval, hasVCpus));
                    Task<Interval> next = LookAsync(machine, interval.After, pause, invocation.Cancellation);
                    while (!next.IsCompleted)
                    {
                        await Task.WhenAny(next, Task.Delay(s_keys));
                        while (System.Console.KeyAvailable)
                        {
                            switch (char.ToLowerInvariant(System.Console.ReadKey(intercept: true).KeyChar))
                            {
                                case 'q':
                                    return;
                                case 'v':
                                    hasVCpus = !hasVCpus;
                                    context.UpdateTarget(Page(interval, hasVCpus));
                                    break;
                            }
                        }
                    }

                    interval = await next;
                }
            });
            live.Wait();
        });
    }

    private static Spectre.Console.Rendering.IRenderable Page(Interval interval, bool hasVCpus) =>
        TopView.Render(interval, hasVCpus, Math.Max(System.Console.WindowHeight - LinesBesideRows, 1), Footer);

    private static IAnsiConsole Console(Invocation invocation)
    {
        Host host = invocation.Host;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = host.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = host.HasColour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(host.Output),
        });
        if (!host.IsTerminal)
        {
            console.Profile.Width = Host.UsualWidth;
        }

        return console;
    }
}
