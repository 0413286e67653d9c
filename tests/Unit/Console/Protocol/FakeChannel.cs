using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Drivers;

namespace SharpVisor.Tests.Unit.Console.Protocol;

/// <summary>A channel whose other end is in the test's hands.</summary>
internal sealed class FakeChannel : ByteChannel
{
    private readonly Queue<byte[]> _received = [];
    private readonly byte[] _buffer = new byte[5000];
    private byte[] _current = [];
    private int _place;
    private uint _openings = 1;
    private bool _isOpen = true;
    private bool _hasChanged;

    /// <summary>What was sent.</summary>
    public List<byte> Sent { get; } = [];

    /// <summary>How many buffers are free for what is sent.</summary>
    public int FreeBuffers { get; set; } = int.MaxValue;

    public int Flushes { get; private set; }

    public int Waiting => _current.Length - _place + _received.Sum(piece => piece.Length);

    public override uint Interrupt => 77;

    public override bool IsOpen => _isOpen;

    public override uint Openings => _openings;

    public override int Window => 8;

    public override bool WantsTick => false;

    public void Receive(params byte[] bytes) => _received.Enqueue(bytes);

    /// <summary>Somebody else is there by now, which the driver has not noticed yet.</summary>
    public void ChangeUnnoticed() => _hasChanged = true;

    public override void NoticeOpenings()
    {
        _openings += _hasChanged ? 1u : 0;
        _hasChanged = false;
    }

    public void Close() => _isOpen = false;

    public void Open()
    {
        _isOpen = true;
        _openings++;
    }

    public override ReadOnlySpan<byte> Peek()
    {
        while (_place == _current.Length && _received.TryDequeue(out byte[]? next))
        {
            _current = next;
            _place = 0;
        }

        return _current.AsSpan(_place);
    }

    public override void HandleInterrupt()
    {
    }

    public override void Take(int count) => _place += count;

    public override Span<byte> BeginWrite() => FreeBuffers > 0 ? _buffer : default;

    public override void EndWrite(int length)
    {
        FreeBuffers--;
        Sent.AddRange(_buffer.AsSpan(0, length));
    }

    public override void Flush() => Flushes++;
}
