using System;
using System.IO;
using System.IO.Compression;
using CsCheck;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed class InflateTests
{
    private static readonly Gen<ZLibCompressionStrategy> s_strategies = Gen.OneOf(
        ZLibCompressionStrategy.Default, ZLibCompressionStrategy.Fixed, ZLibCompressionStrategy.HuffmanOnly, ZLibCompressionStrategy.RunLengthEncoding, ZLibCompressionStrategy.Filtered);

    [Fact]
    public void Whatever_was_compressed_comes_back()
    {
        Gen.Select(Compression.GenData, s_strategies, Gen.Int[0, 9], Gen.Int[0, 20]).Sample((data, strategy, level, behind) =>
        {
            byte[] stream = Compression.Deflate(data, strategy, level);
            byte[] input = [.. stream, .. new byte[behind]];
            byte[] output = new byte[data.Length];
            Assert.True(new Inflate().TryDecompress(input, output, out int consumed, out int produced));
            Assert.Equal(stream.Length, consumed);
            Assert.Equal(data.Length, produced);
            Assert.Equal(data, output);
        }, iter: 150);
    }

    [Fact]
    public void One_object_serves_stream_after_stream_even_after_damage()
    {
        var inflate = new Inflate();
        byte[] data = new byte[5000];
        new Random(1).NextBytes(data.AsSpan(0, 2500));
        foreach (ZLibCompressionStrategy strategy in Enum.GetValues<ZLibCompressionStrategy>())
        {
            byte[] stream = Compression.Deflate(data, strategy, 6);
            byte[] output = new byte[data.Length];
            inflate.TryDecompress(stream.AsSpan(0, stream.Length / 2), output, out _, out _);
            Assert.True(inflate.TryDecompress(stream, output, out _, out _));
            Assert.Equal(data, output);
        }
    }

    [Fact]
    public void Every_truncation_of_a_stream_is_refused()
    {
        byte[] data = new byte[700];
        new Random(2).NextBytes(data.AsSpan(0, 300));
        foreach ((ZLibCompressionStrategy strategy, int level) in ((ZLibCompressionStrategy, int)[])[(ZLibCompressionStrategy.Default, 9), (ZLibCompressionStrategy.Fixed, 6), (ZLibCompressionStrategy.Default, 0)])
        {
            byte[] stream = Compression.Deflate(data, strategy, level);
            byte[] output = new byte[data.Length];
            for (int length = 0; length < stream.Length; length++)
            {
                Assert.False(new Inflate().TryDecompress(stream.AsSpan(0, length), output, out _, out _));
            }
        }
    }

    [Fact]
    public void Where_the_output_is_too_small_its_beginning_is_right()
    {
        Gen.Select(Compression.GenData, s_strategies, Gen.Int[0, 9], Gen.Int[0, 1000]).Sample((data, strategy, level, room) =>
        {
            int length = Math.Min(room, data.Length);
            byte[] output = new byte[length];
            bool fits = new Inflate().TryDecompress(Compression.Deflate(data, strategy, level), output, out _, out int produced);
            Assert.Equal(length == data.Length, fits);
            Assert.True(produced > length - Inflate.LongestMatch && produced <= length);
            Assert.Equal(data.AsSpan(0, produced).ToArray(), output.AsSpan(0, produced).ToArray());
        }, iter: 150);
    }

    [Fact]
    public void Damaged_streams_decode_to_what_another_decoder_makes_of_them_or_are_refused()
    {
        Gen.Select(Gen.Byte.Array[1, 300], s_strategies, Gen.Select(Gen.Int[0, 400], Gen.Int[0, 7]).Array[1, 4]).Sample((data, strategy, flips) =>
        {
            byte[] stream = Compression.Deflate(data, strategy, 6);
            foreach ((int place, int bit) in flips)
            {
                stream[place % stream.Length] ^= (byte)(1 << bit);
            }

            byte[] output = new byte[0x1_0000];
            if (!new Inflate().TryDecompress(stream, output, out _, out int produced))
            {
                return;
            }

            using var other = new DeflateStream(new MemoryStream(stream), CompressionMode.Decompress);
            byte[] expected = new byte[output.Length];
            int length = other.ReadAtLeast(expected, expected.Length, throwOnEndOfStream: false);
            Assert.Equal(length, produced);
            Assert.Equal(expected.AsSpan(0, length).ToArray(), output.AsSpan(0, length).ToArray());
        }, iter: 3000);
    }

    [Fact]
    public void Random_bytes_never_do_harm()
    {
        Gen.Byte.Array[0, 200].Sample(input =>
        {
            byte[] output = new byte[1000];
            new Inflate().TryDecompress(input, output, out int consumed, out int produced);
            Assert.InRange(produced, 0, output.Length);
            Assert.InRange(consumed, 0, input.Length);
        }, iter: 5000);
    }
}
