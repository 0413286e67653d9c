using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace SharpVisor.Build.Pipeline;

/// <summary>Compiles hvctl, which runs on this computer, and puts a launcher for it where people look for it: build/hvctl.</summary>
internal sealed class HostToolStep(StepCache cache)
{
    private static readonly string s_project = Repository.Combine("tools/Hvctl/Hvctl.csproj");

    // What it is made of, and the pure parts of the hypervisor in it.
    private static readonly string[] s_sources = ["tools/Hvctl", "tools/Control", "kernel/Console/Control", "kernel/Console/Protocol", "kernel/Formats"];

    /// <summary>The program.</summary>
    internal static string Program => Path.Combine(Repository.Output, "dotnet", "bin", "Hvctl", "release", "hvctl.dll");

    /// <summary>What people call.</summary>
    internal static string Launcher => Path.Combine(Repository.Output, OperatingSystem.IsWindows() ? "hvctl.cmd" : "hvctl");

    /// <summary>Makes it, unless nothing that it depends on changed.</summary>
    internal Task RunAsync() => cache.RunAsync("compile", "hvctl", [Environment.Version.ToString()], Inputs(), [Program, Launcher], CompileAsync);

    private static async Task CompileAsync()
    {
        ProcessResult result = await ChildProcess.CaptureAsync(
            "dotnet",
            ["msbuild", s_project, "-restore", "-nologo", "-v:q", "-tl:off", "-nodeReuse:false", "-clp:NoSummary"]);
        if (result.ExitCode != 0)
        {
            throw new BuildException($"{result.Output.TrimEnd()}\nThe C# compiler failed with exit code {result.ExitCode}.");
        }

        WriteLauncher();
    }

    private static void WriteLauncher()
    {
        if (OperatingSystem.IsWindows())
        {
            File.WriteAllText(Launcher, $"@dotnet \"{Program}\" %*\r\n");
            return;
        }

        File.WriteAllText(Launcher, $"#!/bin/sh\nexec dotnet '{Program.Replace("'", "'\\''", StringComparison.Ordinal)}' \"$@\"\n");
        File.SetUnixFileMode(Launcher, File.GetUnixFileMode(Launcher) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }

    private static List<string> Inputs()
    {
        IEnumerable<string> sources = s_sources.SelectMany(folder => Directory.GetFiles(Repository.Combine(folder), "*.cs*", SearchOption.AllDirectories));
        IEnumerable<string> more = [Repository.Combine("Directory.Build.props"), Repository.Combine("tools/Bundles/Definitions/Suggestion.cs")];
        return sources.Concat(more).Order(StringComparer.Ordinal).ToList();
    }
}
