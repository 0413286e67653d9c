using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Build.Fetching;
using SharpVisor.Build.Pipeline;

namespace SharpVisor.Build.Running;

/// <summary>The verb <c>smoke</c>: boots Linux, has it run a few commands, checks what they print.</summary>
internal static class SmokeCommand
{
    private const string Commands = "uname -a; cat /proc/cpuinfo; poweroff";
    private const int TailLines = 40;

    internal static async Task<int> ExecuteAsync(Settings settings)
    {
        int built = await BuildCommand.ExecuteAsync(settings);
        if (built != 0)
        {
            return built;
        }

        await MachineChoice.RequireEmulatorAsync(settings);
        MachineSettings machine = await MachineChoice.ResolveAsync(settings);
        GuestSettings guest = await LinuxAsync(settings);
        string bundle = GuestChoice.WriteBundle(guest, $"smoke-{Environment.ProcessId}", hashed: MachineChoice.HasCard(machine));
        string name = $"smoke-card-{Environment.ProcessId}";
        (machine, string? ramdisk) = await MachineChoice.AttachAsync(machine, bundle, name);
        List<string> command = QemuCommand.Create(machine, Repository.Image, ramdisk);
        command.InsertRange(1, QemuCommand.PlainConsole);

        string log = Path.Combine(Repository.Output, "run", "smoke.log");
        Console.WriteLine(ShellWords.Join(command));
        await using EmulatedMachine emulated = EmulatedMachine.Start(command, log, machine.Card is null ? [bundle] : [bundle, machine.Card]);
        int? exitCode = await emulated.WaitForExitAsync(Patience.LinuxBoot + Patience.LinuxCommand);

        IReadOnlyList<string> problems = Check(emulated.Output, exitCode, emulated.LastLine, guest.VCpus);
        if (problems.Count == 0)
        {
            Console.WriteLine($"smoke: Linux booted on {guest.VCpus} VCpu{(guest.VCpus == 1 ? "" : "s")}, ran {Commands.Replace("; ", ", ", StringComparison.Ordinal)}, and the machine stopped: all as it should be");
            return 0;
        }

        string[] lines = emulated.Output.Split('\n');
        foreach (string line in lines.Skip(lines.Length - TailLines))
        {
            Console.WriteLine("| " + line);
        }

        foreach (string problem in problems)
        {
            Console.WriteLine("smoke: " + problem);
        }

        Console.WriteLine($"smoke: failed; the whole console is in {Repository.Shorten(log)}");
        return BuildException.Failed;
    }

    /// <summary>What is wrong with a run of the commands; empty where nothing is.</summary>
    /// <param name="output">The console.</param>
    /// <param name="exitCode">QEMU's, or null where it had to be ended.</param>
    /// <param name="lastLine">The console's last line.</param>
    /// <param name="vcpus">How many processors Linux must see.</param>
    internal static IReadOnlyList<string> Check(string output, int? exitCode, string lastLine, int vcpus)
    {
        List<string> problems = [];
        string[] lines = output.Split('\n');
        if (!lines.Any(line => line.StartsWith("Linux ", StringComparison.Ordinal) && line.Contains("aarch64", StringComparison.Ordinal)))
        {
            problems.Add("uname -a printed no line 'Linux ... aarch64 ...'");
        }

        int processors = lines.Count(line => line.StartsWith("processor\t:", StringComparison.Ordinal));
        if (processors != vcpus)
        {
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"/proc/cpuinfo lists {processors} processor(s), not {vcpus}"));
        }

        if (!output.Contains(": powered off", StringComparison.Ordinal))
        {
            problems.Add("the hypervisor did not report the power-off");
        }

        if (exitCode is null)
        {
            problems.Add("the machine did not stop in time");
        }
        else if (exitCode != 0 || !ClosingLine.TryParse(lastLine, out int closing) || closing != 0)
        {
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"the machine ended with exit code {exitCode} and the line '{lastLine}'"));
        }

        return problems;
    }

    private static async Task<GuestSettings> LinuxAsync(Settings settings)
    {
        GuestSettings guest = await GuestChoice.ResolveAsync(settings) ?? throw new BuildException("smoke needs a Linux guest.");
        string separator = guest.CommandLine.Length == 0 ? "" : " ";
        return guest with { CommandLine = $"{guest.CommandLine}{separator}sharpvisor.run=\"{Commands}\"" };
    }
}
