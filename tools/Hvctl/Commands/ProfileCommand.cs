using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Json;
using SharpVisor.Hvctl.Profiling;
using SharpVisor.Hvctl.Tracing;
using Command = System.CommandLine.Command;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The verb <c>profile</c>: where a VM's guest spends its time, by samples.</summary>
internal static class ProfileCommand
{
    private const double UsualSeconds = 5;
    private const int UsualRate = 250;
    private const int LinesShown = 40;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    internal static Command Create(Host host)
    {
        Argument<string> vm = VmNames.One(host);
        Option<double> seconds = new("--seconds") { Description = "How long to look", HelpName = "NUMBER", DefaultValueFactory = _ => UsualSeconds };
        NumberRange.Require(seconds, 0.1, 3600);
        Option<int> rate = new("--rate") { Description = "Looks a second", HelpName = "NUMBER", DefaultValueFactory = _ => UsualRate };
        NumberRange.Require(rate, 1, MostSamples);
        Option<string?> symbols = new("--symbols") { Description = "The guest's ELF file, System.map or copy of /proc/kallsyms", HelpName = "FILE" };
        Option<string?> kallsyms = new("--kallsyms") { Description = "A copy of /proc/kallsyms that tells where KASLR has put FILE's functions", HelpName = "FILE" };
        Option<string?> offset = new("--offset") { Description = "What addresses are above those of FILE, in hexadecimal", HelpName = "HEX" };
        Option<string?> output = new("--output", "-o") { Description = "Write a flame graph", HelpName = "FILE.svg" };
        Command command = Verb.Create(host, "profile", "Show in which functions a VM's guest spends its time", invocation => ExecuteAsync(
            invocation,
            invocation.Words.GetValue(vm)!,
            invocation.Words.GetValue(seconds),
            invocation.Words.GetValue(rate),
            invocation.Words.GetValue(symbols),
            invocation.Words.GetValue(kallsyms),
            invocation.Words.GetValue(offset),
            invocation.Words.GetValue(output)));
        command.Arguments.Add(vm);
        foreach (Option option in (Option[])[seconds, rate, symbols, kallsyms, offset, output])
        {
            command.Options.Add(option);
        }

        return command;
    }

    // kernel/Console/Control/MachineControl.cs
    private const int MostSamples = 4000;

    private static async Task<int> ExecuteAsync(
        Invocation invocation, string name, double seconds, int rate, string? symbolFile, string? kallsymsFile, string? offsetText, string? output)
    {
        GuestSymbols? symbols = symbolFile is null ? null : GuestSymbols.Read(symbolFile);
        ulong offset = FindOffset(symbols, kallsymsFile, offsetText);
        VmStatus vm = await VmNames.FindAsync(invocation, name);
        MachineClient machine = await invocation.MachineAsync();
        using PartialFile? part = output is null ? null : new PartialFile(output);
        Profile profile = new(vm.Id, symbols, offset);
        TraceReader reader = await TraceReader.StartAsync(machine, events: false, rate, invocation.Cancellation);
        Stopwatch watch = Stopwatch.StartNew();
        SamplingProgress progress = new(invocation, "profile", seconds);
        while (watch.Elapsed.TotalSeconds < seconds)
        {
            Add(profile, await reader.ReadAsync(isLast: false, invocation.Cancellation));
            progress.Show(watch.Elapsed.TotalSeconds, string.Create(CultureInfo.InvariantCulture, $"{profile.Samples} samples, {reader.Lost} lost"));
            await Task.Delay(s_pause, invocation.Cancellation);
        }

        await reader.StopAsync(invocation.Cancellation);
        Add(profile, await reader.ReadAsync(isLast: true, invocation.Cancellation));
        profile.Finish();
        progress.End();
        if (part is not null)
        {
            FlameGraph.Write(part.Stream, profile.Root, string.Create(CultureInfo.InvariantCulture, $"{name}: {profile.Samples} samples in {watch.Elapsed.TotalSeconds:0.0} s"));
            part.Finish();
        }

        Report(invocation, profile, reader.Lost, name, watch.Elapsed.TotalSeconds, offset, output, symbols);
        return ExitCode.Ok;
    }

    private static void Report(
        Invocation invocation, Profile profile, ulong lost, string name, double seconds, ulong offset, string? output, GuestSymbols? symbols)
    {
        IReadOnlyList<(string Name, int Samples)> functions = profile.Functions;
        if (invocation.IsJson)
        {
            invocation.Write(
                new ProfileJson(
                    name, seconds, profile.Samples, profile.UserSamples, lost, string.Create(CultureInfo.InvariantCulture, $"0x{offset:x}"),
                    functions.Select(function => new ProfileFunctionJson(function.Name, function.Samples, Percent(function.Samples, profile.Samples))).ToList(), output),
                HvctlJson.Page.ProfileJson);
            return;
        }

        invocation.Say(string.Create(CultureInfo.InvariantCulture, $"{name}: {profile.Samples} samples in {seconds:0.0} s, {profile.UserSamples} of them in user programs"));
        foreach ((string function, int samples) in functions.Take(LinesShown))
        {
            invocation.Say(string.Create(CultureInfo.InvariantCulture, $"{Percent(samples, profile.Samples),6:0.0} %  {samples,7}  {function}"));
        }

        if (functions.Count > LinesShown)
        {
            invocation.Say(string.Create(CultureInfo.InvariantCulture, $"and {functions.Count - LinesShown} others"));
        }

        if (profile.Samples == 0)
        {
            invocation.Note("the guest did not run: it waits, or is paused");
        }
        else if (symbols is not null && functions.All(function => function.Name.StartsWith("0x", StringComparison.Ordinal) || function.Name == "[user]"))
        {
            invocation.Note("no sample fell into the symbols: another kernel's, or KASLR moved it (--offset, --kallsyms)");
        }

        if (lost != 0)
        {
            invocation.Note(string.Create(CultureInfo.InvariantCulture, $"{lost} records came faster than they could be read and are lost"));
        }

        if (output is not null)
        {
            invocation.Say($"{output}: flame graph");
        }
    }

    private static double Percent(int part, int all) => all == 0 ? 0 : Math.Round(100.0 * part / all, 1);

    private static ulong FindOffset(GuestSymbols? symbols, string? kallsymsFile, string? text)
    {
        if ((kallsymsFile ?? text) is not null && symbols is null)
        {
            throw new Failure(ExitCode.WrongUsage, "usage", "an offset needs symbols: --symbols FILE");
        }

        if (text is not null)
        {
            string digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
            return ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong offset)
                ? offset
                : throw new Failure(ExitCode.WrongUsage, "usage", $"--offset takes a hexadecimal number, not '{text}'");
        }

        if (kallsymsFile is null)
        {
            return 0;
        }

        GuestSymbols running = GuestSymbols.Read(kallsymsFile);
        foreach (string name in (string[])["_text", "_stext", "start_kernel"])
        {
            if (running.Find(name) is ulong there && symbols!.Find(name) is ulong here)
            {
                return there - here;
            }
        }

        throw new Failure(ExitCode.Refused, "symbols", $"neither _text nor start_kernel is in both files: {kallsymsFile} does not tell where the kernel is");
    }

    private static void Add(Profile profile, IReadOnlyList<TraceRecord> records)
    {
        foreach (TraceRecord record in records)
        {
            profile.Add(record);
        }
    }
}
