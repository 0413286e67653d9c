using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using CsCheck;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed unsafe class Sha256Tests
{
    private const string Abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Fact]
    public void The_example_of_the_standard_comes_out() => Assert.Equal(Abc, Hash("abc"u8));

    [Fact]
    public void It_is_what_NET_computes_for_every_length_around_a_block()
    {
        byte[] bytes = new byte[300];
        new Random(1).NextBytes(bytes);
        for (int length = 0; length <= bytes.Length; length++)
        {
            ReadOnlySpan<byte> some = bytes.AsSpan(0, length);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(some)), Hash(some));
        }
    }

    [Fact]
    public void Pieces_of_any_size_give_the_hash_of_the_whole()
    {
        Gen.Byte.Array[0, 200].List[0, 12].Sample(pieces =>
        {
            List<byte> whole = [];
            var sha = new Sha256(default);
            foreach (byte[] piece in pieces)
            {
                sha.Append(piece);
                whole.AddRange(piece);
            }

            byte[] hash = new byte[Sha256.HashSize];
            sha.Finish(hash);
            Assert.Equal(SHA256.HashData(whole.ToArray()), hash);
        }, iter: 1000);
    }

    [Fact]
    public void Another_compression_gets_the_state_and_all_whole_blocks()
    {
        byte[] hash = new byte[Sha256.HashSize];
        Sha256.Compute(new byte[200], hash, new Sha256Compression(&Count));

        // 200 bytes: three blocks at once, and one with the rest and the length.
        Assert.Equal("04000000", Convert.ToHexString(hash.AsSpan(0, 4)));
        Assert.Equal("bb67ae85", Convert.ToHexStringLower(hash.AsSpan(4, 4)));
    }

    private static void Count(uint* state, byte* blocks, int count)
    {
        state[0] = (state[0] == 0x6a09_e667 ? 0 : state[0]) + ((uint)count << 24);
    }

    private static string Hash(ReadOnlySpan<byte> bytes)
    {
        byte[] hash = new byte[Sha256.HashSize];
        Sha256.Compute(bytes, hash, default);
        return Convert.ToHexStringLower(hash);
    }
}
