using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build.Setup;

namespace SharpVisor.Build.Pipeline;

/// <summary>IL to an arm64 object: ilc, or bflat, which wraps it. The program is its own base library.</summary>
internal sealed class ManagedCodeStep(StepCache cache, Settings settings)
{
    internal Task RunAsync(FreestandingProgram program) => settings.UseBflat ? RunBflatAsync(program) : RunIlcAsync(program);

    private Task RunIlcAsync(FreestandingProgram program)
    {
        string ilc = IlStep.Ilc(program);
        string[] arguments =
        [
            program.Il, "--systemmodule", program.Name, "--targetarch", "arm64", "--targetos", "linux", "--Os", "-g", "--verbose",

            // No-operations that move a loop to the beginning of a cache line are executed and stored, too.
            "--codegenopt", "JitAlignLoops=0",
            "--map", program.ManagedObject + ".map", "-o", program.ManagedObject,
        ];
        return cache.RunAsync(
            "ilc",
            Repository.Shorten(program.ManagedObject),
            [ilc, .. arguments],
            [program.Il],
            [program.ManagedObject, program.CompilerLog],
            () => CompileAsync(ilc, arguments, program));
    }

    private async Task RunBflatAsync(FreestandingProgram program)
    {
        string bflat = ProgramPath.Find(["bflat"])
            ?? throw new BuildException("TOOLCHAIN=bflat: there is no bflat on PATH. Get it from its project's releases, or leave TOOLCHAIN out.");
        List<string> sources = [];
        foreach (string folder in program.SourceFolders)
        {
            sources.AddRange(Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories));
        }

        sources.Sort(StringComparer.Ordinal);
        string[] options =
        [
            "build", "--stdlib:none", "-c", "--os", "linux", "--arch", "arm64", "--langversion:latest", "--no-stacktrace-data", "--verbose",
            "-o", program.ManagedObject,
        ];
        await cache.RunAsync(
            "bflat",
            Repository.Shorten(program.ManagedObject),
            [bflat, .. options],
            sources,
            [program.ManagedObject, program.CompilerLog],
            () => CompileAsync(bflat, [.. options, .. sources], program));
    }

    private static async Task CompileAsync(string compiler, string[] arguments, FreestandingProgram program)
    {
        ProcessResult result = await ChildProcess.CaptureAsync(compiler, arguments);
        await File.WriteAllTextAsync(program.CompilerLog, result.Output);
        if (result.ExitCode != 0)
        {
            throw new BuildException($"{result.Output.TrimEnd()}\n{compiler} failed with exit code {result.ExitCode}.");
        }
    }
}
