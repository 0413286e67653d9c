using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Threading.Tasks;
using SharpVisor.Build.Setup;

namespace SharpVisor.Build.Cards;

/// <summary>
/// Writes the image of an SD card: a FAT32 partition with files, made by mtools, and behind it an empty one for guests'
/// data. Nothing needs root, nothing is mounted. The size is a power of two, as QEMU wants it.
/// </summary>
internal static class CardImage
{
    /// <summary>The boot bundle's name on the card (kernel/Machine/BootCard.cs).</summary>
    internal const string BundleName = "bundle.itb";

    private const byte TypeFat32 = 0x0c;
    private const byte TypeLinux = 0x83;
    private const long MiB = 1 << 20;
    private const long Start = MiB;
    private const long SpareForFiles = 64 * MiB;
    private const long LeastForData = 32 * MiB;

    /// <summary>Writes an image.</summary>
    /// <param name="path">Where to. It appears there when it is whole.</param>
    /// <param name="files">What the first partition holds.</param>
    /// <exception cref="BuildException">mtools are not there and cannot be installed, a file cannot be read, the disk is full.</exception>
    internal static async Task WriteAsync(string path, IReadOnlyList<CardFile> files)
    {
        IReadOnlyList<string> tools = await Toolbox.RequireAsync([Tools.Mformat, Tools.Mcopy]);
        string fresh = $"{path}.{Environment.ProcessId}";
        try
        {
            long content = files.Sum(file => new FileInfo(file.Source).Length);
            long fat = (content + SpareForFiles + MiB - 1) / MiB * MiB;
            long total = (long)BitOperations.RoundUpToPowerOf2((ulong)(Start + fat + LeastForData));
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            CreateEmpty(fresh, fat, total);
            string drive = string.Create(CultureInfo.InvariantCulture, $"{fresh}@@{Start}");
            string sectors = (fat / MasterBootRecord.SectorSize).ToString(CultureInfo.InvariantCulture);
            string hidden = (Start / MasterBootRecord.SectorSize).ToString(CultureInfo.InvariantCulture);
            await RunAsync(tools[0], ["-i", drive, "-F", "-v", "SHARPVISOR", "-T", sectors, "-H", hidden, "-h", "255", "-s", "63", "::"]);
            foreach (CardFile file in files)
            {
                await RunAsync(tools[1], ["-i", drive, file.Source, "::/" + file.Name]);
            }

            File.Move(fresh, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"{path}: {exception.Message}");
        }
        finally
        {
            File.Delete(fresh);
        }
    }

    private static void CreateEmpty(string path, long fat, long total)
    {
        using FileStream stream = new(path, FileMode.Create, FileAccess.Write);
        uint start = (uint)(Start / MasterBootRecord.SectorSize);
        uint length = (uint)(fat / MasterBootRecord.SectorSize);
        uint end = (uint)(total / MasterBootRecord.SectorSize);
        stream.Write(MasterBootRecord.Create((TypeFat32, start, length), (TypeLinux, start + length, end - start - length)));
        stream.SetLength(total);
    }

    private static async Task RunAsync(string program, string[] arguments)
    {
        ProcessResult result = await ChildProcess.CaptureAsync(program, arguments);
        if (result.ExitCode != 0)
        {
            throw new BuildException($"{result.Output.TrimEnd()}\n{program} failed with exit code {result.ExitCode}.");
        }
    }
}
