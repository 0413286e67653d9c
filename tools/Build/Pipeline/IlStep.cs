using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace SharpVisor.Build.Pipeline;

/// <summary>C# to IL: MSBuild on the projects, which also brings ilc from the package registry.</summary>
internal sealed class IlStep(StepCache cache)
{
    private static readonly string s_traversal = Repository.Combine("linker/Freestanding.proj");

    /// <summary>Compiles programs in one go.</summary>
    internal async Task RunAsync(string subject, IReadOnlyList<FreestandingProgram> programs)
    {
        List<string> outputs = [.. programs.Select(program => program.Il), .. programs.Select(program => program.IlcFolderFile)];
        await cache.RunAsync("compile", subject, [Environment.Version.ToString()], Inputs(programs), outputs, () => CompileAsync(programs));
        if (programs.Any(program => !File.Exists(Ilc(program))))
        {
            // Only the package is gone: MSBuild restores it again.
            await Progress.StepAsync("restore", subject, () => CompileAsync(programs));
        }
    }

    /// <summary>The native compiler that goes with a program.</summary>
    internal static string Ilc(FreestandingProgram program)
    {
        string name = OperatingSystem.IsWindows() ? "ilc.exe" : "ilc";
        return Path.Combine(File.ReadAllText(program.IlcFolderFile).Trim(), name);
    }

    private static async Task CompileAsync(IReadOnlyList<FreestandingProgram> programs)
    {
        string projects = string.Join("%3B", programs.Select(program => program.Project));
        ProcessResult result = await ChildProcess.CaptureAsync(
            "dotnet",
            ["msbuild", s_traversal, "-nologo", "-v:q", "-tl:off", "-nodeReuse:false", "-clp:NoSummary", $"-p:Projects={projects}"]);
        if (result.ExitCode != 0)
        {
            throw new BuildException($"{result.Output.TrimEnd()}\nThe C# compiler failed with exit code {result.ExitCode}.");
        }
    }

    private static List<string> Inputs(IReadOnlyList<FreestandingProgram> programs)
    {
        string[] shared = [Repository.Combine("Directory.Build.props"), Repository.Combine(".editorconfig"), s_traversal];
        IEnumerable<string> settings = Directory.GetFiles(Repository.Combine("linker"), "*.props").Concat(Directory.GetFiles(Repository.Combine("tests/Guests"), "*.props"));
        IEnumerable<string> sources = programs
            .SelectMany(program => program.SourceFolders)
            .SelectMany(folder => Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories));
        return shared.Concat(settings).Concat(programs.Select(program => program.Project)).Concat(sources).Distinct().Order(StringComparer.Ordinal).ToList();
    }
}
