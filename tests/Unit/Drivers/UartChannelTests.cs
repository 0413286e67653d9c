using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Drivers;
using Xunit;

namespace SharpVisor.Tests.Unit.Drivers;

public sealed class UartChannelTests
{
    private readonly ModelUart _uart = new();
    private readonly UartChannel _channel;

    public UartChannelTests() => _channel = new UartChannel(_uart);

    [Fact]
    public void Bytes_arrive_in_order_and_a_full_buffer_leaves_them_in_the_hardware()
    {
        byte[] bytes = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i * 7))];
        _uart.Received = new Queue<byte>(bytes);
        List<byte> got = [];
        while (_uart.Received.Count != 0 || !_channel.Peek().IsEmpty)
        {
            if (_uart.IsReceiving)
            {
                _channel.HandleInterrupt();
            }

            Assert.InRange(_channel.Peek().Length, 1, 1024);
            int count = Math.Min(_channel.Peek().Length, 300);
            got.AddRange(_channel.Peek()[..count]);
            _channel.Take(count);
        }

        Assert.Equal(bytes, got);
        Assert.True(_uart.IsReceiving);
        Assert.True(_uart.WasThrottled, "the buffer was never full");
    }

    [Fact]
    public void What_is_sent_goes_out_as_the_hardware_has_room_and_nobody_waits()
    {
        Span<byte> buffer = _channel.BeginWrite();
        for (int i = 0; i < 100; i++)
        {
            buffer[i] = (byte)i;
        }

        _channel.EndWrite(100);
        _channel.Flush();
        Assert.Equal(16, _uart.Sent.Count);
        Assert.True(_channel.WantsTick);
        Assert.True(_channel.BeginWrite().IsEmpty);
        int looks = 0;
        while (_channel.WantsTick)
        {
            _uart.Room = 16;
            _channel.Flush();
            looks++;
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => (byte)i), _uart.Sent);
        Assert.Equal(6, looks);
        Assert.False(_channel.BeginWrite().IsEmpty);
        Assert.Equal((true, 1u, 1), (_channel.IsOpen, _channel.Openings, _channel.Window));
    }

    private sealed class ModelUart() : Uart(0)
    {
        public Queue<byte> Received { get; set; } = [];

        public List<byte> Sent { get; } = [];

        public int Room { get; set; } = 16;

        public bool IsReceiving { get; private set; } = true;

        public bool WasThrottled { get; private set; }

        public override bool CanWrite => Room > 0;

        public override void EnableReceive() => IsReceiving = true;

        public override bool TryRead(out byte value) => Received.TryDequeue(out value);

        public override void SetReceiveInterrupt(bool enabled)
        {
            IsReceiving = enabled;
            WasThrottled |= !enabled;
        }

        public override void Write(byte value)
        {
            Assert.True(Room-- > 0, "it would wait");
            Sent.Add(value);
        }
    }
}
