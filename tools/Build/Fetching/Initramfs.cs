using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;

namespace SharpVisor.Build.Fetching;

/// <summary>
/// The default guest's root file system in memory: busybox, drivers, and the three files of rootfs/ beside this one.
/// </summary>
internal static class Initramfs
{
    private static readonly string[] s_folders = ["bin", "dev", "etc", "proc", "sys", "tmp"];

    /// <summary>Drivers that rc loads in this order, if they are for the kernel that runs.</summary>
    private static readonly string[] s_modules = ["virtio_ring", "virtio", "virtio_mmio", "virtio_blk", "virtio_balloon", "virtio-rng", "failover", "net_failover", "virtio_net"];

    /// <summary>Makes a gzip-compressed cpio archive with a busybox system.</summary>
    /// <param name="busybox">The statically linked program for arm64.</param>
    /// <param name="powerKey">The program that waits for the power key.</param>
    /// <param name="modules">The kernel's folder of modules, named after its version.</param>
    /// <param name="rootFiles">The folder with inittab, rc and profile.</param>
    internal static byte[] Create(string busybox, string powerKey, string modules, string rootFiles)
    {
        string version = $"lib/modules/{Path.GetFileName(modules)}";
        return Compress(archive =>
        {
            foreach (string folder in s_folders)
            {
                archive.AddFolder(folder);
            }

            archive.AddCharacterDevice("dev/console", 5, 1);
            archive.AddFile("bin/busybox", File.ReadAllBytes(busybox), executable: true);
            archive.AddFile("bin/powerkey", File.ReadAllBytes(powerKey), executable: true);
            archive.AddLink("init", "bin/busybox");
            archive.AddFile("etc/inittab", ReadText(rootFiles, "inittab"), executable: false);
            archive.AddFile("etc/rc", ReadText(rootFiles, "rc"), executable: true);
            archive.AddFolder("lib");
            archive.AddFolder("lib/modules");
            archive.AddFolder(version);
            foreach (string module in s_modules)
            {
                string file = Directory.EnumerateFiles(modules, module + ".ko", SearchOption.AllDirectories).First();
                archive.AddFile($"{version}/{module}.ko", File.ReadAllBytes(file), executable: false);
            }

            archive.AddFile("etc/profile", ReadText(rootFiles, "profile"), executable: false);
        });
    }

    /// <summary>Makes an archive with one program, <c>/init</c>, and a console.</summary>
    internal static byte[] CreateWithInit(byte[] program)
    {
        return Compress(archive =>
        {
            archive.AddFolder("dev");
            archive.AddCharacterDevice("dev/console", 5, 1);
            archive.AddFile("init", program, executable: true);
        });
    }

    /// <summary>The archive with commands for its shell added: Linux takes several archives one behind the other.</summary>
    internal static byte[] WithCommands(byte[] initramfs, string commands)
    {
        byte[] addition = Compress(archive =>
        {
            archive.AddFolder("etc");
            archive.AddFile("etc/commands", Encoding.UTF8.GetBytes(commands.ReplaceLineEndings("\n") + "\n"), executable: false);
        });
        List<byte> both = [.. initramfs];
        while (both.Count % 4 != 0)
        {
            both.Add(0);
        }

        both.AddRange(addition);
        return [.. both];
    }

    private static byte[] Compress(Action<CpioWriter> fill)
    {
        using MemoryStream result = new();
        using (GZipStream zip = new(result, CompressionLevel.Optimal))
        {
            CpioWriter archive = new(zip);
            fill(archive);
            archive.Finish();
        }

        return result.ToArray();
    }

    // The checkout may have made CRLF of it; busybox would take the CR as part of each word.
    private static byte[] ReadText(string folder, string name) =>
        Encoding.UTF8.GetBytes(File.ReadAllText(Path.Combine(folder, name)).ReplaceLineEndings("\n"));
}
