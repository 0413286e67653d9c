using System;
using System.Numerics;
using CsCheck;
using SharpVisor.Machine.Loading;
using Xunit;

namespace SharpVisor.Tests.Unit.Machine;

public sealed class GuestRamTests
{
    [Fact]
    public void A_range_is_contained_exactly_when_arithmetic_without_limits_says_so()
    {
        Gen<ulong> size = Gen.OneOf(0ul, 0x1000ul, 1ul << 30, 5ul << 30);
        Gen<ulong> number = Gen.OneOf<ulong>(Gen.ULong, Gen.ULong[0x3fff_f000, 0x4000_2000], Gen.ULong[0, 0x2000], Gen.ULong[0x8000_0000 - 9, 0x8000_0000 + 9]);
        Gen.Select(size, number, number).Sample((bytes, address, length) =>
        {
            var ram = new NoRam(0x4000_0000, bytes);
            bool expected = address >= ram.Start && (BigInteger)address + length <= (BigInteger)ram.Start + bytes;
            Assert.Equal(expected, ram.Contains(address, length));
        }, iter: 5000);
    }

    private sealed class NoRam(ulong start, ulong size) : GuestRam(start, size)
    {
        public override bool TryWrite(ulong address, ReadOnlySpan<byte> source) => false;

        public override bool TryRead(ulong address, Span<byte> destination) => false;
    }
}
