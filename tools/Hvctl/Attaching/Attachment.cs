using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Commands;

namespace SharpVisor.Hvctl.Attaching;

/// <summary>
/// A terminal on a VM's console. What the VM prints is read by its position, so that others may read the same; it is asked
/// for often while something goes on, seldom while nothing does.
/// </summary>
internal sealed class Attachment
{
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_late = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan s_typing = TimeSpan.FromMilliseconds(500);

    private readonly MachineClient _machine;
    private readonly int _vm;
    private readonly RawTerminal _terminal;
    private readonly AttachOptions _options;
    private readonly Action<string> _note;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly StringBuilder _seen = new();
    private readonly Stopwatch _sinceOutput = Stopwatch.StartNew();
    private bool _hasTextCome;
    private bool _hasInputEnded;
    private bool _hasEscaped;

    /// <summary>An attachment that has not begun.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="vm">Number of the VM.</param>
    /// <param name="terminal">The terminal.</param>
    /// <param name="options">How.</param>
    /// <param name="note">Says what is not the VM's.</param>
    internal Attachment(MachineClient machine, int vm, RawTerminal terminal, AttachOptions options, Action<string> note)
    {
        _machine = machine;
        _vm = vm;
        _terminal = terminal;
        _options = options;
        _note = note;
    }

    /// <summary>The state that the VM was seen in last.</summary>
    internal VmState State { get; private set; }

    /// <summary>Shows and types until there is a reason to leave.</summary>
    /// <exception cref="ControlException">The machine is gone.</exception>
    internal async Task<Detachment> RunAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ulong next = await ShowHistoryAsync(ending.Token);
        Task typing = TypeAsync(ending.Token);
        try
        {
            return await ShowAsync(next, typing, ending.Token);
        }
        finally
        {
            await ending.CancelAsync();
            try
            {
                await typing;
            }
            catch (Exception exception) when (exception is OperationCanceledException or ControlException)
            {
                // Whatever it was, the console is left.
            }
        }
    }

    /// <summary>Shows the last lines of what was printed before.</summary>
    /// <returns>The position to go on from.</returns>
    private async Task<ulong> ShowHistoryAsync(CancellationToken cancellation)
    {
        if (_options.History == 0)
        {
            TextPiece end = await _machine.ReadConsoleAsync(_vm, ControlFrame.FromEnd, cancellation);
            State = end.State;
            return end.End;
        }

        List<byte> kept = [];
        TextPiece piece = await _machine.ReadConsoleAsync(_vm, 0, cancellation);
        kept.AddRange(piece.Bytes.Span);
        while (piece.HasMore && !piece.Bytes.IsEmpty)
        {
            piece = await _machine.ReadConsoleAsync(_vm, piece.Next, cancellation);
            kept.AddRange(piece.Bytes.Span);
        }

        // Latin-1 keeps each byte as it is.
        byte[] last = Encoding.Latin1.GetBytes(LogCommand.LastLines(Encoding.Latin1.GetString(kept.ToArray()), _options.History));
        await _terminal.WriteAsync(last);
        _hasTextCome = _options.Until is string text && HasCome(text, last);
        State = piece.State;
        return piece.Next;
    }

    private async Task<Detachment> ShowAsync(ulong next, Task typing, CancellationToken cancellation)
    {
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan pause = s_soon;
        while (true)
        {
            TextPiece piece = await _machine.ReadConsoleAsync(_vm, next, cancellation);
            if (piece.Position > next)
            {
                _note($"[{piece.Position - next} bytes were lost]");
            }
            else if (piece.Position < next)
            {
                _note("[the virtual machine was made anew]");
            }

            State = piece.State;
            next = piece.Next;
            if (!piece.Bytes.IsEmpty)
            {
                await _terminal.WriteAsync(piece.Bytes);
                _sinceOutput.Restart();
                pause = s_soon;
            }

            if (typing.IsFaulted)
            {
                await typing;
            }

            if (Leave(piece, watch.Elapsed) is Detachment reason)
            {
                return reason;
            }

            if (piece.HasMore)
            {
                continue;
            }

            pause = await _wake.WaitAsync(pause, cancellation) ? s_soon : pause * 2 < s_late ? pause * 2 : s_late;
        }
    }

    private Detachment? Leave(in TextPiece piece, TimeSpan elapsed)
    {
        if (Volatile.Read(ref _hasEscaped))
        {
            return Detachment.Escape;
        }

        if (_options.Until is string text)
        {
            _hasTextCome |= HasCome(text, piece.Bytes.Span);
            if (_hasTextCome)
            {
                return Detachment.TextCame;
            }

            if (elapsed >= _options.Limit)
            {
                return Detachment.TextMissing;
            }
        }

        if (piece.HasMore)
        {
            return null;
        }

        if (piece.State is VmState.Stopped or VmState.Crashed)
        {
            return Detachment.VmEnded;
        }

        return _options.Until is null && Volatile.Read(ref _hasInputEnded) && _sinceOutput.Elapsed >= _options.Idle ? Detachment.InputEnded : null;
    }

    private bool HasCome(string text, ReadOnlySpan<byte> bytes)
    {
        _seen.Append(Encoding.Latin1.GetString(bytes));
        bool hasCome = _seen.ToString().Contains(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)), StringComparison.Ordinal);
        int surplus = _seen.Length - (4 * text.Length);
        if (surplus > 0)
        {
            _seen.Remove(0, surplus);
        }

        return hasCome;
    }

    private async Task TypeAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (byte[] typed in _terminal.Input.ReadAllAsync(cancellation))
            {
                int escape = _terminal.IsInputTerminal ? Array.IndexOf(typed, _options.Escape) : -1;
                await SendAsync(escape < 0 ? typed : typed.AsMemory(0, escape), cancellation);
                if (escape >= 0)
                {
                    Volatile.Write(ref _hasEscaped, true);
                    _wake.Release();
                    return;
                }
            }
        }
        catch (ChannelClosedException)
        {
            // The same as its end.
        }

        _sinceOutput.Restart();
        Volatile.Write(ref _hasInputEnded, true);
        _wake.Release();
    }

    /// <summary>
    /// Types for the VM; a guest that is slow gets the rest later. One that takes nothing at all must not keep a person
    /// from the key that leaves: what was typed is dropped then. A script is told.
    /// </summary>
    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        Stopwatch sinceTaken = Stopwatch.StartNew();
        while (!bytes.IsEmpty)
        {
            int taken = await _machine.WriteConsoleAsync(_vm, bytes, cancellation);
            bytes = bytes[taken..];
            _wake.Release();
            if (taken != 0)
            {
                sinceTaken.Restart();
            }
            else if (_terminal.IsInputTerminal && sinceTaken.Elapsed > s_typing)
            {
                return;
            }
            else if (sinceTaken.Elapsed > _options.Limit)
            {
                throw new ControlException(ControlError.TimedOut, $"the guest has taken nothing of its input for {_options.Limit.TotalSeconds:0.#} s");
            }

            if (!bytes.IsEmpty)
            {
                await Task.Delay(s_late, cancellation);
            }
        }
    }
}
