using System;
using System.Globalization;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build.Pipeline;
using SharpVisor.Build.Running;

namespace SharpVisor.Build.Soak;

/// <summary>The verb <c>soak</c>: the long test of VMs' lives; SEED= and LENGTH= say which and how long.</summary>
internal static class SoakCommand
{
    private const int SeedEnd = 1_000_000;

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
            Console.WriteLine($"soak: passed: {await run.ExecuteAsync(machine, log)}");
            return 0;
        }
        catch (BuildException exception)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"soak: failed (SEED={seed}): {exception.Message}"));
            return BuildException.Failed;
        }
    }
}
