using System;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Threading;

namespace SharpVisor.Hvctl.Attaching;

/// <summary>
/// Raw mode of a terminal on Linux and macOS (termios). It ends with this object, with the process, and on the signals that
/// end processes: a terminal is never left raw, but by SIGKILL.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed unsafe partial class PosixRawMode : IDisposable
{
    private const int StandardInput = 0;
    private const int AfterOutput = 1; // TCSADRAIN

    // Larger than struct termios is anywhere (60 bytes with glibc, 72 on macOS).
    private const int TermiosSize = 256;

    private readonly byte[] _saved = new byte[TermiosSize];
    private readonly byte[] _raw = new byte[TermiosSize];
    private readonly PosixSignalRegistration[] _signals;
    private int _isEnded;

    private PosixRawMode()
    {
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Restore()),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => Restore()),
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, _ => Restore()),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Restore()),
            PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => Apply(_raw)),
        ];
    }

    /// <summary>Makes standard input raw.</summary>
    /// <returns>Null where it is no terminal after all.</returns>
    internal static PosixRawMode? Enter()
    {
        byte[] saved = new byte[TermiosSize];
        fixed (byte* termios = saved)
        {
            if (GetAttributes(StandardInput, termios) != 0)
            {
                return null;
            }
        }

        PosixRawMode mode = new();
        saved.CopyTo(mode._saved, 0);
        saved.CopyTo(mode._raw, 0);
        fixed (byte* termios = mode._raw)
        {
            MakeRaw(termios);
        }

        mode.Apply(mode._raw);
        return mode;
    }

    /// <summary>Gives the terminal back as it was.</summary>
    public void Dispose()
    {
        Restore();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }
    }

    private void OnExit(object? sender, EventArgs arguments) => Restore();

    private void Restore()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            Set(_saved);
        }
    }

    private void Apply(byte[] termios)
    {
        if (Volatile.Read(ref _isEnded) == 0)
        {
            Set(termios);
        }
    }

    private static void Set(byte[] attributes)
    {
        fixed (byte* termios = attributes)
        {
            _ = SetAttributes(StandardInput, AfterOutput, termios);
        }
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int GetAttributes(int descriptor, byte* termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int SetAttributes(int descriptor, int when, byte* termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* termios);
}
