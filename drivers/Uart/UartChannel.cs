using System;

namespace SharpVisor.Drivers;

/// <summary>
/// A UART of its own as a channel of bytes. It cannot tell whether somebody is at its other end, so that it counts as open;
/// what comes faster than it is taken is lost when the UART's buffer is full, and for its owner to ask for again.
/// </summary>
/// <remarks>
/// Received bytes interrupt; what is sent goes out a hardware buffer at a time whenever somebody looks, so that nobody
/// waits for the line. Its owner does the locking.
/// </remarks>
public sealed class UartChannel : ByteChannel
{
    private const int ReceiveSize = 1024;
    private const int TransmitSize = 4608; // a frame of the control channel, with room to spare
    private const int MostWrittenAtOnce = 32;

    private readonly Uart _uart;
    private readonly byte[] _received = new byte[ReceiveSize];
    private readonly byte[] _toSend = new byte[TransmitSize];
    private int _taken;
    private int _receivedLength;
    private int _sent;
    private int _sendLength;
    private bool _isThrottled;

    /// <summary>Makes the channel; <see cref="Uart.EnableReceive"/> opens it.</summary>
    public UartChannel(Uart uart) => _uart = uart;

    /// <inheritdoc/>
    public override uint Interrupt => _uart.Interrupt;

    /// <inheritdoc/>
    public override bool IsOpen => true;

    /// <inheritdoc/>
    public override uint Openings => 1;

    /// <inheritdoc/>
    public override int Window => 1;

    /// <inheritdoc/>
    public override bool WantsTick => _sent < _sendLength;

    /// <inheritdoc/>
    public override void HandleInterrupt()
    {
        while (_receivedLength < ReceiveSize && _uart.TryRead(out byte value))
        {
            _received[_receivedLength++] = value;
        }

        if (_receivedLength == ReceiveSize)
        {
            _isThrottled = true;
            _uart.SetReceiveInterrupt(false);
        }
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Peek() => _received.AsSpan(_taken, _receivedLength - _taken);

    /// <inheritdoc/>
    public override void NoticeOpenings()
    {
    }

    /// <inheritdoc/>
    public override void Take(int count)
    {
        _taken += Math.Min(count, _receivedLength - _taken);
        if (_taken < _receivedLength)
        {
            return;
        }

        _taken = 0;
        _receivedLength = 0;
        if (_isThrottled)
        {
            _isThrottled = false;
            _uart.SetReceiveInterrupt(true);
        }
    }

    /// <inheritdoc/>
    public override Span<byte> BeginWrite()
    {
        Flush();
        return WantsTick ? default : _toSend;
    }

    /// <inheritdoc/>
    public override void EndWrite(int length)
    {
        _sent = 0;
        _sendLength = Math.Min(length, TransmitSize);
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        for (int i = 0; i < MostWrittenAtOnce && _sent < _sendLength && _uart.CanWrite; i++)
        {
            _uart.Write(_toSend[_sent++]);
        }
    }
}
