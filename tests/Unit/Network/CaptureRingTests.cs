using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Network;
using Xunit;

namespace SharpVisor.Tests.Unit.Network;

public sealed class CaptureRingTests
{
    [Fact]
    public void The_newest_records_are_there_and_whole()
    {
        Random random = new(3);
        CaptureRing ring = new(new byte[4096]);
        List<(ulong Time, byte[] Bytes)> made = [];
        ulong reader = 0;
        int taken = 0;
        byte[] room = new byte[1024];
        for (ulong i = 0; i < 3000; i++)
        {
            byte[] bytes = new byte[random.Next(0, 200)];
            random.NextBytes(bytes);
            ulong at = ring.Begin(i, 2, 3, DropReason.Spoofed, 1000, bytes.Length);
            ring.Fill(at, bytes);
            made.Add((i, bytes));
            if (random.Next(8) != 0)
            {
                continue;
            }

            ulong position = reader;
            int length = ring.Read(ref position, room);
            Assert.True(position >= reader);
            for (int offset = 0; offset < length; taken++)
            {
                int size = BinaryPrimitives.ReadUInt16LittleEndian(room.AsSpan(offset));
                int kept = BinaryPrimitives.ReadUInt16LittleEndian(room.AsSpan(offset + 6));
                ulong time = BinaryPrimitives.ReadUInt64LittleEndian(room.AsSpan(offset + 16));
                Assert.Equal(made[(int)time].Bytes, room.AsSpan(offset + CaptureRing.HeadSize, kept).ToArray());
                Assert.Equal(1000u, BinaryPrimitives.ReadUInt32LittleEndian(room.AsSpan(offset + 8)));
                offset += size;
            }

            reader = position + (ulong)length;
        }

        Assert.InRange(taken, 500, 3000);
        Assert.InRange(ring.End - ring.Start, 3500ul, 4096ul);
    }

    [Fact]
    public void A_position_that_is_none_does_no_harm()
    {
        CaptureRing ring = new(Enumerable.Repeat((byte)0xff, 1024).ToArray());
        for (ulong i = 0; i < 100; i++)
        {
            ring.Fill(ring.Begin(i, 0, 0, DropReason.None, 60, 60), new byte[60]);
        }

        byte[] room = new byte[512];
        for (ulong position = 0; position < ring.End + 50; position++)
        {
            ulong at = position;
            Assert.InRange(ring.Read(ref at, room), 0, 512);
        }

        ulong far = ulong.MaxValue;
        Assert.True(ring.Read(ref far, room) > 0);
    }
}
