using System;
using System.Numerics;
using CsCheck;
using SharpVisor.Machine.Loading;
using Xunit;

namespace SharpVisor.Tests.Unit.Machine;

public sealed unsafe class GuestRamTests
{
    [Fact]
    public void A_range_is_contained_exactly_when_arithmetic_without_limits_says_so()
    {
        Gen<ulong> size = Gen.OneOf(0ul, 0x1000ul, 1ul << 30, 5ul << 30);
        Gen<ulong> number = Gen.OneOf<ulong>(Gen.ULong, Gen.ULong[0x3fff_f000, 0x4000_2000], Gen.ULong[0, 0x2000], Gen.ULong[0x8000_0000 - 9, 0x8000_0000 + 9]);
        Gen.Select(size, number, number).Sample((bytes, ipa, length) =>
        {
            var ram = new GuestRam((byte*)0x1000, 0x4000_0000, bytes);
            bool expected = ipa >= ram.Start && (BigInteger)ipa + length <= (BigInteger)ram.Start + bytes;
            Assert.Equal(expected, ram.Contains(ipa, length));
            Assert.Equal(expected && length <= int.MaxValue, ram.TryGetSpan(ipa, length, out Span<byte> span));
            Assert.Equal(expected && length <= int.MaxValue ? (int)length : 0, span.Length);
        }, iter: 5000);
    }

    [Fact]
    public void A_span_begins_at_its_address_beyond_4_GiB_too()
    {
        var ram = new GuestRam((byte*)0x10_0000_0000, 0x4000_0000, 8ul << 30);
        Assert.True(ram.TryGetSpan(0x1_8000_0000, 16, out Span<byte> span));
        Assert.Equal(0x11_4000_0000ul, (ulong)System.Runtime.CompilerServices.Unsafe.AsPointer(ref span[0]));
    }
}
