using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace SharpVisor.Build;

/// <summary>Runs other programs.</summary>
internal static class ChildProcess
{
    /// <summary>Runs a program to its end and keeps what it printed.</summary>
    /// <param name="program">A name on PATH or a path.</param>
    /// <param name="arguments">Passed as they are, no shell in between.</param>
    /// <param name="environment">Variables to set beside the inherited ones; null removes one.</param>
    /// <param name="onLine">Sees each line of output as it comes.</param>
    /// <param name="cancellation">Ends the program (and its children) early.</param>
    internal static async Task<ProcessResult> CaptureAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        Action<string>? onLine = null,
        CancellationToken cancellation = default)
    {
        ProcessStartInfo start = CreateStart(program, arguments, environment);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;

        StringBuilder output = new();
        void Keep(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is not null)
            {
                lock (output)
                {
                    output.Append(line.Data).Append('\n');
                    onLine?.Invoke(line.Data);
                }
            }
        }

        using Process process = new() { StartInfo = start };
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        Start(process);
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await WaitAsync(process, cancellation);
        lock (output)
        {
            return new ProcessResult(process.ExitCode, output.ToString());
        }
    }

    /// <summary>Runs a program on this terminal. Answers its exit code.</summary>
    internal static async Task<int> RunAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        CancellationToken cancellation = default)
    {
        using Process process = new() { StartInfo = CreateStart(program, arguments, environment) };
        Start(process);
        await WaitAsync(process, cancellation);
        return process.ExitCode;
    }

    private static ProcessStartInfo CreateStart(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment)
    {
        ProcessStartInfo start = new(program, arguments) { UseShellExecute = false };
        if (environment is not null)
        {
            foreach ((string name, string? value) in environment)
            {
                start.Environment[name] = value;
            }
        }

        return start;
    }

    private static void Start(Process process)
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            throw new BuildException($"{process.StartInfo.FileName} did not start: {exception.Message}");
        }
    }

    private static async Task WaitAsync(Process process, CancellationToken cancellation)
    {
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
