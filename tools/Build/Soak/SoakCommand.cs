using System;
using System.Globalization;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build.Pipeline;
using SharpVisor.Build.Running;
using SharpVisor.Build.Testing;

namespace SharpVisor.Build.Soak;

/// <summary>
/// The verb <c>soak</c>: the long test of VMs' lives and of the control channel, then of hostile drivers of virtio devices;
/// SEED= and LENGTH= say which and how long.
/// </summary>
internal static class SoakCommand
{
    private const int SeedEnd = 1_000_000;
    private const int DriversPerMachine = 200;
    private const long FewestDrivers = 20_000; // fewer may miss by chance what they must have met

    internal static async Task<int> ExecuteAsync(Settings settings)
    {
        int built = await BuildCommand.ExecuteAsync(settings);
        if (built != 0)
        {
            return built;
        }

        await MachineChoice.RequireEmulatorAsync(settings);
        MachineSettings machine = await MachineChoice.ResolveAsync(settings);
        int seed = settings.IsGiven(Variables.Seed) ? settings.Seed : Random.Shared.Next(SeedEnd);
        string log = Path.Combine(Repository.Output, "run", "soak.log");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"soak: SEED={seed} LENGTH={settings.Length}, console in {Repository.Shorten(log)}"));
        SoakRun run = new(seed, settings.Length, line => Console.WriteLine("soak: " + line));
        try
        {
            Console.WriteLine($"soak: {await run.ExecuteAsync(machine, log)}");
            Console.WriteLine($"soak: passed; {await FuzzAsync(seed, settings.Length)}");
            return 0;
        }
        catch (BuildException exception)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"soak: failed (SEED={seed}): {exception.Message}"));
            return BuildException.Failed;
        }
    }

    /// <summary>Runs the hostile drivers of the tests, as many as the length says.</summary>
    private static async Task<string> FuzzAsync(int seed, int length)
    {
        string cases = Math.Max((long)length * DriversPerMachine, FewestDrivers).ToString(CultureInfo.InvariantCulture);
        string first = ((long)seed * DriversPerMachine).ToString(CultureInfo.InvariantCulture);
        string program = await TestCommand.CompileAsync("tests/Unit/Unit.csproj");
        Environment.SetEnvironmentVariable("SHARPVISOR_FUZZ", cases);
        Environment.SetEnvironmentVariable("SHARPVISOR_FUZZ_SEED", first);
        ProcessResult result = await ChildProcess.CaptureAsync("dotnet", [program, "-class", "*HostileDriverTests", "-noLogo", "-noColor"]);
        return result.ExitCode == 0
            ? $"{cases} hostile drivers of each virtio device"
            : throw new BuildException($"hostile drivers (SHARPVISOR_FUZZ={cases} SHARPVISOR_FUZZ_SEED={first}):{Environment.NewLine}{result.Output}");
    }
}
