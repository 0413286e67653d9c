using System;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build.Cards;
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
        ExtraArguments = [.. DiskArguments(settings), .. settings.QemuArguments],
        Board = settings.Board,
        Cpu = CpuModel(settings.Cpu),
        Cpus = settings.Smp,
        Memory = Variables.ParseSize(settings.Mem)!.Value,
        GicVersion = settings.Gic,
        DeviceTree = settings.Board == Boards.RaspberryPi3 ? await RaspberryPi3TreeAsync() : null,
    };

    private static string[] DiskArguments(Settings settings) => settings.Disk.Length == 0
        ? []
        :
        [
            "-drive", $"file={settings.Disk.Replace(",", ",,", StringComparison.Ordinal)},if=none,id=disk,format=raw,discard=unmap",
            "-device", settings.DiskBus == "pci" ? "virtio-blk-pci,drive=disk" : "virtio-blk-device,drive=disk",
        ];

    /// <summary>Whether the machine starts from a card.</summary>
    internal static bool HasCard(MachineSettings machine) => machine.Board == Boards.RaspberryPi3;

    /// <summary>Where the machine finds its boot bundle: on a card, as the board it is has one; else in memory.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="bundle">The bundle, or null.</param>
    /// <param name="card">Name of the card's image below build/run, where one is made.</param>
    /// <returns>The machine, and what is to be put into its memory.</returns>
    internal static async Task<(MachineSettings Machine, string? Ramdisk)> AttachAsync(MachineSettings machine, string? bundle, string card)
    {
        if (!HasCard(machine) || bundle is null)
        {
            return (machine, bundle);
        }

        try
        {
            string path = Path.Combine(Repository.Output, "run", card + ".img");
            await CardImage.WriteAsync(path, await SdCardCommand.CollectAsync(bundle));
            return (machine with { Card = path }, null);
        }
        catch (BuildException exception)
        {
            Console.Error.WriteLine(exception.Message);
            Console.Error.WriteLine("No card: the boot bundle goes to memory.");
            return (machine, bundle);
        }
    }

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
