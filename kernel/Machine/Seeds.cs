using System;
using System.Numerics;
using SharpVisor.Arch;
using SharpVisor.Formats;

namespace SharpVisor.Machine;

/// <summary>
/// Random numbers: for guests' address layouts, drawn from the one that the boot loader gave and from when they are asked
/// for, unpredictable for a guest, but nothing to make keys of; and streams that keys may be made of, as good as the seed
/// of 32 bytes or so that the boot loader gave.
/// </summary>
internal static class Seeds
{
    private const int SeedSize = 32;

    // 128 bits: with less, nobody should make keys.
    private const int SmallestSeed = 16;

    private static ulong s_state;
    private static KeyStream? s_stream;

    /// <summary>Begins with what the machine was given; where it has none guests get none either.</summary>
    /// <param name="seed">For layouts; 0 for none.</param>
    /// <param name="entropy">For streams; may be empty.</param>
    internal static void Begin(ulong seed, ReadOnlySpan<byte> entropy)
    {
        s_state = seed;
        if (entropy.Length >= SmallestSeed)
        {
            s_stream = new KeyStream();
            s_stream.Stir(entropy);
        }
    }

    /// <summary>
    /// Makes a stream that shares nothing with others; null where there is no source. Only while objects can be made, which
    /// is one at a time.
    /// </summary>
    internal static KeyStream? MakeStream()
    {
        if (s_stream == null)
        {
            return null;
        }

        Span<byte> seed = stackalloc byte[SeedSize];
        s_stream.Fill(SystemRegisters.ReadCntpctEl0(), seed);
        var stream = new KeyStream();
        stream.Stir(seed);
        seed.Clear();
        return stream;
    }

    /// <summary>The next number; 0 where there is no source. (A round of the finaliser of SplitMix64.)</summary>
    internal static ulong Next()
    {
        if (s_state == 0)
        {
            return 0;
        }

        s_state = BitOperations.RotateLeft(s_state, 17) ^ SystemRegisters.ReadCntpctEl0();
        ulong mixed = s_state + 0x9e37_79b9_7f4a_7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58_476d_1ce4_e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d0_49bb_1331_11eb;
        mixed ^= mixed >> 31;
        return mixed == 0 ? 1 : mixed;
    }
}
