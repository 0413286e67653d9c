using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace SharpVisor.Build.Setup;

/// <summary>Finds programs as a shell does, and in the folders where Homebrew and LLVM's installer keep theirs.</summary>
internal static class ProgramPath
{
    private static readonly string[] s_wellKnownFolders =
    [
        "/opt/homebrew/opt/llvm/bin", "/opt/homebrew/opt/lld/bin", "/usr/local/opt/llvm/bin", "/usr/local/opt/lld/bin",
        @"C:\Program Files\LLVM\bin", @"C:\Program Files\qemu",
    ];

    /// <summary>The full path of the first of these programs that is there, or null.</summary>
    internal static string? Find(IEnumerable<string> names)
    {
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string suffix = OperatingSystem.IsWindows() ? ".exe" : string.Empty;
        IEnumerable<string> candidates =
            from name in names
            from folder in path.Concat(s_wellKnownFolders)
            select Path.Combine(folder, name + suffix);
        return candidates.FirstOrDefault(File.Exists);
    }
}
