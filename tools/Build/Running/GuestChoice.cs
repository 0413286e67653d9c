using System;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build.Fetching;
using SharpVisor.Bundles;

namespace SharpVisor.Build.Running;

/// <summary>From the variables to the guest that boots.</summary>
internal static class GuestChoice
{
    /// <summary>Name of the one VM in the bundles made here.</summary>
    internal const string VmName = "guest";

    private const string LinuxCommandLine = "console=ttyAMA0";

    /// <summary>The guest that the variables name; null: the one inside the hypervisor's image.</summary>
    /// <exception cref="BuildException">A file cannot be read, or the Linux that was asked for cannot be had.</exception>
    internal static async Task<GuestSettings?> ResolveAsync(Settings settings)
    {
        if (settings.Guest == Variables.EmbeddedGuest)
        {
            return null;
        }

        bool isFile = settings.Guest.Length != 0 && settings.Guest != Variables.LinuxGuest;
        string kernel;
        string? ramdisk = settings.Initrd.Length == 0 ? null : settings.Initrd;
        if (isFile)
        {
            kernel = settings.Guest;
        }
        else
        {
            try
            {
                GuestArtefacts artefacts = new(Console.Error.WriteLine);
                kernel = await artefacts.CloudKernelAsync();
                ramdisk ??= await artefacts.ShellInitramfsAsync();
            }
            catch (FetchException exception)
            {
                string message = $"No Linux guest: {exception.Message}. It is fetched as Debian arm64 packages by apt, below build/.";
                if (settings.Guest == Variables.LinuxGuest || ramdisk is not null)
                {
                    throw new BuildException(message);
                }

                Console.Error.WriteLine(message);
                Console.Error.WriteLine("Booting the guest that is embedded in the image; GUEST=file boots a kernel of yours.");
                return null;
            }
        }

        RequireReadable(kernel);
        if (ramdisk is not null)
        {
            RequireReadable(ramdisk);
        }

        return new GuestSettings
        {
            Kernel = kernel,
            Ramdisk = ramdisk,
            CommandLine = settings.IsGiven(Variables.CommandLine) || isFile ? settings.CommandLine : LinuxCommandLine,
            VCpus = settings.VCpus,
            Memory = settings.MemoryBytes,
            GicVersion = settings.IsGiven(Variables.GuestGic) ? settings.GuestGic : 0,
        };
    }

    /// <summary>The boot bundle that the variables name or describe; null: the guest inside the hypervisor's image.</summary>
    /// <param name="settings">The variables.</param>
    /// <param name="name">Name of the file below build/run, where one is made.</param>
    /// <exception cref="BuildException">A file cannot be read, or BUNDLE stands beside what describes a guest.</exception>
    internal static async Task<string?> ResolveBundleAsync(Settings settings, string name, bool hashed = false)
    {
        if (!settings.IsGiven(Variables.BootBundle))
        {
            GuestSettings? guest = await ResolveAsync(settings);
            return guest is null ? null : WriteBundle(guest, name, hashed);
        }

        Variable[] described = [Variables.Guest, Variables.Initrd, Variables.CommandLine, Variables.VCpus, Variables.Memory, Variables.GuestGic];
        foreach (Variable variable in described)
        {
            if (settings.IsGiven(variable))
            {
                throw new BuildException($"{variable.Name} cannot stand beside BUNDLE, which says all about its guests.", BuildException.WrongUsage);
            }
        }

        string bundle = settings[Variables.BootBundle];
        RequireReadable(bundle);
        return bundle;
    }

    /// <summary>Writes the boot bundle below build/run; with hashes where it is for a card.</summary>
    /// <returns>Its path.</returns>
    internal static string WriteBundle(GuestSettings guest, string name, bool hashed = false)
    {
        string folder = Path.Combine(Repository.Output, "run");
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, name + ".itb");
        BundleFile.Write(path, BundleBuilder.Create(VmName, guest, hashed));
        return path;
    }

    private static void RequireReadable(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"{path} cannot be read: {exception.Message}", BuildException.WrongUsage);
        }
    }
}
