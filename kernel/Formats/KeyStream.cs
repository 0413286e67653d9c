using System;
using System.Buffers.Binary;

namespace SharpVisor.Formats;

/// <summary>
/// A random number generator: ChaCha20 whose key is replaced by its own output at every use, so that what was given out
/// cannot be found again from what is kept.
/// </summary>
public sealed class KeyStream
{
    private const int KeySize = ChaCha20.KeyWords * sizeof(uint);

    private readonly uint[] _key = new uint[ChaCha20.KeyWords];

    /// <summary>Replaces the key by one that depends on it and on all of these bytes.</summary>
    public void Stir(ReadOnlySpan<byte> seed)
    {
        Span<byte> piece = stackalloc byte[KeySize];
        for (bool isFirst = true; isFirst || !seed.IsEmpty; isFirst = false)
        {
            int length = Math.Min(seed.Length, KeySize);
            piece.Clear();
            seed.Slice(0, length).CopyTo(piece);
            seed = seed.Slice(length);
            for (int i = 0; i < ChaCha20.KeyWords; i++)
            {
                _key[i] ^= BinaryPrimitives.ReadUInt32LittleEndian(piece.Slice(i * sizeof(uint)));
            }

            Fill((ulong)length, piece);
        }
    }

    /// <summary>Gives random bytes.</summary>
    /// <param name="nonce">Anything; the time of day makes copies of one machine differ.</param>
    /// <param name="destination">Receives them.</param>
    public void Fill(ulong nonce, Span<byte> destination)
    {
        Span<byte> block = stackalloc byte[ChaCha20.BlockSize];
        Span<byte> next = stackalloc byte[KeySize];
        ChaCha20.Block(_key, 0, (uint)nonce, (uint)(nonce >> 32), 0, block);
        block.Slice(0, KeySize).CopyTo(next);
        ReadOnlySpan<byte> rest = block.Slice(KeySize);
        for (uint counter = 1; ; counter++)
        {
            int part = Math.Min(rest.Length, destination.Length);
            rest.Slice(0, part).CopyTo(destination);
            destination = destination.Slice(part);
            if (destination.IsEmpty)
            {
                break;
            }

            ChaCha20.Block(_key, counter, (uint)nonce, (uint)(nonce >> 32), 0, block);
            rest = block;
        }

        TakeKey(next);
        block.Clear();
        next.Clear();
    }

    private void TakeKey(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < ChaCha20.KeyWords; i++)
        {
            _key[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(i * sizeof(uint)));
        }
    }
}
