using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl.Debugging;

/// <summary>
/// Carries bytes between gdb and a VM. The hypervisor is asked at once for what gdb sends, and while nothing moves more
/// and more seldom.
/// </summary>
internal sealed class DebuggerLine : IAsyncDisposable
{
    private const int LargestInput = 64 << 10;

    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(2);

    private readonly MachineClient _machine;
    private readonly int _vm;
    private readonly Stream _gdb;
    private readonly SemaphoreSlim _arrival = new(0);
    private readonly MemoryStream _input = new();
    private ulong _taken;
    private ulong _received;
    private bool _hasEnded;

    internal DebuggerLine(MachineClient machine, int vm, Stream gdb)
    {
        _machine = machine;
        _vm = vm;
        _gdb = gdb;
    }

    /// <summary>Carries on until gdb has gone, or the VM.</summary>
    /// <exception cref="ControlException">The machine does not answer, or the VM is not to be debugged any longer.</exception>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task reading = ReadAsync(ending.Token);
        try
        {
            TimeSpan wait = s_shortest;
            while (true)
            {
                byte[] input = Pending(out bool hasEnded);
                DebuggerPiece piece = await _machine.TalkToDebuggerAsync(_vm, _received, _taken, input, cancellation);
                bool isMoved = piece.Taken != _taken || !piece.Bytes.IsEmpty;
                Consume(piece.Taken - _taken);
                _received += (uint)piece.Bytes.Length;
                if (!piece.Bytes.IsEmpty)
                {
                    await _gdb.WriteAsync(piece.Bytes, cancellation);
                }

                if (hasEnded || (piece.IsDone && piece.Bytes.IsEmpty))
                {
                    return;
                }

                wait = isMoved ? s_shortest : wait * 2 < s_longest ? wait * 2 : s_longest;
                if (!isMoved && await _arrival.WaitAsync(wait, cancellation))
                {
                    wait = s_shortest;
                }
            }
        }
        catch (IOException)
        {
            // gdb has gone in the middle.
        }
        finally
        {
            await ending.CancelAsync();
            await reading;
        }
    }

    /// <summary>Whatever ended it: the hypervisor is told that gdb has gone.</summary>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource limit = new(s_farewell);
        try
        {
            await _machine.DetachDebuggerAsync(_vm, limit.Token);
        }
        catch (Exception exception) when (exception is ControlException or OperationCanceledException)
        {
            // There is nobody to tell: the session's end does the same.
        }

        _arrival.Dispose();
        await _input.DisposeAsync();
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        byte[] buffer = new byte[LargestInput];
        try
        {
            int count;
            while ((count = await _gdb.ReadAsync(buffer, cancellation)) != 0)
            {
                lock (_input)
                {
                    _input.Write(buffer, 0, count);
                }

                _arrival.Release();
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It has gone, or we go.
        }

        lock (_input)
        {
            _hasEnded = true;
        }

        if (!cancellation.IsCancellationRequested)
        {
            _arrival.Release();
        }
    }

    private byte[] Pending(out bool hasEnded)
    {
        lock (_input)
        {
            hasEnded = _hasEnded && _input.Length == 0;
            int count = (int)Math.Min(_input.Length, _machine.DebuggerPiece);
            return _input.GetBuffer().AsSpan(0, count).ToArray();
        }
    }

    private void Consume(ulong count)
    {
        lock (_input)
        {
            byte[] rest = _input.GetBuffer().AsSpan((int)count, (int)_input.Length - (int)count).ToArray();
            _input.SetLength(0);
            _input.Write(rest);
        }

        _taken += count;
    }
}
