using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Json;
using SharpVisor.Hvctl.Tracing;
using Command = System.CommandLine.Command;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The verb <c>trace</c>: what a VM's VCpus and the CPUs do, as a file for a trace viewer.</summary>
internal static class TraceCommand
{
    private const double UsualSeconds = 5;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    internal static Command Create(Host host)
    {
        Argument<string> vm = VmNames.One(host);
        Option<double> seconds = new("--seconds") { Description = "How long to trace", HelpName = "NUMBER", DefaultValueFactory = _ => UsualSeconds };
        NumberRange.Require(seconds, 0.01, 3600);
        Option<string> output = new("--output", "-o") { Description = "The file, for ui.perfetto.dev or chrome://tracing", HelpName = "FILE", DefaultValueFactory = _ => "trace.json" };
        Command command = Verb.Create(host, "trace", "Write a VM's exits, injections and turns on CPUs to a file for a trace viewer", invocation => ExecuteAsync(
            invocation, invocation.Words.GetValue(vm)!, invocation.Words.GetValue(seconds), invocation.Words.GetValue(output)!));
        command.Arguments.Add(vm);
        command.Options.Add(seconds);
        command.Options.Add(output);
        return command;
    }

    private static async Task<int> ExecuteAsync(Invocation invocation, string name, double seconds, string path)
    {
        VmStatus vm = await VmNames.FindAsync(invocation, name);
        MachineClient machine = await invocation.MachineAsync();
        Dictionary<int, string> names = [];
        foreach (VmStatus other in await machine.ListVmsAsync(invocation.Cancellation))
        {
            names[(ushort)other.Id] = Names.Of(other);
        }

        using PartialFile part = new(path);
        TraceReader reader = await TraceReader.StartAsync(machine, events: true, samples: 0, invocation.Cancellation);
        using TraceFile file = new(part.Stream, new TraceClock(reader.Start.Frequency, reader.Start.Start), vm.Id, names, reader.Start.Cpus);
        Stopwatch watch = Stopwatch.StartNew();
        SamplingProgress progress = new(invocation, "trace", seconds);
        while (watch.Elapsed.TotalSeconds < seconds)
        {
            Add(file, await reader.ReadAsync(isLast: false, invocation.Cancellation));
            progress.Show(watch.Elapsed.TotalSeconds, string.Create(CultureInfo.InvariantCulture, $"{file.Events} events, {reader.Lost} lost"));
            await Task.Delay(s_pause, invocation.Cancellation);
        }

        await reader.StopAsync(invocation.Cancellation);
        Add(file, await reader.ReadAsync(isLast: true, invocation.Cancellation));
        progress.End();
        file.Finish(reader.Lost);
        part.Finish();
        if (invocation.IsJson)
        {
            invocation.Write(new TraceJson(path, watch.Elapsed.TotalSeconds, file.Events, reader.Lost), HvctlJson.Page.TraceJson);
        }
        else
        {
            string lost = reader.Lost == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {reader.Lost} records came faster than they could be read and are lost");
            invocation.Say(string.Create(CultureInfo.InvariantCulture, $"{path}: {file.Events} events of {watch.Elapsed.TotalSeconds:0.0} s{lost}"));
        }

        return ExitCode.Ok;
    }

    private static void Add(TraceFile file, IReadOnlyList<TraceRecord> records)
    {
        foreach (TraceRecord record in records)
        {
            file.Add(record);
        }
    }
}
