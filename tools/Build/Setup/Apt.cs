using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace SharpVisor.Build.Setup;

/// <summary>Installs packages on Debian and its kin, when the user is root.</summary>
internal static class Apt
{
    private static readonly Dictionary<string, string?> s_environment = new() { ["DEBIAN_FRONTEND"] = "noninteractive" };

    // Another package manager may be at work, on a machine that has just started for instance: five minutes.
    private static readonly string[] s_options = ["-q", "-y", "-o", "DPkg::Lock::Timeout=300"];

    internal static bool IsUsable => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && ProgramPath.Find(["apt-get"]) is not null;

    /// <summary>Installs packages, showing what apt-get shows.</summary>
    internal static async Task InstallAsync(IReadOnlyList<string> packages)
    {
        Console.WriteLine($"Installing {string.Join(' ', packages)}:");
        await RunAsync(["update"]);
        await RunAsync(["install", "--no-install-recommends", .. packages]);
    }

    private static async Task RunAsync(string[] arguments)
    {
        int exitCode = await ChildProcess.RunAsync("apt-get", [.. s_options, .. arguments], s_environment);
        if (exitCode != 0)
        {
            throw new BuildException($"apt-get {string.Join(' ', arguments)} failed with exit code {exitCode}.");
        }
    }
}
