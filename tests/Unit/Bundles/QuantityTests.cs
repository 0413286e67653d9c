using SharpVisor.Bundles.Definitions;
using Xunit;

namespace SharpVisor.Tests.Unit.Bundles;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("512M", 512ul << 20)]
    [InlineData("1G", 1ul << 30)]
    [InlineData("4K", 4096ul)]
    [InlineData("0", 0ul)]
    [InlineData("0M", 0ul)]
    [InlineData("64", null)]
    [InlineData("M", null)]
    [InlineData("", null)]
    [InlineData("-1M", null)]
    [InlineData("1 M", null)]
    [InlineData("1m", null)]
    [InlineData("1.5G", null)]
    [InlineData("99999999999G", null)]
    public void Sizes(string text, ulong? bytes) => Assert.Equal(bytes, Quantity.Size(text));

    [Theory]
    [InlineData("2ms", 2000ul)]
    [InlineData("500us", 500ul)]
    [InlineData("30s", 30_000_000ul)]
    [InlineData("0s", 0ul)]
    [InlineData("30", null)]
    [InlineData("s", null)]
    [InlineData("", null)]
    [InlineData("-1s", null)]
    [InlineData("1.5s", null)]
    [InlineData("99999999999s", null)]
    public void Durations(string text, ulong? microseconds) => Assert.Equal(microseconds, Quantity.Duration(text));

    [Theory]
    [InlineData("25%", 250u)]
    [InlineData("12.5%", 125u)]
    [InlineData("150%", 1500u)]
    [InlineData("0%", 0u)]
    [InlineData("0.05%", null)]
    [InlineData("25", null)]
    [InlineData("%", null)]
    [InlineData("", null)]
    [InlineData("-5%", null)]
    [InlineData("1e3%", null)]
    [InlineData("99999999999%", null)]
    public void Parts_of_a_CPU(string text, uint? permille) => Assert.Equal(permille, Quantity.Permille(text));
}
