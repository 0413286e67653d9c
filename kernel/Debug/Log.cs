using System;
using System.Threading;
using SharpVisor.Arch;

namespace SharpVisor.Debug;

/// <summary>
/// The hypervisor's own voice on the serial line. A line is begun, filled with pieces and ended; it is held
/// together by a lock, so that two CPUs do not mix theirs. What is written before the UART is known waits in a
/// small buffer.
/// </summary>
public static unsafe class Log
{
    private const int EarlyCapacity = 1024;

    private static LogSink? s_sink;
    private static LogSink? s_history;
    private static LogSink? s_screen;
    private static SpinLock s_lock;
    private static EarlyBuffer s_early;
    private static int s_earlyCount;
    private static int s_threshold = (int)Severity.Information;

    /// <summary>The least severe lines that are written.</summary>
    public static Severity Threshold
    {
        get => (Severity)Volatile.Read(ref s_threshold);
        set => Volatile.Write(ref s_threshold, (int)value);
    }

    /// <summary>Whether a line now goes to hardware.</summary>
    public static bool HasSink => s_sink != null;

    /// <summary>Names where lines go and sends what has waited for it.</summary>
    public static void SetSink(LogSink sink)
    {
        s_sink = sink;
        fixed (byte* early = s_early.Bytes)
        {
            for (int i = 0; i < s_earlyCount; i++)
            {
                sink.Write(early[i]);
            }
        }

        s_earlyCount = 0;
    }

    /// <summary>Names where lines are kept, beside where they go.</summary>
    public static void SetHistory(LogSink history) => s_history = history;

    /// <summary>Names a display that shows lines, too.</summary>
    public static void SetScreen(LogSink screen) => s_screen = screen;

    /// <summary>Begins a line about what goes on, with the hypervisor's name, on a line of its own. Every line must be ended.</summary>
    public static LogLine Line() => Line(Severity.Information);

    /// <summary>As <see cref="Line()"/>, about a guest that did wrong, or something that the machine does not have.</summary>
    public static LogLine Warning() => Line(Severity.Warning);

    /// <summary>As <see cref="Line()"/>, about the end of a VM or of the machine.</summary>
    public static LogLine Error() => Line(Severity.Error);

    /// <summary>As <see cref="Line()"/>, for who looks for a fault.</summary>
    public static LogLine Detail() => Line(Severity.Detail);

    /// <summary>Begins a line; where it is not to be written, what is added to it goes nowhere.</summary>
    public static LogLine Line(Severity severity)
    {
        if (severity > Threshold)
        {
            return LogLine.Muted;
        }

        s_lock.Enter();
        s_history?.BeginLine();
        s_sink?.BeginLine();
        return default(LogLine).Text("sharpvisor: "u8);
    }

    /// <summary>One whole line.</summary>
    public static void Line(ReadOnlySpan<byte> text) => Line().Text(text).End();

    /// <summary>For the panic report: takes the lock away from whoever holds it, as nobody goes on.</summary>
    internal static LogLine PanicLine() => default;

    internal static void Unlock()
    {
        s_sink?.EndLine();
        s_history?.EndLine();
        s_lock.Exit();
    }

    internal static void Put(byte value)
    {
        s_history?.Write(value);
        s_screen?.Write(value);
        LogSink? sink = s_sink;
        if (sink != null)
        {
            sink.Write(value);
        }
        else if (s_earlyCount < EarlyCapacity)
        {
            s_early.Bytes[s_earlyCount++] = value;
        }
    }

    private struct EarlyBuffer
    {
        public fixed byte Bytes[EarlyCapacity];
    }
}
