using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Build.Setup;

namespace SharpVisor.Build.Fetching;

/// <summary>The Debian guest below build/guests/debian: kernels, and the initramfs made from busybox.</summary>
internal sealed class GuestArtefacts
{
    private readonly string _folder;
    private readonly string _sourceFolder;
    private readonly DebianArchive _archive;
    private readonly IReadOnlyList<PackagePin> _pins;

    /// <summary>Opens the cache.</summary>
    /// <param name="say">Takes progress lines.</param>
    internal GuestArtefacts(Action<string> say)
    {
        _folder = Path.Combine(Repository.Output, "guests", "debian");
        _sourceFolder = Repository.Combine("tools/Build/Fetching");
        _archive = new DebianArchive(Path.Combine(Repository.Output, "cache", "apt"), _folder, say);
        _pins = PackageLock.Read(Path.Combine(_sourceFolder, "debian.lock"));
    }

    /// <summary>Path of the small kernel for virtual machines, an arm64 Image.</summary>
    /// <exception cref="FetchException">It could not be had.</exception>
    internal Task<string> CloudKernelAsync() => KernelAsync("kernel-cloud");

    /// <summary>Path of the kernel with every driver, an arm64 Image.</summary>
    /// <exception cref="FetchException">It could not be had.</exception>
    internal Task<string> FullKernelAsync() => KernelAsync("kernel-full");

    /// <summary>Path of the Raspberry Pi 3's device tree, which is in the full kernel's package.</summary>
    /// <exception cref="FetchException">It could not be had.</exception>
    internal async Task<string> RaspberryPi3TreeAsync() =>
        Single(await FetchAsync("kernel-full"), "bcm2837-rpi-3-b.dtb");

    /// <summary>Paths of the device trees of the boards that boot/raspberrypi/config.txt names.</summary>
    /// <exception cref="FetchException">They could not be had.</exception>
    internal async Task<IReadOnlyList<string>> RaspberryPiTreesAsync()
    {
        string folder = await FetchAsync("kernel-full");
        string[] names = ["bcm2837-rpi-3-b.dtb", "bcm2837-rpi-3-b-plus.dtb", "bcm2837-rpi-zero-2-w.dtb", "bcm2711-rpi-4-b.dtb"];
        return [.. names.Select(name => Single(folder, name))];
    }

    /// <summary>Path of the initramfs with a busybox shell; made again when what it is made of is newer.</summary>
    /// <exception cref="FetchException">busybox, or the drivers, could not be had.</exception>
    internal async Task<string> ShellInitramfsAsync()
    {
        string busybox = Path.Combine(await FetchAsync("busybox"), "bin", "busybox");
        string rootFiles = Path.Combine(_sourceFolder, "rootfs");
        string initramfs = Path.Combine(_folder, "initramfs.cpio.gz");
        string modules = Directory.EnumerateDirectories(Path.Combine(await FetchAsync("kernel-cloud"), "lib", "modules")).Single();
        string powerKey = Path.Combine(_folder, "powerkey");
        await AssembleAsync(Path.Combine(rootFiles, "powerkey.S"), powerKey);
        byte[] content = Initramfs.Create(busybox, powerKey, modules, rootFiles);
        if (!File.Exists(initramfs) || !File.ReadAllBytes(initramfs).AsSpan().SequenceEqual(content))
        {
            // Renamed into place: another process may be reading the old one.
            string fresh = $"{initramfs}.{Environment.ProcessId}";
            File.WriteAllBytes(fresh, content);
            File.Move(fresh, initramfs, overwrite: true);
        }

        return initramfs;
    }

    /// <summary>A Linux program without libc; made again when its source is newer.</summary>
    private static async Task AssembleAsync(string source, string program)
    {
        if (File.Exists(program) && File.GetLastWriteTimeUtc(program) > File.GetLastWriteTimeUtc(source))
        {
            return;
        }

        IReadOnlyList<string> tools = await Toolbox.RequireAsync([Tools.Clang, Tools.Lld]);
        string fresh = $"{program}.{Environment.ProcessId}";
        await RunAsync(tools[0], "--target=aarch64-linux-gnu", "-c", source, "-o", fresh + ".o");
        await RunAsync(tools[1], "-static", "--build-id=none", fresh + ".o", "-o", fresh);
        File.Delete(fresh + ".o");
        File.Move(fresh, program, overwrite: true);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        ProcessResult result = await ChildProcess.CaptureAsync(program, arguments);
        if (result.ExitCode != 0)
        {
            throw new BuildException($"{result.Output.TrimEnd()}\n{program} failed with exit code {result.ExitCode}.");
        }
    }

    private async Task<string> KernelAsync(string role) => Single(Path.Combine(await FetchAsync(role), "boot"), "vmlinuz-*");

    private Task<string> FetchAsync(string role) => _archive.FetchAsync(_pins.First(pin => pin.Role == role));

    private static string Single(string folder, string pattern) =>
        Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).FirstOrDefault()
        ?? throw new FetchException($"no {pattern} below {folder}");
}
