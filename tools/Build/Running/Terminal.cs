using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace SharpVisor.Build.Running;

/// <summary>
/// Runs QEMU on the person's terminal. QEMU has the keyboard itself; what it prints passes through here unchanged, so
/// that the hypervisor's last line can be read. Where standard input is no terminal, a script's words are held back
/// until the machine waits for input: a kernel that boots throws away what was typed before. And where the machine cannot
/// switch itself off, nobody is there to do it: QEMU is ended when the hypervisor's last words have stood for a while.
/// </summary>
internal sealed class Terminal
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);

    private readonly LastLine _lastLine = new();
    private long _lastOutput = long.MaxValue;
    private bool _wasEnded;

    /// <summary>Runs it to its end.</summary>
    /// <returns>
    /// QEMU's exit code and the last line that is not blank; where a machine that was left on has been ended, 0 and the
    /// hypervisor's closing line.
    /// </returns>
    /// <exception cref="BuildException">The program did not start.</exception>
    internal async Task<(int ExitCode, string LastLine)> RunAsync(IReadOnlyList<string> command)
    {
        bool isScript = Console.IsInputRedirected;
        using Process process = new()
        {
            StartInfo = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardInput = isScript },
        };
        for (int i = 1; i < command.Count; i++)
        {
            process.StartInfo.ArgumentList.Add(command[i]);
        }

        // QEMU is in the same process group and ends on the same Ctrl-C; what it says last is still to be read.
        // (Console.CancelKeyPress would send control sequences to the terminal.)
        using PosixSignalRegistration stay = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        try
        {
            process.Start();
            if (isScript)
            {
                _ = TypeScriptAsync(process);
            }

            using Stream output = Console.OpenStandardOutput();
            byte[] buffer = new byte[4096];
            int count;
            while ((count = await process.StandardOutput.BaseStream.ReadAsync(buffer)) != 0)
            {
                await output.WriteAsync(buffer.AsMemory(0, count));
                await output.FlushAsync();
                _lastLine.Add(buffer.AsSpan(0, count));
                long now = Stopwatch.GetTimestamp();
                Volatile.Write(ref _lastOutput, now);
                if (isScript && ClosingLine.IsLeftOn(_lastLine.Before, _lastLine.Text))
                {
                    _ = EndUnlessOutputAsync(process, now);
                }
            }

            await process.WaitForExitAsync();
            return Volatile.Read(ref _wasEnded) ? (0, _lastLine.Before) : (process.ExitCode, _lastLine.Text);
        }
        catch (Win32Exception exception)
        {
            throw new BuildException($"{command[0]} did not start: {exception.Message}");
        }
    }

    /// <summary>Ends QEMU, unless the machine says something more: a guest that printed the last words goes on.</summary>
    private async Task EndUnlessOutputAsync(Process process, long lastOutput)
    {
        await Task.Delay(s_quiet);
        try
        {
            if (Volatile.Read(ref _lastOutput) == lastOutput && !process.HasExited)
            {
                Volatile.Write(ref _wasEnded, true);
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
        {
            // It ended by itself.
        }
    }

    private async Task TypeScriptAsync(Process process)
    {
        try
        {
            while (Volatile.Read(ref _lastOutput) == long.MaxValue || Stopwatch.GetElapsedTime(Volatile.Read(ref _lastOutput)) < s_quiet)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }

            using Stream input = Console.OpenStandardInput();
            byte[] buffer = new byte[256];
            int count;
            while ((count = await input.ReadAsync(buffer)) != 0)
            {
                await process.StandardInput.BaseStream.WriteAsync(buffer.AsMemory(0, count));
                await process.StandardInput.BaseStream.FlushAsync();
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The machine ended before the script: nobody is left to type to.
        }
    }
}
