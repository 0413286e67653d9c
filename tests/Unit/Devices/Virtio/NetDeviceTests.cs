using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Devices.Virtio;
using SharpVisor.Network;
using SharpVisor.Tests.Unit.Network;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>Two guests at a switch, as their drivers see it.</summary>
public sealed class NetDeviceTests
{
    private const ulong MacA = 0x0200_0000_000a;
    private const ulong MacB = 0x0200_0000_000b;
    private const ulong Checksum = 1 << 0;
    private const ulong GuestChecksum = 1 << 1;
    private const ulong GuestTso4 = 1 << 7;
    private const ulong GuestTso6 = 1 << 8;
    private const ulong HostTso4 = 1 << 11;
    private const ulong HostTso6 = 1 << 12;
    private const ulong Mergeable = 1 << 15;
    private const ulong ControlAll = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20 | 1 << 2;
    private const ulong Sending = Checksum | HostTso4 | HostTso6;
    private const ulong Receiving = GuestChecksum | GuestTso4 | GuestTso6;

    private readonly NetworkSwitch _network = new("lan"u8, new SettableNetworkClock());

    [Theory]
    [InlineData(0ul)]
    [InlineData(VirtioFeatures.PackedRing)]
    [InlineData(VirtioFeatures.PackedRing | VirtioFeatures.EventIndex | Mergeable)]
    [InlineData(VirtioFeatures.EventIndex)]
    public void A_frame_arrives_as_it_was_sent(ulong format)
    {
        NetPort a = Port(MacA, format);
        NetPort b = Port(MacB, format, 2048);
        b.Offer(10, 3);
        for (int length = 0; length < 10; length++)
        {
            byte[] frame = EthernetFrame.Udp(MacB, MacA, "10.0.0.1", length * 100);
            a.Send(frame, default, 1 + (length % 4));
            Assert.Equal(frame, b.Take(out FrameOffload offload));
            Assert.Equal(0, offload.Flags);
        }

        Assert.Null(b.Take(out _));
        Assert.Equal(1u, b.Transport.InterruptStatus);
        Assert.Equal(10ul, _network.Decider.StatisticsOf(a.Device.Port).FramesIn);
        Assert.Equal(10ul, _network.Decider.StatisticsOf(b.Device.Port).FramesOut);
    }

    [Theory]
    [InlineData(false, 65_000, 1526)]
    [InlineData(true, 40_000, 4096)]
    public void A_large_frame_passes_untouched_into_many_buffers(bool isV6, int bytes, int bufferSize)
    {
        NetPort a = Port(MacA, Sending);
        NetPort b = Port(MacB, Receiving | Mergeable, bufferSize);
        b.Offer(50);
        byte[] frame = EthernetFrame.Tcp(MacB, MacA, isV6, bytes, 0x18);
        FrameOffload asked = Large(isV6, 0);
        a.Send(frame, asked, 7);
        Assert.Equal(frame, b.Take(out FrameOffload got));
        Assert.Equal(asked, got);
    }

    [Theory]
    [InlineData(0ul, 45)]
    [InlineData(GuestChecksum, 45)]
    [InlineData(GuestChecksum | GuestTso6, 45)]
    [InlineData(GuestChecksum | GuestTso4, 1)]
    public void What_the_receiver_cannot_do_is_done_for_it(ulong offloads, int expected)
    {
        NetPort a = Port(MacA, Sending);
        NetPort b = Port(MacB, offloads | Mergeable, 4096);
        b.Offer(58);
        byte[] frame = EthernetFrame.Tcp(MacB, MacA, false, 65_000, 0x18);
        a.Send(frame, Large(false, 0));
        List<byte[]> frames = [];
        while (b.Take(out FrameOffload offload) is byte[] one)
        {
            frames.Add(one);
            Assert.Equal(expected == 1 ? 1 : 0, offload.Segmentation);
        }

        Assert.Equal(expected, frames.Count);
        Assert.Equal(frame[66..], frames.SelectMany(f => f[66..]));
        Assert.Equal((ulong)expected, _network.Decider.StatisticsOf(b.Device.Port).FramesOut);
    }

    [Fact]
    public void A_checksum_is_filled_in_for_who_cannot()
    {
        NetPort a = Port(MacA, Checksum);
        NetPort b = Port(MacB, 0);
        b.Offer(1);
        byte[] frame = EthernetFrame.Tcp(MacB, MacA, false, 100, 0x18);
        FrameOffload offload = Large(false, 0);
        offload.Segmentation = 0;
        a.Send(frame, offload);
        byte[] got = b.Take(out FrameOffload left)!;
        Assert.Equal(0, left.Flags);
        Assert.Equal(0, EthernetFrame.Checksum([.. got[26..34], 0, 6, 0, 132, .. got[34..]]));
    }

    [Fact]
    public void Tags_come_and_go_with_the_ports_and_checksums_stay_where_they_are()
    {
        PortSettings trunk = new() { Mac = MacB, Vlan = 0, TrunkCount = 1 };
        trunk.Trunk[0] = 7;
        NetPort a = new(_network, new PortSettings { Mac = MacA, Vlan = 7 }, Checksum | HostTso4, 2048);
        NetPort b = new(_network, trunk, GuestChecksum | GuestTso4 | Checksum, 4096);
        a.Offer(2);
        b.Offer(2, 30);
        byte[] plain = EthernetFrame.Tcp(MacB, MacA, false, 3000, 0x18);
        a.Send(plain, Large(false, 0), 5);
        byte[] tagged = b.Take(out FrameOffload got)!;
        Assert.Equal([.. plain[..12], 0x81, 0, 0, 7, .. plain[12..]], tagged);
        Assert.Equal(38, got.ChecksumStart);

        byte[] back = EthernetFrame.Udp(MacA, MacB, "10.0.0.2", 60, 0x6007);
        b.Send(back, default, 11);
        Assert.Equal([.. back[..12], .. back[16..]], a.Take(out _)!);
        b.Send(EthernetFrame.Udp(MacA, MacB, "10.0.0.2", 60, 8));
        b.Send(EthernetFrame.Udp(MacA, MacB, "10.0.0.2", 60));
        Assert.Null(a.Take(out _));
        Assert.Equal(2ul, _network.Decider.StatisticsOf(b.Device.Port).Drops[(int)DropReason.Vlan]);
    }

    [Fact]
    public void A_receiver_without_buffers_loses_frames_and_the_sender_goes_on()
    {
        NetPort a = Port(MacA, 0);
        NetPort b = Port(MacB, 0, 1000);
        b.Offer(2);
        for (int i = 0; i < 5; i++)
        {
            a.Send(EthernetFrame.Udp(MacB, MacA, "10.0.0.1", 100));
        }

        a.Send(EthernetFrame.Udp(MacB, MacA, "10.0.0.1", 1200));
        Assert.NotNull(b.Take(out _));
        Assert.NotNull(b.Take(out _));
        Assert.Null(b.Take(out _));
        Assert.Equal(4ul, _network.Decider.StatisticsOf(b.Device.Port).Drops[(int)DropReason.NoBuffer]);
    }

    [Fact]
    public void Too_few_buffers_for_a_large_frame_are_all_kept()
    {
        NetPort a = Port(MacA, Sending);
        NetPort b = Port(MacB, Receiving | Mergeable, 1526);
        b.Offer(10);
        a.Send(EthernetFrame.Tcp(MacB, MacA, false, 30_000, 0x18), Large(false, 0));
        Assert.Null(b.Take(out _));
        byte[] small = EthernetFrame.Tcp(MacB, MacA, false, 14_000, 0x18);
        a.Send(small, Large(false, 0));
        Assert.Equal(small, b.Take(out _));
    }

    [Fact]
    public void A_sender_that_names_memory_outside_breaks_its_own_device_alone()
    {
        NetPort a = Port(MacA, 0);
        NetPort b = Port(MacB, 0);
        b.Offer(2);
        ModelDriver driver = TransportUnderTest.MakeDriver(a.Memory, VirtioFeatures.Version1, NetPort.RamStart + 0x6_0000, 16);
        a.Transport.Write(0x70, 0);
        Assert.True(a.Transport.Negotiate(VirtioFeatures.Version1));
        a.Transport.SetUp(1, driver);
        a.Transport.Start();
        byte[] frame = EthernetFrame.Udp(MacB, MacA, "10.0.0.1", 200);
        frame.CopyTo(a.Memory.Bytes.AsSpan(0x7_000c));
        driver.Add(TransportUnderTest.Buffers((NetPort.RamStart + 0x7_0000, 100, false), (0x1000, 100, false)), 2);
        a.Transport.Notify(1);
        Assert.True(a.Transport.Transport.NeedsReset);
        Assert.False(b.Transport.Transport.NeedsReset);
        NetPort c = Port(0x0200_0000_000c, 0);
        byte[] good = EthernetFrame.Udp(MacB, 0x0200_0000_000c, "10.0.0.3", 200);
        c.Send(good);
        Assert.Equal(good, b.Take(out _));
    }

    [Fact]
    public void A_link_that_is_down_is_told_and_carries_nothing()
    {
        NetPort a = Port(MacA, 1 << 16);
        NetPort b = Port(MacB, 0);
        b.Offer(2);
        Assert.Equal(1u, a.Transport.Read(0x104) >> 16);
        _network.SetLink(a.Device.Port, false);
        Assert.Equal(0u, a.Transport.Read(0x104) >> 16);
        Assert.Equal(2u, a.Transport.InterruptStatus);
        a.Send(EthernetFrame.Udp(MacB, MacA, "10.0.0.1", 100));
        Assert.Null(b.Take(out _));
        _network.SetLink(a.Device.Port, true);
        a.Send(EthernetFrame.Udp(MacB, MacA, "10.0.0.1", 100));
        Assert.NotNull(b.Take(out _));
    }

    [Fact]
    public void The_configuration_says_who_it_is()
    {
        NetPort a = new(_network, new PortSettings { Mac = 0x0203_0405_0607, Mtu = 9000 }, 0, 2048, 4);
        Assert.Equal(0x0504_0302u, a.Transport.Read(0x100));
        Assert.Equal(0x0001_0706u, a.Transport.Read(0x104));
        Assert.Equal(0x2328_0004u, a.Transport.Read(0x108));
        Assert.Equal(1u, a.Transport.Read(0x08));
    }

    [Fact]
    public void A_driver_says_what_it_wants()
    {
        const ulong multicast = 0x0100_5e00_0001;
        NetPort a = Port(MacA, 0);
        NetPort b = new(_network, new PortSettings { Mac = MacB }, ControlAll, 2048);
        b.Offer(10);
        a.Send(EthernetFrame.Udp(multicast, MacA, "10.0.0.1", 100));
        Assert.NotNull(b.Take(out _));
        Assert.Equal(0, b.Command(0, 0, 0));
        a.Send(EthernetFrame.Udp(multicast, MacA, "10.0.0.1", 100));
        Assert.Null(b.Take(out _));
        Assert.Equal(0, b.Command(1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x01, 0x00, 0x5e, 0, 0, 1));
        a.Send(EthernetFrame.Udp(multicast, MacA, "10.0.0.1", 100));
        Assert.NotNull(b.Take(out _));
        a.Send(EthernetFrame.Udp(EthernetFrame.Broadcast, MacA, "10.0.0.1", 100));
        Assert.NotNull(b.Take(out _));
        Assert.Equal(0, b.Command(0, 5, 1));
        a.Send(EthernetFrame.Udp(EthernetFrame.Broadcast, MacA, "10.0.0.1", 100));
        Assert.Null(b.Take(out _));
        Assert.Equal(1, b.Command(0, 6, 1));
        Assert.Equal(1, b.Command(1, 0, 0xff, 0, 0, 0));
        Assert.Equal(1, b.Command(1, 1, 2, 0, 0, 0, 0, 0x0b));
        Assert.Equal(0, b.Command(2, 0, 5, 0));
        Assert.Equal(1, b.Command(2, 0, 0, 0x10));
        Assert.Equal(1, b.Command(4, 0, 1, 0));
        Assert.Equal(0, b.Command(5, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        Assert.Equal(1, b.Command(5, 0, 2, 0, 0, 0, 0, 0, 0, 0));
        Assert.Equal(1, b.Command(9, 0));
    }

    [Fact]
    public void Who_is_held_to_no_address_takes_another_one()
    {
        NetPort a = Port(MacA, 0);
        NetPort b = new(_network, new PortSettings { Mac = MacB, AllowsSpoofing = true }, ControlAll | 1 << 23, 2048);
        b.Offer(4);
        Assert.Equal(0, b.Command(0, 0, 0));
        Assert.Equal(0, b.Command(1, 1, 2, 0, 0, 0, 0, 0x77));
        a.Send(EthernetFrame.Udp(0x0200_0000_0077, MacA, "10.0.0.1", 100));
        Assert.NotNull(b.Take(out _));
        a.Send(EthernetFrame.Udp(MacB, MacA, "10.0.0.1", 100));
        Assert.Null(b.Take(out _));
        Assert.Equal(0x0000_0002u, b.Transport.Read(0x100));
    }

    [Fact]
    public void Several_queues_share_the_connections_once_they_are_switched_on()
    {
        NetPort a = Port(MacA, 0);
        NetPort b = new(_network, new PortSettings { Mac = MacB }, ControlAll | 1 << 22, 2048, 4);
        for (int queue = 0; queue < 8; queue += 2)
        {
            b.Offer(7, 1, queue);
        }

        Assert.Equal(1, b.Command(4, 0, 5, 0));
        Assert.Equal(1, b.Command(4, 0, 0, 0));
        Assert.Equal(0, b.Command(4, 0, 4, 0));
        int[] counts = new int[4];
        for (byte i = 0; i < 16; i++)
        {
            byte[] frame = EthernetFrame.Udp(MacB, MacA, "10.0.0." + i, 100);
            a.Send(frame);
            int at = Enumerable.Range(0, 4).Single(q => b.Take(out _, 2 * q) is byte[] got && got.AsSpan().SequenceEqual(frame));
            counts[at]++;
            a.Send(frame);
            Assert.NotNull(b.Take(out _, 2 * at));
            b.Offer(2, 1, 2 * at);
        }

        Assert.All(counts, count => Assert.InRange(count, 1, 10));
        b.Send(EthernetFrame.Udp(MacA, MacB, "10.0.0.9", 100), default, 1, 7);
        Assert.Equal(1ul, _network.Decider.StatisticsOf(b.Device.Port).FramesIn);
    }

    [Theory]
    [InlineData(1 << 11)]
    [InlineData(1 << 7)]
    [InlineData(1 << 18)]
    public void Features_that_need_others_are_not_agreed_to_alone(ulong features)
    {
        NetDevice device = new(new ByteMemory(NetPort.RamStart, 4096), _network, new PortSettings { Mac = MacA }, 1);
        Assert.False(new TransportUnderTest(device).Negotiate(VirtioFeatures.Version1 | features));
    }

    [Fact]
    public void What_was_saved_goes_on_elsewhere_and_announces_itself()
    {
        const ulong announce = 1 << 21;
        NetPort a = Port(MacA, 0);
        NetPort b = new(_network, new PortSettings { Mac = MacB }, ControlAll | announce, 2048);
        b.Offer(4);
        Assert.Equal(0, b.Command(0, 0, 0));
        ulong[] words = new ulong[256];
        StateWriter writer = new(words);
        b.Transport.Transport.Save(ref writer);
        Assert.True(writer.IsComplete);
        StateReader reader = new(words);
        Assert.True(b.Transport.Transport.TryRestore(ref reader));
        b.Transport.Transport.Resume();
        Assert.True(b.Transport.Transport.Work(-1));
        Assert.Equal(3u, b.Transport.Read(0x104) >> 16);
        a.Send(EthernetFrame.Udp(0x0100_5e00_0001, MacA, "10.0.0.1", 100));
        Assert.Null(b.Take(out _));
        a.Send(EthernetFrame.Udp(MacB, MacA, "10.0.0.1", 100));
        Assert.NotNull(b.Take(out _));
        Assert.Equal(0, b.Command(3, 0));
        Assert.Equal(1u, b.Transport.Read(0x104) >> 16);
    }

    [Fact]
    public void A_capture_holds_what_was_sent_and_why_it_was_lost()
    {
        CaptureRing ring = new(new byte[1 << 16]);
        NetPort a = Port(MacA, 0);
        NetPort b = Port(MacB, 0);
        b.Offer(1);
        _network.Capture = new NetworkCapture(ring, 100, 1_000_000);
        byte[] frame = EthernetFrame.Udp(MacB, MacA, "10.0.0.1", 500);
        a.Send(frame, default, 9);
        a.Send(EthernetFrame.Udp(MacB, MacB, "10.0.0.1", 20));
        Assert.Equal(frame, b.Take(out _));
        byte[] records = new byte[4096];
        ulong position = 0;
        int length = _network.Capture.Read(ref position, records);
        Assert.Equal(128 + 88, length);
        Assert.Equal(frame[..100], records[24..124]);
        Assert.Equal((uint)frame.Length, BinaryPrimitives.ReadUInt32LittleEndian(records.AsSpan(8)));
        Assert.Equal((byte)DropReason.Spoofed, records[128 + 2]);
    }

    private NetPort Port(ulong mac, ulong features, int bufferSize = 2048) => new(_network, new PortSettings { Mac = mac }, features, bufferSize);

    private static FrameOffload Large(bool isV6, int moved) => new()
    {
        Flags = FrameOffload.NeedsChecksum,
        Segmentation = isV6 ? FrameOffload.TcpV6 : FrameOffload.TcpV4,
        HeadLength = (ushort)(66 + moved),
        SegmentSize = 1448,
        ChecksumStart = (ushort)((isV6 ? 54 : 34) + moved),
        ChecksumOffset = 16,
    };
}
