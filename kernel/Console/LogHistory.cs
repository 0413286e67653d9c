using System;
using SharpVisor.Arch;
using SharpVisor.Debug;

namespace SharpVisor.Console;

/// <summary>The newest of the hypervisor's own lines, for those who were not there when they were written.</summary>
/// <remarks>Its lock is taken under the log's, for a line at a time; the lines of a panic come without it.</remarks>
internal sealed class LogHistory : LogSink
{
    private const int Capacity = 16 << 10;
    private const int LongestReading = 1024;

    private readonly OutputRing _lines = new(Capacity);
    private SpinLock _lock;

    /// <inheritdoc/>
    public override void BeginLine() => _lock.Enter();

    /// <inheritdoc/>
    public override void EndLine() => _lock.Exit();

    /// <inheritdoc/>
    public override void Write(byte value)
    {
        if (value != '\r')
        {
            _lines.Append(value);
        }
    }

    /// <summary>Reads lines; see <see cref="MachineControl.ReadLog"/>.</summary>
    internal int Read(ref ulong position, Span<byte> buffer, out ulong start, out ulong end)
    {
        _lock.Enter();
        position = _lines.Resolve(position);
        start = _lines.Start;
        end = _lines.End;
        ulong next = position;
        int count = _lines.Read(ref next, buffer.Slice(0, Math.Min(buffer.Length, LongestReading)));
        _lock.Exit();
        return count;
    }
}
