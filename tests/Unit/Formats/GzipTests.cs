using System;
using System.IO.Compression;
using CsCheck;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed class GzipTests
{
    private static readonly byte[] s_data = "A kernel, a kernel, a kingdom for a kernel! 0123456789"u8.ToArray();

    [Fact]
    public void Files_of_every_level_come_back()
    {
        Gen.Select(Compression.GenData, Gen.OneOf(Enum.GetValues<CompressionLevel>())).Sample((data, level) =>
        {
            byte[] file = Compression.Gzip(data, level);
            byte[] output = new byte[data.Length + 10];
            Assert.True(Gzip.IsGzip(file));
            Assert.Equal((uint)data.Length, Gzip.ContentSize(file));
            Assert.True(Gzip.TryDecompress(file, output, new Inflate(), out int size));
            Assert.Equal(data, output.AsSpan(0, size).ToArray());
        }, iter: 100);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(31)]
    public void Every_part_of_the_header_is_passed_over(byte flags)
    {
        byte[] file = WithHeader(flags);
        byte[] output = new byte[s_data.Length];
        Assert.True(Gzip.TryDecompress(file, output, new Inflate(), out int size));
        Assert.Equal(s_data, output.AsSpan(0, size).ToArray());
        for (int length = 0; length < file.Length; length++)
        {
            Assert.False(Gzip.TryDecompress(file.AsSpan(0, length), output, new Inflate(), out _));
        }
    }

    [Fact]
    public void Flags_that_nobody_knows_are_refused()
    {
        byte[] file = WithHeader(0);
        file[3] = 0x20;
        Assert.False(Gzip.TryDecompress(file, new byte[100], new Inflate(), out _));
    }

    [Fact]
    public void Padding_behind_the_file_is_ignored()
    {
        byte[] output = new byte[s_data.Length];
        Assert.True(Gzip.TryDecompress([.. WithHeader(0), .. new byte[100]], output, new Inflate(), out int size));
        Assert.Equal(s_data.Length, size);
    }

    [Fact]
    public void Any_flipped_bit_behind_the_header_is_noticed_or_harmless()
    {
        byte[] file = WithHeader(0);
        for (int bit = 80; bit < file.Length * 8; bit++)
        {
            byte[] damaged = (byte[])file.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            byte[] output = new byte[1000];
            if (Gzip.TryDecompress(damaged, output, new Inflate(), out int size))
            {
                Assert.Equal(s_data, output.AsSpan(0, size).ToArray());
            }
        }
    }

    [Fact]
    public void A_file_larger_than_the_output_is_refused()
    {
        Assert.False(Gzip.TryDecompress(WithHeader(0), new byte[s_data.Length - 1], new Inflate(), out _));
    }

    [Fact]
    public void The_beginning_can_be_looked_at_without_the_rest()
    {
        Gen.Select(Compression.GenData, Gen.OneOf(Enum.GetValues<CompressionLevel>())).Sample((data, level) =>
        {
            byte[] output = new byte[512];
            Assert.True(Gzip.TryPeek(Compression.Gzip(data, level), output, new Inflate(), out int size));
            Assert.True(size >= Math.Min(data.Length, output.Length - Inflate.LongestMatch));
            Assert.Equal(data.AsSpan(0, size).ToArray(), output.AsSpan(0, size).ToArray());
        }, iter: 60);
    }

    private static byte[] WithHeader(byte flags)
    {
        byte[] plain = Compression.Gzip(s_data, CompressionLevel.Optimal);
        byte[] header = [.. plain[..3], flags, .. plain[4..10]];
        byte[] extra = (flags & 4) != 0 ? [3, 0, 1, 2, 3] : [];
        byte[] name = (flags & 8) != 0 ? "name\0"u8.ToArray() : [];
        byte[] comment = (flags & 16) != 0 ? "comment\0"u8.ToArray() : [];
        byte[] checksum = (flags & 2) != 0 ? [0, 0] : [];
        return [.. header, .. extra, .. name, .. comment, .. checksum, .. plain[10..]];
    }
}
