using System;
using System.Numerics;
using CsCheck;
using SharpVisor.Drivers;
using Xunit;

namespace SharpVisor.Tests.Unit.Drivers;

/// <summary>The size of SD cards by their CSD, whose fields are set here bit by bit.</summary>
public class SdRegistersTests
{
    [Fact]
    public void A_card_of_standard_capacity_counts_in_blocks_of_its_own()
    {
        Gen.Select(Gen.UInt[0, 4095], Gen.UInt[0, 7], Gen.UInt[9, 11]).Sample((size, multiplier, length) =>
        {
            BigInteger csd = Field(126, 0) | Field(62, size) | Field(47, multiplier) | Field(80, length) | Field(32, 0x7fff) | Field(84, 0xfff);
            ulong bytes = ((ulong)size + 1) << (int)(multiplier + 2 + length);
            return SdRegisters.TryGetSectorCount(Response(csd), out ulong count) && count == bytes / 512;
        });
    }

    [Fact]
    public void A_card_of_high_capacity_counts_in_half_MiB()
    {
        Gen.UInt[0, 0x3f_ffff].Sample(size =>
            SdRegisters.TryGetSectorCount(Response(Field(126, 1) | Field(48, size) | Field(80, 9) | Field(70, 0x3f)), out ulong count)
            && count == ((ulong)size + 1) * 1024);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_CSD_of_another_version_is_refused(uint version) =>
        Assert.False(SdRegisters.TryGetSectorCount(Response(Field(126, version) | Field(48, 1000)), out _));

    private static BigInteger Field(int lowest, uint value) => new BigInteger(value) << lowest;

    /// <summary>Bits 127 to 8, as hosts give them.</summary>
    private static uint[] Response(BigInteger csd)
    {
        BigInteger shifted = csd >> 8;
        uint[] words = new uint[4];
        for (int i = 0; i < words.Length; i++)
        {
            words[3 - i] = (uint)(shifted >> (32 * i) & uint.MaxValue);
        }

        return words;
    }
}
