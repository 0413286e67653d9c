using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SharpVisor.Build.Fetching;
using SharpVisor.Build.Pipeline;
using SharpVisor.Build.Setup;

namespace SharpVisor.Build.Running;

/// <summary>
/// The verb <c>bench</c>: counts instructions on several machines (CPU=, GIC= and GUEST_GIC= narrow it to one), prints a table and
/// writes build/bench.json.
/// </summary>
internal static class BenchCommand
{
    private static readonly string[] s_cpus = ["cortex-a72", "max"];

    // Of the machine and of the guest.
    private static readonly (int Machine, int Guest)[] s_gicVersions = [(2, 2), (3, 3), (3, 2)];
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    internal static async Task<int> ExecuteAsync(Settings settings)
    {
        int built = await BuildCommand.ExecuteAsync(settings);
        if (built != 0)
        {
            return built;
        }

        if (settings.Board != Boards.Virt)
        {
            throw new BuildException("bench measures on BOARD=virt: QEMU counts instructions on no other board the same way.", BuildException.WrongUsage);
        }

        await MachineChoice.RequireEmulatorAsync(settings);
        string[] cpus = settings.IsGiven(Variables.Cpu) ? [settings.Cpu] : s_cpus;
        bool isOneGic = settings.IsGiven(Variables.Gic) || settings.IsGiven(Variables.GuestGic);
        (int Machine, int Guest)[] gicVersions = isOneGic ? [(settings.Gic, settings.GuestGic)] : s_gicVersions;
        (string? kernel, string init) = await PrepareLinuxAsync();

        List<Measurement> measurements = [];
        List<string> problems = [];
        MachineSettings machine = await MachineChoice.ResolveAsync(settings);
        foreach (string cpu in cpus)
        {
            foreach ((int gicVersion, int guestGic) in gicVersions)
            {
                Benchmark benchmark = new(machine with { Cpu = MachineChoice.CpuModel(cpu), GicVersion = gicVersion }, cpu, guestGic);
                List<(string Name, Func<Task<IReadOnlyList<Measurement>>> Measure)> runs =
                [
                    ("operations", benchmark.MeasureOperationsAsync),
                    ("messages", benchmark.MeasureMessageAsync),
                    ("a shared CPU", benchmark.MeasureSharedCpuAsync),
                ];
                if (kernel is not null)
                {
                    runs.Add(("Linux boot", () => benchmark.MeasureLinuxAsync(kernel, init)));
                }

                foreach ((string name, Func<Task<IReadOnlyList<Measurement>>> measure) in runs)
                {
                    try
                    {
                        await Progress.StepAsync("measure", $"{name}, {cpu}, {(guestGic == gicVersion ? "" : "software ")}GICv{guestGic}", async () => measurements.AddRange(await measure()));
                    }
                    catch (BuildException exception)
                    {
                        problems.Add(exception.Message);
                    }
                }
            }
        }

        string file = Path.Combine(Repository.Output, "bench.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(measurements, s_json) + "\n");
        PrintTable(measurements);
        Console.WriteLine($"{Repository.Shorten(file)}: {measurements.Count} figures");
        foreach (string problem in problems)
        {
            Console.WriteLine("bench: " + problem);
        }

        return problems.Count == 0 ? 0 : BuildException.Failed;
    }

    /// <summary>Linux and its one program; no kernel where it cannot be had: the rest is measured all the same.</summary>
    private static async Task<(string? Kernel, string Init)> PrepareLinuxAsync()
    {
        IReadOnlyList<string> tools = await Toolbox.RequireAsync([Tools.Clang, Tools.Lld]);
        string folder = Path.Combine(Repository.Output, "bench");
        string program = Path.Combine(folder, "boot");
        Directory.CreateDirectory(folder);
        await RunToolAsync(tools[0], ["--target=aarch64-linux-gnu", "-c", Repository.Combine("tests/Bench/boot.S"), "-o", program + ".o"]);
        await RunToolAsync(tools[1], ["-static", "--build-id=none", program + ".o", "-o", program]);
        try
        {
            return (await new GuestArtefacts(Console.WriteLine).CloudKernelAsync(), program);
        }
        catch (FetchException exception)
        {
            Console.WriteLine($"linux-boot is left out, for there is no Linux: {exception.Message}");
            return (null, program);
        }
    }

    private static async Task RunToolAsync(string program, string[] arguments)
    {
        ProcessResult result = await ChildProcess.CaptureAsync(program, arguments);
        if (result.ExitCode != 0)
        {
            throw new BuildException($"{result.Output.TrimEnd()}\n{program} failed with exit code {result.ExitCode}.");
        }
    }

    private static void PrintTable(List<Measurement> measurements)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        Console.WriteLine();
        Console.WriteLine(string.Create(culture, $"{"instructions",-20}{"cpu",-14}{"gic",3}{"native",15}{"SharpVisor",15}{"ratio",11}"));
        foreach (Measurement row in measurements.OrderBy(row => row.Cpu, StringComparer.Ordinal).ThenBy(row => row.Gic))
        {
            string native = row.Native == 0 ? "-" : row.Native.ToString("N0", culture);
            string ratio = row.Native == 0 ? "-" : ((double)row.Instructions / row.Native).ToString("0.000", culture);
            Console.WriteLine(string.Create(
                culture,
                $"{row.Name,-20}{row.Cpu,-14}{row.Gic,3}{native,15}{row.Instructions,15:N0}{ratio,11}"));
        }

        Console.WriteLine();
        Console.WriteLine("gic 0: a guest's GICv2 whose CPU interface is in software, as where there is no GIC.");
        Console.WriteLine("One operation with its loop; ipi: both CPUs together; reset-to-guest: a small guest,");
        Console.WriteLine("so that copying it does not count; linux-boot: first instruction to /init.");
        Console.WriteLine("On one CPU: vm-switch: from one VM's guest to another's, SIMD state included; ipi-to-handler: from");
        Console.WriteLine("before a VCpu sends to the handler of its sibling, that slept; -wfi: the sender sleeps meanwhile.");
    }
}
