using System;
using System.Linq;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed class ChaCha20Tests
{
    [Fact]
    public void It_makes_the_block_of_RFC_8439_2_3_2()
    {
        uint[] key = [.. Enumerable.Range(0, 8).Select(i => BitConverter.ToUInt32([(byte)(4 * i), (byte)((4 * i) + 1), (byte)((4 * i) + 2), (byte)((4 * i) + 3)]))];
        byte[] block = new byte[ChaCha20.BlockSize];
        ChaCha20.Block(key, 1, 0x0900_0000, 0x4a00_0000, 0, block);
        Assert.Equal(
            "10F1E7E4D13B5915500FDD1FA32071C4C7D1F4C733C068030422AA9AC3D46C4ED2826446079FAA0914C2D705D98B02A2B5129CD1DE164EB9CBD083E8A2503C4E",
            Convert.ToHexString(block));
    }

    [Fact]
    public void A_stream_never_repeats_itself()
    {
        KeyStream stream = new();
        stream.Stir([1, 2, 3]);
        byte[][] pieces = [.. Enumerable.Range(0, 1000).Select(_ =>
        {
            byte[] piece = new byte[16];
            stream.Fill(0, piece);
            return piece;
        })];
        Assert.Equal(1000, pieces.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void Streams_differ_by_their_seeds_and_agree_where_those_do()
    {
        Assert.Equal(First([1, 2, 3]), First([1, 2, 3]));
        Assert.NotEqual(First([1, 2, 3]), First([1, 2, 4]));
        Assert.NotEqual(First([1, 2, 3]), First([1, 2, 3, 0]));
        Assert.NotEqual(First([]), First([0]));
        byte[] longSeed = new byte[100];
        byte[] other = new byte[100];
        other[99] = 1;
        Assert.NotEqual(First(longSeed), First(other));
    }

    [Fact]
    public void A_long_piece_is_as_random_as_a_short_one()
    {
        KeyStream stream = new();
        stream.Stir([7]);
        byte[] bytes = new byte[100_003];
        stream.Fill(5, bytes);
        int ones = bytes.Sum(one => byte.PopCount(one));
        Assert.InRange(ones, 398_000, 402_000);
        for (int value = 0; value < 256; value++)
        {
            Assert.InRange(bytes.Count(one => one == value), 300, 480);
        }
    }

    private static string First(byte[] seed)
    {
        KeyStream stream = new();
        stream.Stir(seed);
        byte[] piece = new byte[32];
        stream.Fill(0, piece);
        return Convert.ToHexString(piece);
    }
}
