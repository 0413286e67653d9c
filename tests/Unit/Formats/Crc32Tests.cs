using CsCheck;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed class Crc32Tests
{
    [Fact]
    public void The_check_value_of_the_standard_comes_out()
    {
        Assert.Equal(0xcbf4_3926u, Crc32.Compute("123456789"u8));
        Assert.Equal(0u, Crc32.Compute(default));
    }

    [Fact]
    public void It_is_the_remainder_of_a_division_bit_by_bit()
    {
        Gen.Byte.Array[0, 100].Sample(bytes =>
        {
            uint remainder = uint.MaxValue;
            foreach (byte value in bytes)
            {
                for (int bit = 0; bit < 8; bit++)
                {
                    uint feedback = (remainder ^ (uint)(value >> bit)) & 1;
                    remainder = (remainder >> 1) ^ (feedback * 0xedb8_8320);
                }
            }

            Assert.Equal(~remainder, Crc32.Compute(bytes));
        }, iter: 500);
    }

    [Fact]
    public void A_checksum_goes_on_where_it_stopped() =>
        Gen.Select(Gen.Byte.Array[0, 50], Gen.Byte.Array[0, 50]).Sample((first, second) =>
            Crc32.Append(Crc32.Compute(first), second) == Crc32.Compute([.. first, .. second]));
}
