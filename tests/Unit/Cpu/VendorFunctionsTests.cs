using System;
using System.Buffers.Binary;
using CsCheck;
using SharpVisor.Cpu;
using Xunit;

namespace SharpVisor.Tests.Unit.Cpu;

public class VendorFunctionsTests
{
    [Fact]
    public void The_identifier_in_registers_is_the_UUID()
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)VendorFunctions.UniqueId0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), (uint)VendorFunctions.UniqueId1);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), (uint)VendorFunctions.UniqueId2);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), (uint)VendorFunctions.UniqueId3);
        Assert.Equal(Guid.Parse("d3994131-9465-4d90-9f59-ddb3a21b720c"), new Guid(bytes, bigEndian: true));
    }

    [Theory]
    [InlineData(0x8600_ff01u, true)]
    [InlineData(0x8600_ff03u, true)]
    [InlineData(0xc600_0000u, true)]
    [InlineData(0xc600_0006u, true)]
    [InlineData(0xc600_0013u, true)]
    [InlineData(0x8600_ff00u, false)]
    [InlineData(0x8600_0001u, false)]
    [InlineData(0xc600_0007u, false)]
    [InlineData(0xc600_0014u, false)]
    public void Features_say_what_is_there(uint function, bool isThere) =>
        Assert.Equal(isThere ? 0 : ulong.MaxValue, VendorFunctions.FeaturesOf(function));

    [Fact]
    public void Marks_come_back_in_order_and_the_oldest_are_lost()
    {
        MarkRing ring = new();
        Assert.False(ring.TryGet(0, out _));
        Assert.False(ring.TryGet(ring.End - 1, out _));
        for (uint i = 0; i < 100; i++)
        {
            ring.Add(i * 10, (int)(i % 4), i, ~(ulong)i);
        }

        Assert.Equal(100ul, ring.End);
        Assert.False(ring.TryGet(100, out _));
        for (uint i = 0; i < 100; i++)
        {
            bool isThere = ring.TryGet(i, out Mark mark);
            Assert.Equal(i >= 100 - MarkRing.Capacity, isThere);
            if (isThere)
            {
                Assert.Equal((i * 10, (int)(i % 4), i, ~(ulong)i), (mark.Time, mark.VCpu, mark.Number, mark.Value));
            }
        }
    }

    [Theory]
    [InlineData(62_500_000ul)]
    [InlineData(19_200_000ul)]
    [InlineData(54_000_000ul)]
    [InlineData(1_000_000_000ul)]
    [InlineData(1ul)]
    public void Ticks_become_nanoseconds(ulong frequency)
    {
        NanosecondScale scale = new(frequency);
        Gen.ULong[0, ulong.MaxValue / 1_000_000_000 * Math.Min(frequency, 1_000_000_000) / 2].Sample(ticks =>
        {
            var exact = (ulong)((UInt128)ticks * 1_000_000_000 / frequency);
            ulong converted = scale.Convert(ticks);
            Assert.InRange(converted, exact - Math.Min(exact, (ticks >> 32) + 2), exact);
        });
    }

    [Fact]
    public void Nanoseconds_never_go_back()
    {
        NanosecondScale scale = new(19_200_000);
        Gen.Select(Gen.ULong[0, 1ul << 58], Gen.ULong[0, 1000]).Sample((ticks, more) => Assert.True(scale.Convert(ticks + more) >= scale.Convert(ticks)));
    }

    [Fact]
    public void An_unset_frequency_gives_no_time() => Assert.Equal(0ul, new NanosecondScale(0).Convert(12345));
}
