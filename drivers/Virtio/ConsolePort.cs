using System;
using System.Numerics;

namespace SharpVisor.Drivers;

/// <summary>A port of a virtio console as a channel of bytes: a queue in each direction, with buffers of its own.</summary>
/// <remarks>Its owner does the locking.</remarks>
public sealed unsafe class ConsolePort : ByteChannel
{
    /// <summary>Bytes of memory for the buffers.</summary>
    public const ulong MemorySize = (ReceiveBuffers * ReceiveSize) + (TransmitBuffers * TransmitSize);

    private const int ReceiveBuffers = 8;
    private const int ReceiveSize = 4096;
    private const int TransmitBuffers = 8;
    private const int TransmitSize = 4608; // a frame of the control channel, with room to spare
    private const int WindowSize = 8;

    private readonly VirtioConsole _console;
    private readonly ulong _receiveMemory;
    private readonly ulong _transmitMemory;
    private SplitQueue? _receive;
    private SplitQueue? _transmit;
    private int _port;
    private uint _freeTransmit = (1u << TransmitBuffers) - 1;
    private int _buffer = -1;
    private int _length;
    private int _place;
    private bool _mustNotifyReceive;
    private bool _mustNotifyTransmit;
    private bool _isOpen;
    private uint _openings;

    /// <summary>Makes a port that does not know yet which one it is.</summary>
    /// <param name="console">The device.</param>
    /// <param name="memory"><see cref="MemorySize"/> bytes, at the same address for the device.</param>
    internal ConsolePort(VirtioConsole console, ulong memory)
    {
        _console = console;
        Interrupt = console.Registers.Interrupt;
        _receiveMemory = memory;
        _transmitMemory = memory + (ReceiveBuffers * ReceiveSize);
    }

    /// <summary>The port's number, 0 to 30; -1 while there is none.</summary>
    public int Port => _receive == null ? -1 : _port;

    /// <inheritdoc/>
    public override uint Interrupt { get; }

    /// <inheritdoc/>
    public override bool IsOpen => _isOpen;

    /// <inheritdoc/>
    public override uint Openings => _openings;

    /// <inheritdoc/>
    public override int Window => WindowSize;

    /// <inheritdoc/>
    public override bool WantsTick => false;

    /// <inheritdoc/>
    public override void HandleInterrupt() => _console.HandleInterrupt();

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Peek()
    {
        // A device that sends empty buffers gets them back; not for ever.
        for (int i = 0; i < ReceiveBuffers && _receive != null && _buffer < 0; i++)
        {
            if (!_receive.TryTake(out uint token, out uint length))
            {
                break;
            }

            _buffer = (int)token;
            _length = (int)Math.Min(length, ReceiveSize);
            _place = 0;
            Take(0);
        }

        return _buffer < 0 ? default : new ReadOnlySpan<byte>((byte*)ReceiveBuffer(_buffer) + _place, _length - _place);
    }

    /// <inheritdoc/>
    /// <remarks>The device tells of it before it delivers bytes.</remarks>
    public override void NoticeOpenings() => _console.TakeMessages();

    /// <inheritdoc/>
    public override void Take(int count)
    {
        if (_buffer < 0)
        {
            return;
        }

        _place += Math.Min(count, _length - _place);
        if (_place == _length)
        {
            Give(_buffer);
            _buffer = -1;
        }
    }

    /// <inheritdoc/>
    public override Span<byte> BeginWrite()
    {
        if (_transmit == null)
        {
            return default;
        }

        Reclaim();
        if (_freeTransmit == 0)
        {
            if (_transmit.TryEnableInterrupt())
            {
                return default;
            }

            Reclaim();
        }

        _transmit.DisableInterrupt();
        return _freeTransmit == 0
            ? default
            : new Span<byte>((byte*)TransmitBuffer(BitOperations.TrailingZeroCount(_freeTransmit)), TransmitSize);
    }

    /// <inheritdoc/>
    public override void EndWrite(int length)
    {
        if (_freeTransmit == 0 || _transmit == null)
        {
            return;
        }

        int buffer = BitOperations.TrailingZeroCount(_freeTransmit);
        if (_transmit.TryAdd(TransmitBuffer(buffer), (uint)Math.Min(length, TransmitSize), isForDevice: false, (uint)buffer))
        {
            _freeTransmit &= ~(1u << buffer);
            _mustNotifyTransmit |= _transmit.Publish();
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        if (_receive == null)
        {
            return;
        }

        if (_receive.Publish() || _mustNotifyReceive)
        {
            _console.Registers.Notify(VirtioConsole.ReceiveQueue(_port));
            _mustNotifyReceive = false;
        }

        if (_mustNotifyTransmit)
        {
            _console.Registers.Notify(VirtioConsole.ReceiveQueue(_port) + 1);
            _mustNotifyTransmit = false;
        }
    }

    /// <summary>It is this one. From now on the device may use its buffers.</summary>
    internal void Bind(int port, SplitQueue receive, SplitQueue transmit)
    {
        _port = port;
        _receive = receive;
        _transmit = transmit;
        transmit.DisableInterrupt();
        for (int i = 0; i < ReceiveBuffers; i++)
        {
            Give(i);
        }

        Flush();
    }

    /// <summary>Somebody has come to the other end, or gone.</summary>
    internal void SetOpen(bool isOpen)
    {
        _openings += isOpen ? 1u : 0;
        _isOpen = isOpen;
    }

    private ulong ReceiveBuffer(int buffer) => _receiveMemory + (ulong)(buffer * ReceiveSize);

    private ulong TransmitBuffer(int buffer) => _transmitMemory + (ulong)(buffer * TransmitSize);

    private void Give(int buffer)
    {
        _receive!.TryAdd(ReceiveBuffer(buffer), ReceiveSize, isForDevice: true, (uint)buffer);
        _mustNotifyReceive |= _receive.Publish();
    }

    private void Reclaim()
    {
        while (_transmit!.TryTake(out uint token, out _))
        {
            _freeTransmit |= 1u << (int)token;
        }
    }
}
