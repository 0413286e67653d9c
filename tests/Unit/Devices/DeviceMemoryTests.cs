using System;
using CsCheck;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices;

public sealed class DeviceMemoryTests
{
    private const ulong Start = 0x4000_0000;

    [Fact]
    public void Numbers_are_little_endian()
    {
        ByteMemory memory = new(Start, 16);
        Assert.True(memory.TryWriteUInt16(Start, 0x1122));
        Assert.True(memory.TryWriteUInt32(Start + 2, 0x3344_5566));
        Assert.True(memory.TryWriteUInt64(Start + 6, 0x7788_99aa_bbcc_ddee));
        Assert.Equal([0x22, 0x11, 0x66, 0x55, 0x44, 0x33, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88, 0x77, 0, 0], memory.Bytes);
    }

    [Fact]
    public void What_was_written_is_read_at_any_address_inside() =>
        Gen.Select(Gen.ULong, Gen.ULong[0, 24]).Sample((value, offset) =>
        {
            ByteMemory memory = new(Start, 32);
            return memory.TryWriteUInt64(Start + offset, value)
                && memory.TryReadUInt64(Start + offset, out ulong whole) && whole == value
                && memory.TryReadUInt32(Start + offset, out uint half) && half == (uint)value
                && memory.TryReadUInt16(Start + offset + 6, out ushort top) && top == value >> 48;
        });

    [Fact]
    public void A_number_over_the_edge_is_refused_and_reads_as_zero()
    {
        ByteMemory memory = new(Start, 16);
        memory.Bytes.AsSpan().Fill(0xff);
        Assert.False(memory.TryReadUInt64(Start + 9, out ulong value));
        Assert.Equal(0ul, value);
        Assert.False(memory.TryReadUInt16(ulong.MaxValue, out _));
        Assert.False(memory.TryWriteUInt32(Start - 1, 0));
        Assert.All(memory.Bytes, one => Assert.Equal(0xff, one));
    }
}
