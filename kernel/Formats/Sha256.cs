using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace SharpVisor.Formats;

/// <summary>
/// SHA-256 (FIPS 180-4) of bytes that come in pieces. It allocates nothing. The portable
/// compression takes about 40 instructions a byte; a CPU with instructions for it does with 1.6.
/// </summary>
public unsafe struct Sha256
{
    /// <summary>Bytes of a hash.</summary>
    public const int HashSize = 32;

    /// <summary>Bytes that are compressed at a time.</summary>
    public const int BlockSize = 64;

    private const int StateWords = 8;
    private const int ScheduleWords = 64;
    private const int LengthSize = 8;

    private readonly Sha256Compression _compression;
    private fixed uint _state[StateWords];
    private fixed byte _block[BlockSize];
    private ulong _length;

    /// <summary>Begins a hash.</summary>
    /// <param name="compression">How blocks are compressed; the default is portable code.</param>
    public Sha256(Sha256Compression compression)
    {
        _compression = compression;
        ReadOnlySpan<uint> initial = InitialState;
        for (int i = 0; i < StateWords; i++)
        {
            _state[i] = initial[i];
        }
    }

    // The first 32 bits of the fractional parts of the square roots of the first 8 primes (5.3.3).
    private static ReadOnlySpan<uint> InitialState =>
    [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ];

    // The same of the cube roots of the first 64 primes (4.2.2). boot/sha256.S has them too.
    private static ReadOnlySpan<uint> Constants =>
    [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ];

    /// <summary>The hash of all bytes.</summary>
    /// <param name="bytes">What to hash.</param>
    /// <param name="hash">Takes <see cref="HashSize"/> bytes.</param>
    /// <param name="compression">How blocks are compressed.</param>
    public static void Compute(ReadOnlySpan<byte> bytes, Span<byte> hash, Sha256Compression compression)
    {
        var sha = new Sha256(compression);
        sha.Append(bytes);
        sha.Finish(hash);
    }

    /// <summary>Adds bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        int used = (int)(_length % BlockSize);
        _length += (ulong)bytes.Length;
        fixed (byte* block = _block)
        {
            var partial = new Span<byte>(block, BlockSize);
            if (used > 0)
            {
                int taken = Math.Min(BlockSize - used, bytes.Length);
                bytes.Slice(0, taken).CopyTo(partial.Slice(used));
                bytes = bytes.Slice(taken);
                if (used + taken < BlockSize)
                {
                    return;
                }

                Compress(partial);
            }

            int whole = bytes.Length / BlockSize * BlockSize;
            Compress(bytes.Slice(0, whole));
            bytes.Slice(whole).CopyTo(partial);
        }
    }

    /// <summary>The hash of what was added. Nothing can be added behind it.</summary>
    /// <param name="hash">Takes <see cref="HashSize"/> bytes.</param>
    public void Finish(Span<byte> hash)
    {
        int used = (int)(_length % BlockSize);
        fixed (byte* block = _block)
        {
            // One bit, zeros, and the length in bits at the end of a block (5.1.1).
            var last = new Span<byte>(block, BlockSize);
            last[used++] = 0x80;
            last.Slice(used).Clear();
            if (used > BlockSize - LengthSize)
            {
                Compress(last);
                last.Clear();
            }

            BinaryPrimitives.WriteUInt64BigEndian(last.Slice(BlockSize - LengthSize), _length * 8);
            Compress(last);
        }

        for (int i = 0; i < StateWords; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(hash.Slice(i * sizeof(uint)), _state[i]);
        }
    }

    private void Compress(ReadOnlySpan<byte> blocks)
    {
        int count = blocks.Length / BlockSize;
        if (count == 0)
        {
            return;
        }

        fixed (uint* state = _state)
        fixed (byte* start = blocks)
        {
            if (!_compression.TryCompress(state, start, count))
            {
                CompressPortably(state, blocks);
            }
        }
    }

    /// <summary>6.2.2, eight rounds at a time so that no variable changes its name at run time.</summary>
    private static void CompressPortably(uint* state, ReadOnlySpan<byte> blocks)
    {
        uint* schedule = stackalloc uint[ScheduleWords];
        fixed (uint* constants = Constants)
        {
            for (; blocks.Length >= BlockSize; blocks = blocks.Slice(BlockSize))
            {
                FillSchedule(schedule, blocks);
                uint a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
                for (int i = 0; i < ScheduleWords; i += 8)
                {
                    uint* w = schedule + i;
                    uint* k = constants + i;
                    Round(a, b, c, ref d, e, f, g, ref h, w[0] + k[0]);
                    Round(h, a, b, ref c, d, e, f, ref g, w[1] + k[1]);
                    Round(g, h, a, ref b, c, d, e, ref f, w[2] + k[2]);
                    Round(f, g, h, ref a, b, c, d, ref e, w[3] + k[3]);
                    Round(e, f, g, ref h, a, b, c, ref d, w[4] + k[4]);
                    Round(d, e, f, ref g, h, a, b, ref c, w[5] + k[5]);
                    Round(c, d, e, ref f, g, h, a, ref b, w[6] + k[6]);
                    Round(b, c, d, ref e, f, g, h, ref a, w[7] + k[7]);
                }

                state[0] += a;
                state[1] += b;
                state[2] += c;
                state[3] += d;
                state[4] += e;
                state[5] += f;
                state[6] += g;
                state[7] += h;
            }
        }
    }

    private static void FillSchedule(uint* schedule, ReadOnlySpan<byte> block)
    {
        for (int i = 0; i < BlockSize / sizeof(uint); i++)
        {
            schedule[i] = BinaryPrimitives.ReadUInt32BigEndian(block.Slice(i * sizeof(uint)));
        }

        for (uint* w = schedule + 16; w < schedule + ScheduleWords; w++)
        {
            uint early = w[-15];
            uint late = w[-2];
            uint sigma0 = BitOperations.RotateRight(early, 7) ^ BitOperations.RotateRight(early, 18) ^ (early >> 3);
            uint sigma1 = BitOperations.RotateRight(late, 17) ^ BitOperations.RotateRight(late, 19) ^ (late >> 10);
            *w = w[-16] + sigma0 + w[-7] + sigma1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(uint a, uint b, uint c, ref uint d, uint e, uint f, uint g, ref uint h, uint word)
    {
        uint sum1 = BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25);
        uint choice = g ^ (e & (f ^ g));
        h += sum1 + choice + word;
        d += h;
        uint sum0 = BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22);
        uint majority = (a & b) | (c & (a | b));
        h += sum0 + majority;
    }
}
