using System;
using System.Runtime.InteropServices;
using CsCheck;
using SharpVisor.Debug;
using Xunit;

namespace SharpVisor.Tests.Unit.Debug;

public sealed unsafe class TraceRingTests
{
    private const int Words = TraceRing.RecordSize / sizeof(ulong);

    [Fact]
    public void A_ring_without_room_is_empty()
    {
        ulong* header = stackalloc ulong[2];
        header[0] = 0;
        header[1] = 77;
        TraceRing ring = new(header);
        ulong position = 5;
        Assert.Equal(0ul, ring.End);
        Assert.Equal(0, ring.Read(ref position, null, 10));
        Assert.Equal(0ul, position);
    }

    [Fact]
    public void A_reader_gets_each_record_once_and_learns_what_is_lost()
    {
        byte* room = (byte*)NativeMemory.AlignedAlloc(TraceRing.Length, TraceRing.Length);
        try
        {
            (from burst in Gen.Int[0, TraceRing.Records * 2] from most in Gen.Int[1, 500] select (burst, most)).List[1, 40].Sample(
                steps => CheckReader(room, steps), iter: 30, threads: 1);
        }
        finally
        {
            NativeMemory.AlignedFree(room);
        }
    }

    private static void CheckReader(byte* room, System.Collections.Generic.List<(int Burst, int Most)> steps)
    {
        ulong* header = stackalloc ulong[2];
        TraceRing ring = new(header);
        ring.GiveRoom((ulong)room);
        ulong written = 0;
        ulong next = 0;
        ulong* buffer = stackalloc ulong[500 * Words];
        foreach ((int burst, int most) in steps)
        {
            for (int i = 0; i < burst; i++, written++)
            {
                // As boot/vectors.S does.
                ulong* record = (ulong*)room + (written % TraceRing.Records * Words);
                for (ulong j = 0; j < Words; j++)
                {
                    record[j] = (written * 10) + j;
                }

                header[1] = written + 1;
            }

            ulong asked = next;
            int count = ring.Read(ref next, (byte*)buffer, most);
            ulong oldest = written > TraceRing.Records - 2 ? written - (TraceRing.Records - 2) : 0;
            Assert.Equal(Math.Max(asked, oldest), next);
            Assert.Equal((int)Math.Min((ulong)most, written - next), count);
            for (int i = 0; i < count * Words; i++)
            {
                Assert.Equal(((next + (ulong)(i / Words)) * 10) + (ulong)(i % Words), buffer[i]);
            }

            next += (ulong)count;
        }
    }
}
