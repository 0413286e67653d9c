using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Network;
using Xunit;

namespace SharpVisor.Tests.Unit.Network;

public sealed class OffloadTests
{
    private const ulong From = 0x0200_0000_0001;
    private const ulong To = 0x0200_0000_0002;

    [Fact]
    public void The_checksum_is_that_of_rfc_1071() =>
        Gen.Byte.Array[0, 200].Sample(
            bytes => Assert.Equal(EthernetFrame.Checksum(bytes), InternetChecksum.Finish(InternetChecksum.Add(0, bytes))),
            seed: "0001TnOb6wk1", iter: 2000);

    [Theory]
    [InlineData(false, null, 9)]
    [InlineData(true, null, 4000)]
    [InlineData(false, 0x6005, 4000)]
    [InlineData(true, 0x6005, 60_000)]
    [InlineData(false, null, 2896)]
    public void Segments_are_what_the_sender_would_have_sent(bool isV6, int? tag, int bytes)
    {
        const byte finPushCwr = 0x99;
        byte[] frame = EthernetFrame.Tcp(To, From, isV6, bytes, finPushCwr, tag);
        List<byte[]> segments = Cut(frame, Offload(isV6, tag, 1448));
        Assert.Equal((bytes + 1447) / 1448, segments.Count);
        int network = tag is null ? 14 : 18;
        int transport = network + (isV6 ? 40 : 20);
        List<byte> data = [];
        for (int i = 0; i < segments.Count; i++)
        {
            byte[] segment = segments[i];
            bool isLast = i == segments.Count - 1;
            Assert.Equal(frame[..network], segment[..network]);
            Assert.Equal((uint)(1000 + (i * 1448)), BinaryPrimitives.ReadUInt32BigEndian(segment.AsSpan(transport + 4)));
            byte flags = (byte)(0x10 | (isLast ? 9 : 0) | (i == 0 ? 0x80 : 0));
            Assert.Equal(flags, segment[transport + 13]);
            int length = segment.Length - transport;
            if (isV6)
            {
                Assert.Equal(length, BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(network + 4)));
                Assert.Equal(0, EthernetFrame.Checksum([.. segment[(network + 8)..(network + 40)], 0, 0, (byte)(length >> 8), (byte)length, 0, 0, 0, 6, .. segment[transport..]]));
            }
            else
            {
                Assert.Equal(length + 20, BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(network + 2)));
                Assert.Equal(7 + i, BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(network + 4)));
                Assert.Equal(0, EthernetFrame.Checksum(segment[network..transport]));
                Assert.Equal(0, EthernetFrame.Checksum([.. segment[(network + 12)..(network + 20)], 0, 6, (byte)(length >> 8), (byte)length, .. segment[transport..]]));
            }

            data.AddRange(segment[(transport + 32)..]);
        }

        Assert.Equal(frame[(transport + 32)..], data);
    }

    [Fact]
    public void A_partial_checksum_is_filled_in()
    {
        byte[] frame = EthernetFrame.Tcp(To, From, false, 77, 0x10);
        FrameOffload offload = Offload(false, null, 0);
        offload.Segmentation = 0;
        InternetChecksum.Fill(frame, offload);
        int length = frame.Length - 34;
        Assert.Equal(0, EthernetFrame.Checksum([.. frame[26..34], 0, 6, (byte)(length >> 8), (byte)length, .. frame[34..]]));
    }

    [Fact]
    public void Any_frame_is_cut_up_or_refused()
    {
        Random random = new(7);
        int cut = 0;
        for (int i = 0; i < 20_000; i++)
        {
            bool isV6 = random.Next(2) == 0;
            byte[] frame = EthernetFrame.Tcp(To, From, isV6, random.Next(300), 0x10, random.Next(2) == 0 ? 5 : null);
            for (int j = random.Next(4); j > 0; j--)
            {
                frame[random.Next(Math.Min(frame.Length, 80))] = (byte)random.Next(256);
            }

            frame = frame[..random.Next(14, frame.Length + 1)];
            FrameOffload offload = Offload(isV6, frame[12] == 0x81 ? 5 : null, (ushort)random.Next(1, 200));
            if (random.Next(4) == 0)
            {
                offload.ChecksumStart = (ushort)random.Next(200);
            }

            if (offload.IsSound((uint)frame.Length) && TcpSegments.TryBegin(frame, offload, out _))
            {
                int all = Cut(frame, offload).Sum(s => s.Length);
                Assert.InRange(all, frame.Length, 400 * 90);
                cut++;
            }
        }

        Assert.InRange(cut, 2000, 19_000);
    }

    [Theory]
    [InlineData(0, 0, 0, 0, 60, true)]
    [InlineData(1, 0, 34, 16, 60, true)]
    [InlineData(1, 0, 43, 16, 60, false)]
    [InlineData(1, 0, 65535, 65535, 60, false)]
    [InlineData(0, 1, 34, 16, 60, false)]
    [InlineData(1, 1, 34, 16, 60, true)]
    [InlineData(1, 3, 34, 16, 60, false)]
    [InlineData(1, 0x84, 34, 16, 60, true)]
    [InlineData(1, 0x80, 34, 16, 60, false)]
    public void What_cannot_be_done_is_not_sound(byte flags, byte kind, int start, int offset, uint length, bool isSound)
    {
        FrameOffload offload = new() { Flags = flags, Segmentation = kind, SegmentSize = 10, ChecksumStart = (ushort)start, ChecksumOffset = (ushort)offset };
        Assert.Equal(isSound, offload.IsSound(length));
    }

    private static FrameOffload Offload(bool isV6, int? tag, ushort size) => new()
    {
        Flags = FrameOffload.NeedsChecksum,
        Segmentation = isV6 ? FrameOffload.TcpV6 : FrameOffload.TcpV4,
        SegmentSize = size,
        ChecksumStart = (ushort)((tag is null ? 14 : 18) + (isV6 ? 40 : 20)),
        ChecksumOffset = 16,
    };

    private static List<byte[]> Cut(byte[] frame, FrameOffload offload)
    {
        Assert.True(offload.IsSound((uint)frame.Length));
        Assert.True(TcpSegments.TryBegin(frame, offload, out TcpSegments segments));
        List<byte[]> list = [];
        byte[] room = new byte[segments.Largest];
        for (int length = segments.Next(room); length != 0; length = segments.Next(room))
        {
            list.Add(room[..length]);
        }

        return list;
    }
}
