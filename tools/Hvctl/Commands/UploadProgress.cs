using System;
using System.Diagnostics;
using System.Threading.Tasks;
using SharpVisor.Hvctl.Output;
using Spectre.Console;

namespace SharpVisor.Hvctl.Commands;

/// <summary>How far a bundle is sent: a bar with size, rate and what is left, on a terminal; everywhere one line at the end.</summary>
internal sealed class UploadProgress
{
    private static readonly TimeSpan s_refresh = TimeSpan.FromMilliseconds(100);

    private readonly Invocation _invocation;
    private readonly string _name;
    private readonly long _length;

    internal UploadProgress(Invocation invocation, string name, long length)
    {
        _invocation = invocation;
        _name = name;
        _length = length;
    }

    /// <summary>Shows it while the work goes on.</summary>
    /// <param name="sent">Answers how much is sent.</param>
    /// <param name="work">Sends.</param>
    internal async Task ShowAsync(Func<long> sent, Func<Task> work)
    {
        Stopwatch watch = Stopwatch.StartNew();
        if (_invocation.IsJson || !_invocation.Host.IsErrorTerminal)
        {
            await work();
        }
        else
        {
            await ShowBarAsync(sent, work);
        }

        ulong rate = (ulong)(_length / Math.Max(watch.Elapsed.TotalSeconds, 0.001));
        _invocation.Note($"{_name}: {Units.Size((ulong)_length)} sent in {watch.Elapsed.TotalSeconds:0.0} s, {Units.Size(rate)}/s");
    }

    private async Task ShowBarAsync(Func<long> sent, Func<Task> work)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_invocation.Host.Error) });
        await console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(_name), maxValue: Math.Max(_length, 1));
                Task sending = work();
                while (!sending.IsCompleted)
                {
                    task.Value = sent();
                    await Task.WhenAny(sending, Task.Delay(s_refresh));
                }

                task.Value = sent();
                await sending;
            });
    }
}
