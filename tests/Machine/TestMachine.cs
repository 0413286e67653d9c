using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Fetching;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Starts emulated machines for tests; each test's console stays in build/test-logs.</summary>
internal static class TestMachine
{
    private static readonly Lazy<Task<GuestSettings>> s_linux = new(FindLinuxAsync);

    /// <summary>The hypervisor, with a bundle that defines one VM.</summary>
    internal static EmulatedMachine Start(MachineSettings machine, GuestSettings guest) =>
        Start(machine, BundleBuilder.Create(GuestChoice.VmName, guest));

    /// <summary>The hypervisor, with these bytes where the bundle is expected; null for none.</summary>
    internal static EmulatedMachine Start(MachineSettings machine, byte[]? bundle)
    {
        string? file = null;
        if (bundle is not null)
        {
            file = LogPath(".itb");
            File.WriteAllBytes(file, bundle);
        }

        List<string> command = QemuCommand.Create(machine, Repository.Image, file);
        return file is null ? Start(command) : Start(command, file);
    }

    /// <summary>A bundle with Debian's Linux, of 2 VCpus, as <c>guest</c>.</summary>
    /// <param name="commands">What it does.</param>
    /// <param name="disks">Tables of its definition.</param>
    internal static async Task<byte[]> LinuxBundleAsync(string commands, string disks)
    {
        GuestSettings linux = await LinuxAsync(commands);
        return await BundleAsync($$"""
            [[vm]]
            name = "guest"
            kernel = "{{linux.Kernel}}"
            ramdisk = "{{linux.Ramdisk}}"
            memory = "256M"
            vcpus = 2
            cmdline = "console=ttyAMA0"

            {{disks}}
            """);
    }

    /// <summary>The bundle that <c>make bundle</c> makes of definitions; paths in them are absolute.</summary>
    internal static async Task<byte[]> BundleAsync(string definitions)
    {
        string source = LogPath(".toml");
        string bundle = LogPath(".made.itb");
        File.WriteAllText(source, definitions);
        try
        {
            Assert.Equal(0, await BundleCommand.ExecuteAsync(Settings.Parse([$"VMS={source}", $"OUT={bundle}"], _ => null)));
            return File.ReadAllBytes(bundle);
        }
        finally
        {
            File.Delete(bundle);
        }
    }

    /// <summary>A guest without the hypervisor.</summary>
    internal static EmulatedMachine StartBare(MachineSettings machine, GuestSettings guest) =>
        Start(QemuCommand.Create(machine with { HasEl2 = false, Memory = guest.Memory }, guest.Kernel, guest.Ramdisk, guest.CommandLine));

    /// <summary>Any machine.</summary>
    /// <param name="command">QEMU's command line.</param>
    /// <param name="temporaryFiles">Files to remove when the machine has ended.</param>
    internal static EmulatedMachine Start(List<string> command, params IReadOnlyList<string> temporaryFiles)
    {
        Assert.True(File.Exists(Repository.Image), "build/sharpvisor.img is not there: make build makes it");
        command.InsertRange(1, QemuCommand.PlainConsole);
        return EmulatedMachine.Start(command, LogPath(".log"), temporaryFiles);
    }

    /// <summary>Waits for the machine's own end and checks that the hypervisor's last word is an exit code.</summary>
    internal static async Task ExpectEndAsync(EmulatedMachine machine, int exitCode, TimeSpan limit)
    {
        int? ended = await machine.WaitForExitAsync(limit);
        Assert.True(ended is not null, $"the machine did not stop; its console ends with: {Tail(machine)}");
        Assert.Equal(0, ended);
        Assert.True(ClosingLine.TryParse(machine.LastLine, out int closing), $"no closing line but: {machine.LastLine}");
        Assert.Equal(exitCode, closing);
    }

    /// <summary>Waits for text on the console.</summary>
    /// <returns>The place behind it in the output.</returns>
    internal static async Task<int> ExpectAsync(EmulatedMachine machine, string text, TimeSpan limit, int from = 0)
    {
        int place = await machine.WaitForAsync(text, from, limit);
        Assert.True(place >= 0, $"'{text}' did not come; the console ends with: {Tail(machine)}");
        return place;
    }

    /// <summary>One of our guests.</summary>
    internal static GuestSettings OwnGuest(string name, string commandLine = "") => new()
    {
        Kernel = Repository.GuestImage(name),
        CommandLine = commandLine,
        Memory = 64L << 20,
    };

    /// <summary>Debian's kernel with the busybox initramfs; the test is skipped where it cannot be fetched.</summary>
    internal static async Task<GuestSettings> LinuxAsync()
    {
        try
        {
            return await s_linux.Value;
        }
        catch (FetchException exception)
        {
            Assert.Skip("no Linux: " + exception.Message);
            throw;
        }
    }

    /// <summary>Linux that runs commands before its shell.</summary>
    internal static async Task<GuestSettings> LinuxAsync(string commands)
    {
        GuestSettings linux = await LinuxAsync();
        string ramdisk = LogPath(".cpio.gz");
        File.WriteAllBytes(ramdisk, Initramfs.WithCommands(File.ReadAllBytes(linux.Ramdisk!), commands));
        return linux with { Ramdisk = ramdisk };
    }

    /// <summary>A file below build/test-logs named after the running test.</summary>
    internal static string LogPath(string suffix)
    {
        string folder = Path.Combine(Repository.Output, "test-logs");
        Directory.CreateDirectory(folder);
        string test = TestContext.Current.Test?.TestDisplayName ?? "machine";
        StringBuilder name = new();
        foreach (char c in test[(test.LastIndexOf("Machine.", StringComparison.Ordinal) is int at and >= 0 ? at + "Machine.".Length : 0)..])
        {
            name.Append(char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '_');
        }

        return Path.Combine(folder, name + suffix);
    }

    private static async Task<GuestSettings> FindLinuxAsync()
    {
        GuestArtefacts artefacts = new(_ => { });
        return new GuestSettings
        {
            Kernel = await artefacts.CloudKernelAsync(),
            Ramdisk = await artefacts.ShellInitramfsAsync(),
            CommandLine = "console=ttyAMA0",
            Memory = 256L << 20,
        };
    }

    private static string Tail(EmulatedMachine machine)
    {
        const int Length = 1000;
        string output = machine.Output;
        return output.Length <= Length ? output : output[^Length..];
    }
}
