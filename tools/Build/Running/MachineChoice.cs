using System;
using System.Threading.Tasks;
using SharpVisor.Build.Fetching;
using SharpVisor.Build.Setup;

namespace SharpVisor.Build.Running;

/// <summary>From the variables to the emulated machine.</summary>
internal static class MachineChoice
{
    /// <summary>The machine that the variables describe.</summary>
    /// <exception cref="BuildException">Its device tree cannot be had.</exception>
    internal static async Task<MachineSettings> ResolveAsync(Settings settings) => new()
    {
        Qemu = settings.Qemu,
        ExtraArguments = settings.QemuArguments,
        Board = settings.Board,
        Cpu = CpuModel(settings.Cpu),
        Cpus = settings.Smp,
        Memory = Variables.ParseSize(settings.Mem)!.Value,
        GicVersion = settings.Gic,
        DeviceTree = settings.Board == Boards.RaspberryPi3 ? await RaspberryPi3TreeAsync() : null,
    };

    /// <summary>Sees to it that QEMU is there; another emulator, named by QEMU=, is the person's business.</summary>
    /// <exception cref="BuildException">It is not there and cannot be installed.</exception>
    internal static async Task RequireEmulatorAsync(Settings settings)
    {
        if (!settings.IsGiven(Variables.Qemu))
        {
            await Toolbox.RequireAsync(Tools.Qemu);
        }
    }

    /// <summary>QEMU's model for a CPU name: <c>max</c> signs pointers by its quick algorithm unless told otherwise, which is 4 times faster to emulate.</summary>
    internal static string CpuModel(string name) => name == "max" ? "max,pauth-impdef=on" : name;

    private static async Task<string> RaspberryPi3TreeAsync()
    {
        try
        {
            return await new GuestArtefacts(Console.Error.WriteLine).RaspberryPi3TreeAsync();
        }
        catch (FetchException exception)
        {
            throw new BuildException($"No device tree for raspi3b: {exception.Message}. It is in Debian's arm64 kernel package, fetched by apt below build/.");
        }
    }
}
