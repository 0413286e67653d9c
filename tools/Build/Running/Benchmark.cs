using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Build.Fetching;

namespace SharpVisor.Build.Running;

/// <summary>
/// The measurements on one machine, under the hypervisor and without it. Each run's counter counts instructions and
/// starts with the machine; a guest prints lines <c>BENCH name n</c>.
/// </summary>
internal sealed class Benchmark
{
    /// <summary>Operations that a run with one CPU measures, in the order of the table.</summary>
    private static readonly string[] s_operations = ["hypercall", "mmio-read-device", "mmio-read-gicd", "eoi", "timer"];

    private const string Message = "ipi";
    private const string VmSwitch = "vm-switch";

    /// <summary>The way of a message between two VCpus that share a CPU.</summary>
    private static readonly string[] s_ways = ["ipi-to-handler", "ipi-to-handler-wfi"];

    private const string LinuxBoot = "linux-boot";
    private const string Start = "reset-to-guest";
    private const string Prefix = "BENCH ";
    private const string LastLine = "BENCH end\n";
    private const long LinuxMemory = 512L << 20;

    // No randomness, and a kernel that ends where it fails.
    private const string LinuxCommandLine = "console=ttyAMA0 quiet nokaslr panic=-1";

    private readonly MachineSettings _machine;
    private readonly MachineSettings _bare;
    private readonly int _guestGic;
    private readonly int _gic;
    private readonly string _cpu;
    private readonly string _logFolder;

    /// <summary>Prepares the measurements.</summary>
    /// <param name="machine">The machine; its number of CPUs is chosen here.</param>
    /// <param name="cpu">Its CPU as the figures shall name it.</param>
    /// <param name="guestGic">The guest's interrupt controller, 2 or 3.</param>
    internal Benchmark(MachineSettings machine, string cpu, int guestGic)
    {
        _machine = machine with { CountsInstructions = true, Cpus = 1 };
        _bare = _machine with { HasEl2 = false, GicVersion = guestGic };
        _guestGic = guestGic;
        _gic = guestGic == machine.GicVersion ? guestGic : 0;
        _cpu = cpu;
        _logFolder = Path.Combine(Repository.Output, "bench");
        Directory.CreateDirectory(_logFolder);
    }

    /// <summary>Costs of operations with one CPU, and the way from reset to the guest.</summary>
    /// <exception cref="BuildException">A run failed.</exception>
    internal async Task<IReadOnlyList<Measurement>> MeasureOperationsAsync()
    {
        (Dictionary<string, long> under, Dictionary<string, long> native) = await RunBenchGuestAsync(1);
        return [.. s_operations.Append(Start).Select(name => Compare(name, under, native))];
    }

    /// <summary>Cost of a message from one CPU to another.</summary>
    /// <exception cref="BuildException">A run failed.</exception>
    internal async Task<IReadOnlyList<Measurement>> MeasureMessageAsync()
    {
        (Dictionary<string, long> under, Dictionary<string, long> native) = await RunBenchGuestAsync(2);
        return [Compare(Message, under, native)];
    }

    /// <summary>
    /// Costs where VCpus share a CPU: a switch between two of different VMs, and a message between two of one VM, to its
    /// handler. A bare machine has no such thing.
    /// </summary>
    /// <exception cref="BuildException">A run failed.</exception>
    internal async Task<IReadOnlyList<Measurement>> MeasureSharedCpuAsync()
    {
        byte[] bench = File.ReadAllBytes(Repository.GuestImage("bench"));
        byte[] handover = File.ReadAllBytes(Repository.GuestImage("handover"));
        string pair = Write("pair", BundleBuilder.Create(GuestChoice.VmName, Guest(2), bench, null));
        string two = Write("two", BundleBuilder.Create(
            (GuestChoice.VmName, Guest(1) with { CommandLine = "measure" }, handover), ("partner", Guest(1), handover)));
        Task<Dictionary<string, long>> messages = RunAsync("pair", Hypervisor(_machine, pair), LastLine);
        Task<Dictionary<string, long>> switches = RunAsync("two", Hypervisor(_machine, two), LastLine);
        await Task.WhenAll(messages, switches);
        return
        [
            Take(VmSwitch, switches.Result),
            .. s_ways.Select(name => Take(name, messages.Result)),
        ];
    }

    /// <summary>
    /// From Linux's first instruction to its /init. That instruction's time under the hypervisor is the one of a bench
    /// guest that was made as large as Linux, so that the same was copied before it.
    /// </summary>
    /// <param name="kernel">Linux, an arm64 Image.</param>
    /// <param name="init">The program of tests/Bench/boot.S.</param>
    /// <exception cref="BuildException">A run failed.</exception>
    internal async Task<IReadOnlyList<Measurement>> MeasureLinuxAsync(string kernel, string init)
    {
        byte[] image = File.ReadAllBytes(kernel);
        byte[] ramdisk = Initramfs.CreateWithInit(File.ReadAllBytes(init));
        string ramdiskFile = Path.Combine(_logFolder, "boot.cpio.gz");
        File.WriteAllBytes(ramdiskFile, ramdisk);
        byte[] sizedGuest = File.ReadAllBytes(Repository.GuestImage("bench"));
        Array.Resize(ref sizedGuest, image.Length);

        GuestSettings guest = Guest(1) with { Memory = LinuxMemory, CommandLine = LinuxCommandLine };
        string bundle = Write("linux", BundleBuilder.Create(GuestChoice.VmName, guest, image, ramdisk));
        string sizedBundle = Write("sized", BundleBuilder.Create(GuestChoice.VmName, guest, sizedGuest, ramdisk));
        MachineSettings bare = _bare with { Memory = LinuxMemory };

        Task<Dictionary<string, long>> under = RunAsync("linux", Hypervisor(_machine, bundle), $"{Prefix}{LinuxBoot} ");
        Task<Dictionary<string, long>> native = RunAsync("linux-native", QemuCommand.Create(bare, kernel, ramdiskFile, LinuxCommandLine), $"{Prefix}{LinuxBoot} ");
        await Task.WhenAll(under, native);
        Dictionary<string, long> start = await RunAsync("sized", Hypervisor(_machine, sizedBundle), $"{Prefix}{Start} ");
        return
        [
            new Measurement(
                LinuxBoot,
                _cpu,
                _gic,
                _machine.Board,
                under.Result[LinuxBoot] - start[Start],
                native.Result[LinuxBoot]),
        ];
    }

    private async Task<(Dictionary<string, long> Under, Dictionary<string, long> Native)> RunBenchGuestAsync(int cpus)
    {
        string image = Repository.GuestImage("bench");
        string run = string.Create(CultureInfo.InvariantCulture, $"guest-{cpus}");
        MachineSettings machine = _machine with { Cpus = cpus };
        string bundle = Write(run, BundleBuilder.Create(GuestChoice.VmName, Guest(cpus), File.ReadAllBytes(image), null));
        Task<Dictionary<string, long>> under = RunAsync(run, Hypervisor(machine, bundle), LastLine);
        Task<Dictionary<string, long>> native = RunAsync(run + "-native", QemuCommand.Create(_bare with { Cpus = cpus }, image, null), LastLine);
        await Task.WhenAll(under, native);
        return (under.Result, native.Result);
    }

    private GuestSettings Guest(int vcpus) => new()
    {
        Kernel = Repository.GuestImage("bench"),
        VCpus = vcpus,
        Memory = 64L << 20,
        GicVersion = _guestGic,
    };

    private static List<string> Hypervisor(MachineSettings machine, string bundle) =>
        QemuCommand.Create(machine, Repository.Image, bundle);

    /// <summary>Runs a machine until it printed what is waited for, and takes its BENCH lines.</summary>
    private async Task<Dictionary<string, long>> RunAsync(string run, List<string> command, string awaited)
    {
        command.InsertRange(1, QemuCommand.PlainConsole);
        command.Add("-no-reboot");
        string log = Path.Combine(_logFolder, $"{_cpu.Replace(',', '-')}-gic{_gic}-{run}.log");
        await using EmulatedMachine emulated = EmulatedMachine.Start(command, log);
        int place = await emulated.WaitForAsync(awaited, 0, Patience.CountedRun);
        if (place < 0 || await emulated.WaitForAsync("\n", place - 1, Patience.CountedRun) < 0)
        {
            throw new BuildException($"no line '{awaited.Trim()}' from {ShellWords.Join(command)}; its console is in {Repository.Shorten(log)}");
        }

        Dictionary<string, long> figures = [];
        foreach (string line in emulated.Output.Split('\n'))
        {
            string[] words = line.Split(' ');
            if (line.StartsWith(Prefix, StringComparison.Ordinal) && words.Length == 3
                && long.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out long figure))
            {
                figures[words[1]] = figure;
            }
        }

        return figures;
    }

    private Measurement Compare(string name, Dictionary<string, long> under, Dictionary<string, long> native) =>
        under.TryGetValue(name, out long instructions) && native.TryGetValue(name, out long reference)
            ? new Measurement(name, _cpu, _gic, _machine.Board, instructions, reference)
            : throw new BuildException($"the bench guest printed no figure for {name}; its console is in {Repository.Shorten(_logFolder)}");

    private Measurement Take(string name, Dictionary<string, long> under) =>
        under.TryGetValue(name, out long instructions)
            ? new Measurement(name, _cpu, _gic, _machine.Board, instructions, 0)
            : throw new BuildException($"the bench guest printed no figure for {name}; its console is in {Repository.Shorten(_logFolder)}");

    private string Write(string run, byte[] bundle)
    {
        string path = Path.Combine(_logFolder, run + ".itb");
        File.WriteAllBytes(path, bundle);
        return path;
    }
}
