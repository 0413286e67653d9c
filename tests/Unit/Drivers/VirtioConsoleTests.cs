using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SharpVisor.Drivers;
using Xunit;

namespace SharpVisor.Tests.Unit.Drivers;

public sealed class VirtioConsoleTests : IDisposable
{
    private const string Name = "sharpvisor.control";

    private readonly DeviceMemory _memory = new(VirtioConsole.MemorySize);

    public void Dispose() => _memory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_port_with_the_name_is_used(bool isLegacy)
    {
        ModelConsole device = new() { Legacy = isLegacy, Ports = { [0] = "tty", [1] = "org.qemu.guest_agent.0", [2] = Name, [3] = null } };
        ConsolePort channel = Start(device);
        Assert.Equal(2, channel.Port);
        Assert.Equal([2], device.GuestOpen);
        Assert.False(channel.IsOpen);
        Assert.Equal(device.Interrupt, channel.Interrupt);
        Open(device, channel, 2);
        Assert.True(channel.IsOpen);
        Assert.Equal(1u, channel.Openings);
        device.Tell(2, 6, 0);
        channel.HandleInterrupt();
        Assert.False(channel.IsOpen);
        Open(device, channel, 2);
        Assert.Equal(2u, channel.Openings);
    }

    [Fact]
    public void Without_that_name_the_first_port_without_a_name_that_somebody_opens_is_used()
    {
        ModelConsole device = new() { Ports = { [0] = "tty", [1] = "org.qemu.guest_agent.0", [2] = null, [3] = null } };
        ConsolePort channel = Start(device);
        Assert.Equal(-1, channel.Port);
        Open(device, channel, 0);
        Open(device, channel, 1);
        Assert.Equal(-1, channel.Port);
        Open(device, channel, 3);
        Assert.Equal(3, channel.Port);
        Assert.True(channel.IsOpen);
        Open(device, channel, 2);
        Assert.Equal([3], device.GuestOpen);
    }

    [Fact]
    public void Somebody_may_be_there_before_the_machine_starts()
    {
        ModelConsole device = new() { Ports = { [1] = Name }, HostOpen = { 1 } };
        Assert.True(Start(device).IsOpen);
    }

    [Fact]
    public void Ports_that_are_too_many_are_left_alone()
    {
        ModelConsole device = new() { Ports = { [1] = "other", [4] = Name, [30] = null } };
        ConsolePort channel = Start(device);
        Open(device, channel, 4);
        Open(device, channel, 30);
        Assert.Equal(-1, channel.Port);
    }

    [Fact]
    public void A_port_that_goes_has_nobody_at_its_other_end()
    {
        ModelConsole device = new() { Ports = { [1] = Name }, HostOpen = { 1 } };
        ConsolePort channel = Start(device);
        device.Tell(1, 2, 0);
        channel.HandleInterrupt();
        Assert.False(channel.IsOpen);
    }

    [Fact]
    public void Devices_that_cannot_be_used_are_given_up()
    {
        foreach (ModelConsole device in new[]
        {
            new ModelConsole { Features = 1ul << 32 },
            new ModelConsole { Features = 2 },
            new ModelConsole { RefusesFeatures = true },
            new ModelConsole { QueueSize = 4 },
        })
        {
            Assert.False(VirtioConsole.TryStart(device, Encoding.ASCII.GetBytes(Name), _memory.Address, out _));
            Assert.True(device.HasFailed);
        }
    }

    [Fact]
    public void A_device_with_two_ports_has_queues_for_no_more()
    {
        ModelConsole device = new() { MostPorts = 2, Ports = { [1] = Name } };
        Assert.Equal(1, Start(device).Port);
    }

    [Fact]
    public void Bytes_arrive_in_order_and_their_buffers_go_back()
    {
        ModelConsole device = new() { Ports = { [1] = Name }, HostOpen = { 1 } };
        ConsolePort channel = Start(device);
        ModelQueue queue = device.Queue(4);
        Random random = new(3);
        List<byte> sent = [];
        List<byte> got = [];
        for (int i = 0; i < 2000; i++)
        {
            byte[] piece = new byte[random.Next(4) == 0 ? 0 : random.Next(4097)];
            random.NextBytes(piece);
            if (queue.TryFill(piece))
            {
                sent.AddRange(piece);
            }

            for (int take = random.Next(3); take > 0; take--)
            {
                ReadOnlySpan<byte> received = channel.Peek();
                int count = random.Next(received.Length + 1);
                got.AddRange(received[..count]);
                channel.Take(count);
            }

            channel.Flush();
        }

        while (!channel.Peek().IsEmpty)
        {
            got.AddRange(channel.Peek());
            channel.Take(channel.Peek().Length);
        }

        Assert.Equal(sent, got);
        Assert.True(sent.Count > 200_000, "little came through");
        channel.Flush();
        Assert.Equal(8, Enumerable.Range(0, 20).Count(_ => queue.TryFill([1])));
    }

    [Fact]
    public void What_is_sent_waits_for_a_buffer_and_an_interrupt_tells_of_it()
    {
        ModelConsole device = new() { Ports = { [1] = Name }, HostOpen = { 1 } };
        ConsolePort channel = Start(device);
        ModelQueue queue = device.Queue(5);
        int sent = 0;
        for (Span<byte> buffer = channel.BeginWrite(); !buffer.IsEmpty; buffer = channel.BeginWrite())
        {
            Assert.False(queue.WantsInterrupt);
            Assert.True(buffer.Length > 4125, "a frame does not fit");
            buffer[0] = (byte)sent++;
            channel.EndWrite(1);
        }

        Assert.Equal(8, sent);
        Assert.True(queue.WantsInterrupt);
        device.Notified.Clear();
        channel.Flush();
        channel.Flush();
        Assert.Equal([5], device.Notified);
        Assert.Equal([0], queue.TryDrain());
        Assert.False(channel.BeginWrite().IsEmpty);
        Assert.False(queue.WantsInterrupt);
        Assert.Equal(Enumerable.Range(1, 7).Select(i => new[] { (byte)i }), Enumerable.Range(1, 7).Select(_ => queue.TryDrain()));
    }

    [Fact]
    public void Nothing_is_sent_before_it_is_known_where_to()
    {
        ModelConsole device = new() { Ports = { [1] = "other" } };
        ConsolePort channel = Start(device);
        Assert.True(channel.BeginWrite().IsEmpty);
        Assert.True(channel.Peek().IsEmpty);
        channel.EndWrite(5);
        channel.Take(5);
        channel.Flush();
        Assert.DoesNotContain(5, device.Notified);
    }

    [Fact]
    public void Messages_that_make_no_sense_are_passed_over()
    {
        ModelConsole device = new() { Ports = { [1] = Name } };
        ConsolePort channel = Start(device);
        Random random = new(9);
        for (int i = 0; i < 3000; i++)
        {
            byte[] message = new byte[random.Next(97)];
            random.NextBytes(message);
            if (i % 3 == 0 && message.Length >= 8)
            {
                message[1] = message[2] = message[3] = message[5] = 0; // ports and events that there are, too
                message[0] %= 6;
                message[4] %= 8;
            }

            Assert.True(device.Queue(2).TryFill(message), "a buffer did not come back");
            channel.HandleInterrupt();
        }

        Assert.Equal(1, channel.Port);
    }

    private ConsolePort Start(ModelConsole device)
    {
        Assert.True(VirtioConsole.TryStart(device, Encoding.ASCII.GetBytes(Name), _memory.Address, out VirtioConsole? console));
        Assert.True(device.IsRunning);
        for (int i = 0; i < 10 && device.IsInterrupting; i++)
        {
            console!.Channel.HandleInterrupt();
        }

        return console!.Channel;
    }

    private static void Open(ModelConsole device, ConsolePort channel, int port)
    {
        device.Tell(port, 6, 1);
        while (device.IsInterrupting)
        {
            channel.HandleInterrupt();
        }
    }
}
