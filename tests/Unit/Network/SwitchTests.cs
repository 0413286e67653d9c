using System;
using System.Linq;
using SharpVisor.Network;
using Xunit;

namespace SharpVisor.Tests.Unit.Network;

public sealed class SwitchTests
{
    private const ulong Frequency = 1_000_000;
    private const ulong MacA = 0x0200_0000_000a;
    private const ulong MacB = 0x0200_0000_000b;
    private const ulong Stranger = 0x0200_0000_00ff;

    private readonly VirtualSwitch _switch = new(Frequency);
    private readonly int _a;
    private readonly int _b;
    private readonly int _uplink;

    public SwitchTests()
    {
        Assert.True(_switch.TryAttach(new PortSettings { Mac = MacA, Rate = 100_000, Burst = 3000 }, false, 0, out _a));
        Assert.True(_switch.TryAttach(new PortSettings { Mac = MacB }, false, 0, out _b));
        Assert.True(_switch.TryAttach(new PortSettings(), true, 0, out _uplink));
    }

    [Fact]
    public void A_frame_for_a_machine_goes_there_alone() => Assert.Equal(1ul << _b, Send(_a, MacB, MacA));

    [Fact]
    public void A_frame_for_a_stranger_goes_to_the_uplink_alone() => Assert.Equal(1ul << _uplink, Send(_a, Stranger, MacA));

    [Fact]
    public void A_broadcast_goes_to_all_but_its_sender() =>
        Assert.Equal(1ul << _b | 1ul << _uplink, Send(_a, EthernetFrame.Broadcast, MacA));

    [Fact]
    public void What_is_behind_the_uplink_is_learnt_and_forgotten()
    {
        Assert.Equal(1ul << _a, Send(_uplink, MacA, Stranger));
        Assert.True(_switch.TryAttach(new PortSettings { Mac = 0x0200_0000_000c, AllowsSpoofing = true }, false, 0, out int free));
        Assert.Equal(1ul << _uplink, Send(_b, Stranger, MacB, 1));
        Assert.Equal(1ul << _uplink | 1ul << free, Send(_b, Stranger, MacB, (300 * Frequency) + 2));
    }

    [Fact]
    public void Another_machines_address_as_sender_is_refused()
    {
        Assert.Equal(0ul, Send(_a, MacB, MacB));
        Assert.Equal(0ul, Send(_uplink, MacB, MacA));
        Assert.Equal(1ul, _switch.StatisticsOf(_a).Drops[(int)DropReason.Spoofed]);
        Assert.Equal(1ul, _switch.StatisticsOf(_uplink).Drops[(int)DropReason.Spoofed]);
    }

    [Fact]
    public void Another_machines_address_in_arp_is_refused()
    {
        Assert.NotEqual(0ul, Send(_b, EthernetFrame.Arp(MacB, MacB, "10.0.0.2")));
        Assert.Equal(0ul, Send(_a, EthernetFrame.Arp(MacA, MacB, "10.0.0.2")));
        Assert.Equal(0ul, Send(_a, EthernetFrame.Arp(MacA, MacA, "10.0.0.2")));
        Assert.NotEqual(0ul, Send(_a, EthernetFrame.Arp(MacA, MacA, "10.0.0.1")));
        Assert.Equal(2ul, _switch.StatisticsOf(_a).Drops[(int)DropReason.ArpSpoofed]);
    }

    [Fact]
    public void The_gateway_gets_back_what_a_machine_claims_before_it()
    {
        Assert.NotEqual(0ul, Send(_a, EthernetFrame.Arp(MacA, MacA, "10.0.0.254")));
        Assert.NotEqual(0ul, Send(_uplink, EthernetFrame.Arp(Stranger, Stranger, "10.0.0.254")));
        Assert.Equal(0ul, Send(_a, EthernetFrame.Arp(MacA, MacA, "10.0.0.254")));
    }

    [Fact]
    public void A_port_sends_no_more_than_its_rate()
    {
        Assert.Equal(0, Enumerable.Range(0, 30).Count(_ => Send(_a, MacB, MacA, 1, 100) == 0));
        Assert.Equal(0ul, Send(_a, MacB, MacA, 1, 100));
        Assert.Equal(0ul, Send(_a, MacB, MacA, 1, 99 + 1));
        Assert.NotEqual(0ul, Send(_a, MacB, MacA, 1001, 100));
        Assert.Equal(0ul, Send(_a, MacB, MacA, 1001, 100));
        Assert.Equal(3ul, _switch.StatisticsOf(_a).Drops[(int)DropReason.RateLimited]);
    }

    [Fact]
    public void Over_a_long_time_the_rate_is_exact()
    {
        ulong sent = 0;
        for (ulong now = 0; now < 10 * Frequency; now += 137)
        {
            sent += Send(_a, MacB, MacA, now, 100) != 0 ? 100ul : 0;
        }

        Assert.InRange(sent, 1_000_000ul, 1_003_000ul);
    }

    [Fact]
    public void A_machine_that_floods_addresses_takes_no_room_from_others()
    {
        Assert.True(_switch.TryAttach(new PortSettings { Mac = 0x0200_0000_000c, AllowsSpoofing = true }, false, 0, out int hostile));
        Assert.NotEqual(0ul, Send(_uplink, MacA, Stranger));
        for (ulong i = 0; i < 5000; i++)
        {
            Send(hostile, EthernetFrame.Broadcast, 0x0400_0000_0000 + i);
        }

        Assert.Equal(1ul << _uplink, Send(_a, Stranger, MacA));
        Assert.Equal(1ul << hostile, Send(_a, 0x0400_0000_0000 + 4999, MacA));
        Assert.Equal(1ul << hostile | 1ul << _uplink, Send(_a, 0x0400_0000_0000 + 4000, MacA));
    }

    [Fact]
    public void Two_ports_cannot_have_one_address() =>
        Assert.False(_switch.TryAttach(new PortSettings { Mac = MacA }, false, 0, out _));

    [Fact]
    public void All_ports_find_room()
    {
        for (ulong i = 0; i < 61; i++)
        {
            Assert.True(_switch.TryAttach(new PortSettings { Mac = 0x0600_0000_0000 + i }, false, 0, out _));
        }

        Assert.False(_switch.TryAttach(new PortSettings { Mac = 0x0700_0000_0000 }, false, 0, out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(13)]
    [InlineData(16)]
    public void A_frame_that_ends_in_its_head_is_none(int length)
    {
        byte[] frame = EthernetFrame.Udp(MacB, MacA, "10.0.0.1", 20, 5);
        Assert.False(FrameHead.TryRead(frame.AsSpan(0, length), out _));
    }

    [Fact]
    public void Any_bytes_have_a_head_or_none()
    {
        Random random = new(1);
        byte[] frame = EthernetFrame.Arp(MacA, MacA, "10.0.0.1");
        int heads = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] some = frame.AsSpan(0, random.Next(frame.Length + 1)).ToArray();
            for (int j = random.Next(4); j > 0 && some.Length > 0; j--)
            {
                some[random.Next(some.Length)] = (byte)random.Next(256);
            }

            heads += FrameHead.TryRead(some, out FrameHead head) && FrameHead.IsStation(head.Source) ? 1 : 0;
        }

        Assert.InRange(heads, 5000, 19_000);
    }

    private ulong Send(int port, ulong destination, ulong source, ulong now = 0, int length = 60) =>
        Send(port, EthernetFrame.Udp(destination, source, "0.0.0.0", length - 42), now);

    private ulong Send(int port, byte[] frame, ulong now = 0)
    {
        Assert.True(FrameHead.TryRead(frame.AsSpan(0, Math.Min(frame.Length, FrameHead.Size)), out FrameHead head));
        return _switch.Forward(port, head, (uint)frame.Length, now, out _, out _);
    }
}
