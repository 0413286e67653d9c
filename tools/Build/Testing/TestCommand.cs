using System;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build.Pipeline;
using SharpVisor.Build.Setup;

namespace SharpVisor.Build.Testing;

/// <summary>
/// The verb <c>test</c>: builds, runs the tests of pure logic on this machine, then those that boot the image under
/// QEMU. Ends with one line, <c>N passed, N failed</c>, whatever went wrong before.
/// </summary>
internal sealed class TestCommand
{
    private int _passed;
    private int _failed;

    internal static async Task<int> ExecuteAsync(Settings settings)
    {
        TestCommand command = new();
        bool isBuilt = await command.TryAsync(() => BuildCommand.ExecuteAsync(settings));
        await command.TryAsync(() => command.RunProjectAsync("tests/Unit/Unit.csproj"));
        if (isBuilt)
        {
            await command.TryAsync(async () =>
            {
                await Toolbox.RequireAsync(Tools.Qemu);
                await command.RunProjectAsync("tests/Machine/Machine.csproj");
            });
        }

        Console.WriteLine($"{command._passed} passed, {command._failed} failed");
        return command._failed == 0 ? 0 : BuildException.Failed;
    }

    /// <summary>What cannot even start counts as one failure.</summary>
    private async Task<bool> TryAsync(Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (BuildException exception)
        {
            Console.WriteLine(exception.Message);
            _failed++;
            return false;
        }
    }

    private async Task RunProjectAsync(string project)
    {
        string program = await CompileAsync(project);
        TestReport report = new();
        ProcessResult result = await ChildProcess.CaptureAsync("dotnet", [program, "-automated", "async", "-noLogo"], onLine: line =>
        {
            if (report.Take(line) is string text)
            {
                Console.WriteLine(text);
            }
        });
        _passed += report.Passed;
        _failed += report.Failed;
        if (!report.IsFinished || (result.ExitCode != 0 && report.Failed == 0))
        {
            throw new BuildException($"{project} ended with exit code {result.ExitCode} before it was done.");
        }

        if (report.Passed + report.Failed == 0)
        {
            throw new BuildException($"{project} holds no test that ran.");
        }
    }

    /// <summary>Answers the test program's path.</summary>
    internal static async Task<string> CompileAsync(string project)
    {
        string output = string.Empty;
        await Progress.StepAsync("compile", project, async () =>
        {
            ProcessResult result = await ChildProcess.CaptureAsync(
                "dotnet",
                ["msbuild", Repository.Combine(project), "-restore", "-nologo", "-v:q", "-tl:off", "-nodeReuse:false", "-p:Configuration=Debug", "-t:Build", "-getProperty:TargetPath"]);
            if (result.ExitCode != 0)
            {
                throw new BuildException($"{result.Output.TrimEnd()}\nThe C# compiler failed with exit code {result.ExitCode}.");
            }

            output = result.Output.Trim();
        });
        return File.Exists(output) ? output : throw new BuildException($"{project}: no test program came of it: {output}");
    }
}
