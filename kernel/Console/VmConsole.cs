using System;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Devices;

namespace SharpVisor.Console;

/// <summary>
/// A VM's end of the serial line. What the guest writes is kept, and is shown where the VM is attached; what was typed
/// for it waits here.
/// </summary>
/// <remarks>
/// Lock order: the VM's UART, then the input lock; the output lock, then <see cref="Terminal"/>'s. The output and the
/// input lock are never held together, and the UART is called with neither.
/// </remarks>
internal sealed class VmConsole : ConsoleBackend
{
    private const int OutputCapacity = 16 << 10;
    private const int InputCapacity = 4 << 10;

    // Only filled when one looks for the escape key behind input that the guest does not take.
    private const int InputReserve = 1 << 10;
    private const int Piece = 64;
    private const int LongestMergedLine = 200;
    private const ulong LongestRepeatedLine = 256;

    // The guest's next byte waits while one reads.
    private const int LongestReading = 1024;

    private readonly HostConsole _host;
    private readonly OutputRing _output = new(OutputCapacity);
    private readonly InputRing _input = new(InputCapacity);
    private readonly VmName _name;
    private SpinLock _outputLock;
    private SpinLock _inputLock;
    private ulong _shown;
    private ulong _lineStart;
    private bool _isAttached;
    private bool _isThrottling;
    private Pl011Device? _uart;

    /// <summary>Makes the console of a VM.</summary>
    /// <param name="host">The machine's console.</param>
    /// <param name="vm">Number of the VM.</param>
    /// <param name="name">Its name.</param>
    internal VmConsole(HostConsole host, int vm, ReadOnlySpan<byte> name)
    {
        _host = host;
        _name = VmName.From(name);
        Vm = vm;
    }

    /// <summary>Number of the VM.</summary>
    internal int Vm { get; }

    /// <summary>The VM's name.</summary>
    internal VmName Name => _name;

    /// <summary>Bytes of output that nobody has seen.</summary>
    internal ulong Unseen => _isAttached ? 0 : _output.End - _shown;

    /// <summary>Names the UART, which is made after its backend.</summary>
    internal void Connect(Pl011Device uart) => _uart = uart;

    /// <inheritdoc/>
    public override void Transmit(byte value)
    {
        _outputLock.Enter();
        _output.Append(value);
        if (_isAttached)
        {
            _host.Terminal.Guest(value);
        }

        if (value == '\n')
        {
            EndLine();
        }

        _outputLock.Exit();
    }

    /// <inheritdoc/>
    public override bool TryTake(out byte value)
    {
        _inputLock.Enter();
        bool taken = _input.TryTake(out value);
        if (taken && _isThrottling && _input.Room > InputReserve)
        {
            _isThrottling = false;
            _host.Resume();
        }

        _inputLock.Exit();
        return taken;
    }

    /// <summary>Keeps a typed byte for the guest, which <see cref="Notify"/> tells of it.</summary>
    internal void Put(byte value)
    {
        _inputLock.Enter();
        _input.TryPut(value);
        _inputLock.Exit();
    }

    /// <summary>Lets the guest's UART take what was typed.</summary>
    /// <param name="self">Index of the VM's VCpu that the calling CPU runs, or -1.</param>
    internal void Notify(int self) => _uart?.ReadInput(self);

    /// <summary>Whether there is room for a typed byte; where there is none, the serial line waits until there is.</summary>
    /// <param name="intoReserve">Whether the reserve counts.</param>
    internal bool HasRoomOrThrottles(bool intoReserve)
    {
        _inputLock.Enter();
        bool hasRoom = _input.Room > (intoReserve ? 0 : InputReserve);
        if (!hasRoom)
        {
            _isThrottling = true;
            _host.Throttle();
        }

        _inputLock.Exit();
        return hasRoom;
    }

    /// <summary>Goes back to where output begins that nobody has seen, or else to the begin of the guest's line.</summary>
    /// <returns>Bytes that were not seen and are not kept.</returns>
    internal ulong BeginAttach()
    {
        _outputLock.Enter();
        ulong lost = _shown < _output.Start ? _output.Start - _shown : 0;
        if (_shown == _output.End)
        {
            _shown = _output.End - Math.Min(_output.End - _lineStart, LongestRepeatedLine);
        }

        _outputLock.Exit();
        return lost;
    }

    /// <summary>Shows a piece of what was not seen. True when there is more; else what the guest writes is shown at once from now on.</summary>
    internal bool ShowMore() => Show(ref _shown, attach: true);

    /// <summary>Shows what the guest writes from now on, and nothing of what it wrote.</summary>
    internal void ShowFromNow()
    {
        _outputLock.Enter();
        _isAttached = true;
        _outputLock.Exit();
    }

    /// <summary>Stops showing what the guest writes. False where it was not shown.</summary>
    internal bool Detach()
    {
        _outputLock.Enter();
        bool wasAttached = _isAttached;
        _isAttached = false;
        if (wasAttached)
        {
            _shown = _output.End;
        }

        _outputLock.Exit();
        return wasAttached;
    }

    /// <summary>Shows all output that is kept.</summary>
    internal void Replay()
    {
        ulong position = 0;
        for (int i = 0; i < 2 * OutputCapacity / Piece && Show(ref position, attach: false); i++)
        {
        }

        _outputLock.Enter();
        _shown = _output.End;
        _outputLock.Exit();
    }

    /// <summary>Reads what the VM has written, which changes nothing of what a person has seen of it.</summary>
    /// <param name="position">Position to read from; afterwards that of the first byte that was read, as <see cref="OutputRing.Resolve"/> has it.</param>
    /// <param name="buffer">Where it goes.</param>
    /// <param name="end">Position behind the newest byte.</param>
    /// <returns>Number of bytes.</returns>
    internal int Read(ref ulong position, Span<byte> buffer, out ulong end)
    {
        _outputLock.Enter();
        position = _output.Resolve(position);
        end = _output.End;
        ulong next = position;
        int count = _output.Read(ref next, buffer.Slice(0, Math.Min(buffer.Length, LongestReading)));
        _outputLock.Exit();
        return count;
    }

    /// <summary>Keeps bytes that were typed elsewhere, as many as there is room for.</summary>
    /// <returns>How many.</returns>
    internal int Put(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        _inputLock.Enter();
        while (count < bytes.Length && _input.Room > InputReserve)
        {
            _input.TryPut(bytes[count++]);
        }

        _inputLock.Exit();
        return count;
    }

    // In pieces, so that neither the guest nor the log waits for a slow line for long.
    private bool Show(ref ulong position, bool attach)
    {
        Span<byte> piece = stackalloc byte[Piece];
        _outputLock.Enter();
        int count = _output.Read(ref position, piece);
        _host.Terminal.Guest(piece.Slice(0, count));
        if (attach && position == _output.End)
        {
            _isAttached = true;
        }

        bool more = position != _output.End;
        _outputLock.Exit();
        return more;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndLine()
    {
        if (!_isAttached && _host.IsMerged)
        {
            ShowMerged();
        }

        _lineStart = _output.End;
    }

    /// <summary>Shows the line that has just ended, with the VM's name before it and without what moves the cursor.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ShowMerged()
    {
        Terminal terminal = _host.Terminal;
        ulong position = Math.Max(_lineStart, _output.Start);
        Span<byte> one = stackalloc byte[1];
        terminal.BeginLine();
        terminal.Write((byte)'[');
        for (int i = 0; i < _name.Length; i++)
        {
            terminal.Write(_name[i]);
        }

        terminal.Write((byte)']');
        terminal.Write((byte)' ');
        bool inSequence = false;
        for (int i = 0; i < LongestMergedLine && _output.Read(ref position, one) != 0; i++)
        {
            byte value = one[0];
            if (inSequence)
            {
                inSequence = value is (byte)'[' or < 0x40; // until the byte that ends ESC [ 1 ; 31 m
            }
            else if (value == 0x1b)
            {
                inSequence = true;
            }
            else if (value is >= 0x20 and not 0x7f)
            {
                terminal.Write(value);
            }
        }

        terminal.Write((byte)'\r');
        terminal.Write((byte)'\n');
        terminal.EndLine();
        _shown = _output.End;
    }
}
