using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace SharpVisor.Hvctl.Attaching;

/// <summary>Raw mode of a console window: no line editing, no echo, keys and screen speak VT sequences. Not tried yet.</summary>
internal sealed partial class WindowsRawMode : IDisposable
{
    private const int StandardInput = -10;
    private const int StandardOutput = -11;
    private const uint ProcessedInput = 0x1;
    private const uint LineInput = 0x2;
    private const uint EchoInput = 0x4;
    private const uint VirtualTerminalInput = 0x200;
    private const uint ProcessedOutput = 0x1;
    private const uint VirtualTerminalProcessing = 0x4;

    private readonly nint _input;
    private readonly nint _output;
    private readonly uint _inputMode;
    private readonly uint _outputMode;
    private int _isEnded;

    private WindowsRawMode(nint input, uint inputMode, nint output, uint outputMode)
    {
        _input = input;
        _inputMode = inputMode;
        _output = output;
        _outputMode = outputMode;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _ = SetMode(input, (inputMode & ~(ProcessedInput | LineInput | EchoInput)) | VirtualTerminalInput);
        _ = SetMode(output, outputMode | ProcessedOutput | VirtualTerminalProcessing);
    }

    /// <summary>Makes the console raw; null where there is none.</summary>
    internal static WindowsRawMode? Enter()
    {
        nint input = GetHandle(StandardInput);
        nint output = GetHandle(StandardOutput);
        return GetMode(input, out uint inputMode) == 0 ? null
            : new WindowsRawMode(input, inputMode, output, GetMode(output, out uint outputMode) == 0 ? 0 : outputMode);
    }

    /// <summary>Gives the console back as it was.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            AppDomain.CurrentDomain.ProcessExit -= OnExit;
            _ = SetMode(_input, _inputMode);
            _ = SetMode(_output, _outputMode);
        }
    }

    private void OnExit(object? sender, EventArgs arguments) => Dispose();

    [LibraryImport("kernel32", EntryPoint = "GetStdHandle")]
    private static partial nint GetHandle(int which);

    [LibraryImport("kernel32", EntryPoint = "GetConsoleMode")]
    private static partial int GetMode(nint handle, out uint mode);

    [LibraryImport("kernel32", EntryPoint = "SetConsoleMode")]
    private static partial int SetMode(nint handle, uint mode);
}
