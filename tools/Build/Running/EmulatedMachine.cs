using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace SharpVisor.Build.Running;

/// <summary>
/// A running QEMU whose console is in a program's hands: what it prints is kept and logged, text can be waited for and
/// typed. QEMU ends with this object.
/// </summary>
internal sealed class EmulatedMachine : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly LastLine _lastLine = new();
    private readonly FileStream? _log;
    private readonly Task _reading;
    private readonly IReadOnlyList<string> _temporaryFiles;
    private TaskCompletionSource _changed = NewSignal();

    private EmulatedMachine(Process process, FileStream? log, IReadOnlyList<string> temporaryFiles)
    {
        _process = process;
        _log = log;
        _temporaryFiles = temporaryFiles;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput.BaseStream), ReadAsync(process.StandardError.BaseStream));
    }

    /// <summary>All that was printed until now, carriage returns left out.</summary>
    internal string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>The last printed line that is not blank.</summary>
    internal string LastLine
    {
        get
        {
            lock (_output)
            {
                return _lastLine.Text;
            }
        }
    }

    /// <summary>Starts QEMU.</summary>
    /// <param name="command">Its program and arguments; the console must be on standard input and output.</param>
    /// <param name="logFile">Where what it prints goes too, byte by byte; or null.</param>
    /// <param name="temporaryFiles">Files to remove at the end.</param>
    /// <exception cref="BuildException">The program did not start.</exception>
    internal static EmulatedMachine Start(IReadOnlyList<string> command, string? logFile, params IReadOnlyList<string> temporaryFiles)
    {
        Process process = new()
        {
            StartInfo = new ProcessStartInfo(command[0])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        for (int i = 1; i < command.Count; i++)
        {
            process.StartInfo.ArgumentList.Add(command[i]);
        }

        FileStream? log = null;
        if (logFile is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
            log = new FileStream(logFile, FileMode.Create, FileAccess.Write, FileShare.Read);
            log.Write(Encoding.UTF8.GetBytes(ShellWords.Join(command) + "\n"));
        }

        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            log?.Dispose();
            throw new BuildException($"{command[0]} did not start: {exception.Message}");
        }

        return new EmulatedMachine(process, log, temporaryFiles);
    }

    /// <summary>Types text.</summary>
    internal async Task TypeAsync(string text)
    {
        await _process.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(text));
        await _process.StandardInput.BaseStream.FlushAsync();
    }

    /// <summary>Waits until the console has shown a text.</summary>
    /// <param name="text">Literal text.</param>
    /// <param name="from">Place in <see cref="Output"/> to look from.</param>
    /// <param name="limit">How long to wait.</param>
    /// <returns>The place behind the text, or -1 where the time or the machine ended first.</returns>
    internal async Task<int> WaitForAsync(string text, int from, TimeSpan limit)
    {
        (int _, int place) = await WaitAsync(from, limit, text);
        return place < 0 ? place : place + text.Length;
    }

    /// <summary>Waits until the console has shown one of several texts.</summary>
    /// <returns>Which, or -1 where the time or the machine ended first.</returns>
    internal async Task<int> WaitForAnyAsync(int from, TimeSpan limit, params string[] texts) => (await WaitAsync(from, limit, texts)).Which;

    private async Task<(int Which, int Place)> WaitAsync(int from, TimeSpan limit, params string[] texts)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            Task changed;
            lock (_output)
            {
                string output = from > _output.Length ? "" : _output.ToString(from, _output.Length - from);
                for (int i = 0; i < texts.Length; i++)
                {
                    int place = output.IndexOf(texts[i], StringComparison.Ordinal);
                    if (place >= 0)
                    {
                        return (i, from + place);
                    }
                }

                changed = _changed.Task;
            }

            TimeSpan left = limit - watch.Elapsed;
            if (left <= TimeSpan.Zero || _reading.IsCompleted)
            {
                return (-1, -1);
            }

            await Task.WhenAny(changed, _reading, Task.Delay(left));
        }
    }

    /// <summary>Waits for QEMU to end by itself.</summary>
    /// <returns>Its exit code, or null where the time ended first.</returns>
    internal async Task<int?> WaitForExitAsync(TimeSpan limit)
    {
        using CancellationTokenSource source = new(limit);
        try
        {
            await _process.WaitForExitAsync(source.Token);
            await _reading;
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Ends QEMU.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        await _reading;
        _process.Dispose();
        _log?.Dispose();
        foreach (string file in _temporaryFiles)
        {
            File.Delete(file);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ReadAsync(Stream stream)
    {
        byte[] buffer = new byte[4096];
        while (true)
        {
            int count = await stream.ReadAsync(buffer);
            if (count == 0)
            {
                return;
            }

            TaskCompletionSource changed;
            lock (_output)
            {
                for (int i = 0; i < count; i++)
                {
                    if (buffer[i] != '\r')
                    {
                        _output.Append((char)buffer[i]);
                    }
                }

                _lastLine.Add(buffer.AsSpan(0, count));
                _log?.Write(buffer, 0, count);
                _log?.Flush();
                changed = _changed;
                _changed = NewSignal();
            }

            changed.SetResult();
        }
    }
}
