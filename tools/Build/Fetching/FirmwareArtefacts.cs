using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace SharpVisor.Build.Fetching;

/// <summary>Firmware made for QEMU's <c>virt</c> machine, below build/guests/debian as the Debian guest is.</summary>
internal sealed class FirmwareArtefacts
{
    private readonly DebianArchive _archive;
    private readonly PackagePin _uBoot;

    /// <summary>Opens the cache.</summary>
    /// <param name="say">Takes progress lines.</param>
    internal FirmwareArtefacts(Action<string> say)
    {
        _archive = new DebianArchive(
            Path.Combine(Repository.Output, "cache", "apt"), Path.Combine(Repository.Output, "guests", "debian"), say);
        _uBoot = PackageLock.Read(Repository.Combine("tools/Build/Fetching/debian.lock")).First(pin => pin.Role == "u-boot");
    }

    /// <summary>Path of U-Boot, a flat binary that may stand anywhere.</summary>
    /// <exception cref="FetchException">It could not be had.</exception>
    internal async Task<string> UBootAsync()
    {
        string path = Path.Combine(await _archive.FetchAsync(_uBoot), "usr", "lib", "u-boot", "qemu_arm64", "u-boot.bin");
        return File.Exists(path) ? path : throw new FetchException($"no {path}");
    }
}
