using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace SharpVisor.Build.Cards;

/// <summary>The Raspberry Pi's own firmware, which is not ours to give away: files of a folder that a person names.</summary>
internal static class BoardFirmware
{
    /// <summary>Where to get it.</summary>
    internal const string Source = "https://github.com/raspberrypi/firmware (folder boot of a release)";

    private const int SmallestFile = 1024;

    // What each board wants of the folder.
    private static readonly string[] s_pi3 = ["bootcode.bin", "start.elf", "fixup.dat"];
    private static readonly string[] s_pi4 = ["start4.elf", "fixup4.dat"];

    /// <summary>The firmware's files in a folder: what at least one of the boards needs.</summary>
    /// <exception cref="BuildException">A file is missing or is none of the firmware's; the message says which.</exception>
    internal static IReadOnlyList<CardFile> Find(string folder)
    {
        List<CardFile> files = [];
        List<string> problems = [];
        foreach (string[] board in (string[][])[s_pi3, s_pi4])
        {
            string[] missing = [.. board.Where(name => !File.Exists(Path.Combine(folder, name)))];
            if (missing.Length == 0)
            {
                files.AddRange(board.Select(name => new CardFile(name, Path.Combine(folder, name))));
            }
            else if (missing.Length < board.Length)
            {
                problems.Add($"{string.Join(" and ", missing)} is missing beside {board.First(name => !missing.Contains(name))}");
            }
        }

        problems.AddRange(files.Select(Problem).OfType<string>());
        if (files.Count == 0 && problems.Count == 0)
        {
            problems.Add($"it has neither {string.Join(", ", s_pi3)} (Pi 3) nor {string.Join(", ", s_pi4)} (Pi 4)");
        }

        return problems.Count == 0
            ? files
            : throw new BuildException($"FIRMWARE={folder}: {string.Join("; ", problems)}. Get it from {Source}.", BuildException.WrongUsage);
    }

    private static string? Problem(CardFile file)
    {
        byte[] content = File.ReadAllBytes(file.Source);
        if (content.Length < SmallestFile)
        {
            return $"{file.Name} has only {content.Length} bytes";
        }

        bool isProgram = content.AsSpan(0, 4).SequenceEqual("\u007fELF"u8);
        return file.Name.EndsWith(".elf", StringComparison.Ordinal) && !isProgram ? $"{file.Name} is no ELF program" : null;
    }
}
