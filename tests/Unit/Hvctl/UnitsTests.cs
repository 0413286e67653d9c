using System;
using CsCheck;
using SharpVisor.Hvctl.Commands;
using SharpVisor.Hvctl.Output;
using SharpVisor.Hvctl.Watching;
using Xunit;

namespace SharpVisor.Tests.Unit.Hvctl;

/// <summary>Sizes, times and numbers as people read them.</summary>
public sealed class UnitsTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(64 << 20, "64 MiB")]
    [InlineData((1 << 20) - 1, "1.0 MiB")]
    [InlineData(995L << 20, "995 MiB")]
    [InlineData(5L << 40, "5 TiB")]
    public void Sizes_have_the_unit_that_reads_best(long bytes, string text) => Assert.Equal(text, Units.Size((ulong)bytes));

    [Fact]
    public void A_size_is_within_half_a_digit_of_what_it_says() => Gen.ULong[0, 1UL << 44].Sample(bytes =>
    {
        string[] words = Units.Size(bytes).Split(' ');
        double unit = Math.Pow(1024, Array.IndexOf(["B", "KiB", "MiB", "GiB", "TiB"], words[1]));
        double shown = double.Parse(words[0], System.Globalization.CultureInfo.InvariantCulture) * unit;
        Assert.True(Math.Abs(shown - bytes) <= Math.Max(0.0051 * bytes, 0.051 * unit), $"{bytes} is shown as {words[0]} {words[1]}");
        Assert.True(words[0].Length <= 4);
    });

    [Theory]
    [InlineData("64M", 64L << 20)]
    [InlineData("64MiB", 64L << 20)]
    [InlineData("1g", 1L << 30)]
    [InlineData("512 K", 512L << 10)]
    [InlineData("100", 100L << 20)]
    public void Sizes_are_typed_in_many_ways(string text, long bytes) => Assert.Equal((ulong)bytes, Units.ParseSize(text));

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("-5M")]
    [InlineData("1.5G")]
    [InlineData("0")]
    [InlineData("99999999999999T")]
    public void What_is_no_size_is_refused(string text) => Assert.Null(Units.ParseSize(text));

    [Fact]
    public void A_size_that_is_shown_exactly_can_be_typed_again() => Gen.Select(Gen.ULong[1, 1023], Gen.Int[1, 3]).Sample((number, unit) =>
        Assert.Equal(number << (10 * unit), Units.ParseSize(Units.Size(number << (10 * unit)))));

    [Theory]
    [InlineData(0, "0:00:00")]
    [InlineData(59_999_999_999, "0:00:59")]
    [InlineData(3_661_000_000_000, "1:01:01")]
    [InlineData(360_000_000_000_000, "100:00:00")]
    public void Durations_are_hours_minutes_and_seconds(long nanoseconds, string text) => Assert.Equal(text, Units.Duration((ulong)nanoseconds));

    [Fact]
    public void A_rate_fits_its_column() => Gen.Double[0, 9e11].Sample(rate => Assert.InRange(TopView.Short(rate).Length, 1, 6));

    [Theory]
    [InlineData(0.4, "0")]
    [InlineData(9_999, "9999")]
    [InlineData(9_999.6, "10.0k")]
    [InlineData(123_456, "123k")]
    [InlineData(999_600, "1.0M")]
    [InlineData(12_345_678, "12.3M")]
    public void Rates_are_short(double rate, string text) => Assert.Equal(text, TopView.Short(rate));

    [Fact]
    public void Last_lines_are_the_last_ones() => Gen.Select(Gen.Char["ab\n"].Array[0, 40], Gen.Int[0, 8]).Sample((characters, count) =>
    {
        string text = new(characters);
        string last = LogCommand.LastLines(text, count);
        Assert.EndsWith(last, text, StringComparison.Ordinal);
        string[] lines = text.Split('\n');
        int whole = text.EndsWith('\n') ? lines.Length - 1 : text.Length == 0 ? 0 : lines.Length;
        int shown = last.Length == 0 ? 0 : last.EndsWith('\n') ? last.Split('\n').Length - 1 : last.Split('\n').Length;
        Assert.Equal(Math.Min(count, whole), shown);
    });
}
