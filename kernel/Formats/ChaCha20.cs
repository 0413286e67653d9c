using System;
using System.Buffers.Binary;
using System.Numerics;

namespace SharpVisor.Formats;

/// <summary>The block function of ChaCha20 (RFC 8439, 2.3).</summary>
public static class ChaCha20
{
    /// <summary>Words of a key.</summary>
    public const int KeyWords = 8;

    /// <summary>Bytes of a block.</summary>
    public const int BlockSize = 64;

    private const int Words = 16;
    private const int DoubleRounds = 10;

    /// <summary>Makes a block of key stream.</summary>
    /// <param name="key">The key as <see cref="KeyWords"/> little-endian words.</param>
    /// <param name="counter">Number of the block.</param>
    /// <param name="nonce0">First word of the nonce.</param>
    /// <param name="nonce1">Second word.</param>
    /// <param name="nonce2">Third word.</param>
    /// <param name="block">Receives it; <see cref="BlockSize"/> bytes.</param>
    public static void Block(ReadOnlySpan<uint> key, uint counter, uint nonce0, uint nonce1, uint nonce2, Span<byte> block)
    {
        Span<uint> input = stackalloc uint[Words];
        input[0] = 0x6170_7865; // "expand 32-byte k"
        input[1] = 0x3320_646e;
        input[2] = 0x7962_2d32;
        input[3] = 0x6b20_6574;
        key.Slice(0, KeyWords).CopyTo(input.Slice(4));
        input[12] = counter;
        input[13] = nonce0;
        input[14] = nonce1;
        input[15] = nonce2;
        Span<uint> state = stackalloc uint[Words];
        input.CopyTo(state);
        for (int i = 0; i < DoubleRounds; i++)
        {
            QuarterRound(ref state[0], ref state[4], ref state[8], ref state[12]);
            QuarterRound(ref state[1], ref state[5], ref state[9], ref state[13]);
            QuarterRound(ref state[2], ref state[6], ref state[10], ref state[14]);
            QuarterRound(ref state[3], ref state[7], ref state[11], ref state[15]);
            QuarterRound(ref state[0], ref state[5], ref state[10], ref state[15]);
            QuarterRound(ref state[1], ref state[6], ref state[11], ref state[12]);
            QuarterRound(ref state[2], ref state[7], ref state[8], ref state[13]);
            QuarterRound(ref state[3], ref state[4], ref state[9], ref state[14]);
        }

        for (int i = 0; i < Words; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(block.Slice(i * sizeof(uint)), state[i] + input[i]);
        }
    }

    private static void QuarterRound(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        a += b;
        d = BitOperations.RotateLeft(d ^ a, 16);
        c += d;
        b = BitOperations.RotateLeft(b ^ c, 12);
        a += b;
        d = BitOperations.RotateLeft(d ^ a, 8);
        c += d;
        b = BitOperations.RotateLeft(b ^ c, 7);
    }
}
