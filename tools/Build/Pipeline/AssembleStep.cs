using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace SharpVisor.Build.Pipeline;

/// <summary>Assembly to objects.</summary>
internal sealed class AssembleStep(StepCache cache, string clang)
{
    /// <summary>Assembles a program's files. Answers the objects.</summary>
    internal async Task<IReadOnlyList<string>> RunAsync(FreestandingProgram program)
    {
        List<string> objects = [];
        foreach (string source in program.AssemblyFiles)
        {
            objects.Add(await RunAsync(program, source, []));
        }

        return objects;
    }

    /// <summary>Assembles one file. Answers the object.</summary>
    /// <param name="included">Binary files that it includes; their folders are searched.</param>
    internal async Task<string> RunAsync(FreestandingProgram program, string source, IReadOnlyList<string> included)
    {
        string boot = Repository.Combine("boot");
        string target = Path.Combine(program.Intermediate, Path.GetFileNameWithoutExtension(source) + ".asm.o");
        string[] arguments =
        [
            "--target=aarch64-none-elf", "-march=armv8-a", "-g", "-c", $"-ffile-prefix-map={Repository.Root}=/_",
            "-I", boot, .. included.SelectMany(file => new[] { "-I", Path.GetDirectoryName(file)! }),
            source, "-o", target,
        ];
        await cache.RunAsync(
            "assemble",
            Repository.Shorten(target),
            [clang, .. arguments],
            [source, .. Directory.GetFiles(boot, "*.inc").Order(), .. included],
            [target],
            () => AssembleAsync(arguments));
        return target;
    }

    private async Task AssembleAsync(string[] arguments)
    {
        ProcessResult result = await ChildProcess.CaptureAsync(clang, arguments);
        if (result.ExitCode != 0)
        {
            throw new BuildException($"{result.Output.TrimEnd()}\n{clang} failed with exit code {result.ExitCode}.");
        }
    }
}
