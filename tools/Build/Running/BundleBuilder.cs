using System.IO;
using System.Linq;
using SharpVisor.Bundles;

namespace SharpVisor.Build.Running;

/// <summary>
/// Boot bundles with the one VM that the variables describe, or with a few that are measured. In memory they have no
/// hashes: they are booted a moment after they were made, and to check them would cost the machine a pass over the guest.
/// </summary>
internal static class BundleBuilder
{
    /// <summary>A bundle with one VM.</summary>
    /// <param name="name">The VM's name.</param>
    /// <param name="guest">Its definition; the files are read here.</param>
    /// <param name="hashed">Whether it is checked before it is used: on a card, which may lose a bit.</param>
    /// <exception cref="IOException">A file could not be read.</exception>
    internal static byte[] Create(string name, GuestSettings guest, bool hashed = false) =>
        Create(name, guest, File.ReadAllBytes(guest.Kernel), guest.Ramdisk is null ? null : File.ReadAllBytes(guest.Ramdisk), hashed);

    /// <summary>A bundle with one VM whose files are already in memory.</summary>
    internal static byte[] Create(string name, GuestSettings guest, byte[] kernel, byte[]? ramdisk, bool hashed = false) =>
        BundleWriter.Write([Specify(name, guest, kernel, ramdisk)], hashed);

    /// <summary>A bundle with several VMs, whose kernels are already in memory.</summary>
    internal static byte[] Create(params (string Name, GuestSettings Guest, byte[] Kernel)[] vms) =>
        BundleWriter.Write([.. vms.Select(vm => Specify(vm.Name, vm.Guest, vm.Kernel, null))], hashed: false);

    private static VmSpecification Specify(string name, GuestSettings guest, byte[] kernel, byte[]? ramdisk) => new()
    {
        Name = name,
        Kernel = new BundleImage("kernel", kernel),
        Ramdisk = ramdisk is null ? null : new BundleImage("ramdisk", ramdisk),
        CommandLine = guest.CommandLine,
        Memory = (ulong)guest.Memory,
        VCpus = (uint)guest.VCpus,
        GicVersion = (uint)guest.GicVersion,
    };
}
