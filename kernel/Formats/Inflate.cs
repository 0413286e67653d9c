using System;

namespace SharpVisor.Formats;

/// <summary>
/// Decompresses DEFLATE (RFC 1951) from one span into another, or through a window to anywhere. Holds its work tables, so that one object, made
/// when the machine starts, serves every use.
/// </summary>
public sealed class Inflate
{
    /// <summary>Most bytes that one code writes.</summary>
    public const int LongestMatch = 258;

    private const int MaximumBits = 15;
    private const int FastBits = 10;
    private const int LiteralCodes = 288;
    private const int DistanceCodes = 32;
    private const int EndOfBlock = 256;

    /// <summary>How far back a code may reach.</summary>
    private const int History = 1 << 15;

    private readonly HuffmanTable _literals = new(LiteralCodes);
    private readonly HuffmanTable _distances = new(DistanceCodes);
    private readonly byte[] _lengths = new byte[LiteralCodes + DistanceCodes];
    private InflateTarget? _target;
    private int _handedOn;

    private static ReadOnlySpan<byte> CodeLengthOrder => [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    private static ReadOnlySpan<ushort> LengthBases =>
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    private static ReadOnlySpan<byte> LengthExtraBits =>
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    private static ReadOnlySpan<ushort> DistanceBases =>
        [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];

    private static ReadOnlySpan<byte> DistanceExtraBits =>
        [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    /// <summary>Decompresses one stream.</summary>
    /// <param name="input">The compressed bytes; more may follow the stream.</param>
    /// <param name="output">Where the result goes.</param>
    /// <param name="consumed">Bytes of input that the stream took.</param>
    /// <param name="produced">Bytes written. Where the stream does not fit, fewer than <see cref="LongestMatch"/> bytes of the output are left unwritten.</param>
    /// <returns>False where the stream is malformed, ends too early, or does not fit.</returns>
    public bool TryDecompress(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int produced)
    {
        _target = null;
        return TryDecode(input, output, out consumed, out produced);
    }

    /// <summary>Decompresses one stream of any length.</summary>
    /// <param name="input">The compressed bytes; more may follow the stream.</param>
    /// <param name="window">Where it works: the longer the better, at least 33 KiB.</param>
    /// <param name="target">Where the result goes; it has begun.</param>
    /// <param name="consumed">Bytes of input that the stream took.</param>
    /// <returns>False where the stream is malformed, ends too early, or the target takes no more.</returns>
    public bool TryDecompress(ReadOnlySpan<byte> input, Span<byte> window, InflateTarget target, out int consumed)
    {
        _target = target;
        _handedOn = 0;
        bool isSound = TryDecode(input, window, out consumed, out int produced)
            && target.TryTake(window.Slice(_handedOn, produced - _handedOn));
        _target = null;
        return isSound;
    }

    private bool TryDecode(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int produced)
    {
        var bits = new BitReader(input);
        produced = 0;
        consumed = 0;
        bool last;
        do
        {
            last = bits.Take(1) != 0;
            bool sound = bits.Take(2) switch
            {
                0 => TryCopyStored(ref bits, output, ref produced),
                1 => TryUseFixedCodes() && TryDecodeBlock(ref bits, output, ref produced),
                2 => TryReadCodes(ref bits) && TryDecodeBlock(ref bits, output, ref produced),
                _ => false,
            };
            if (!sound || bits.IsExhausted)
            {
                return false;
            }
        }
        while (!last);
        consumed = bits.BytesConsumed;
        return true;
    }

    private bool TryCopyStored(ref BitReader bits, Span<byte> output, ref int produced)
    {
        bits.AlignToByte();
        uint length = bits.Take(16);
        if ((bits.Take(16) ^ 0xffff) != length || !bits.TryTakeBytes((int)length, out ReadOnlySpan<byte> bytes))
        {
            return false;
        }

        while (true)
        {
            int fitting = Math.Min(bytes.Length, output.Length - produced);
            bytes.Slice(0, fitting).CopyTo(output.Slice(produced));
            produced += fitting;
            bytes = bytes.Slice(fitting);
            if (bytes.IsEmpty)
            {
                return true;
            }

            if (!TryMakeRoom(output, ref produced))
            {
                return false;
            }
        }
    }

    /// <summary>The window is full: its contents go to the target, and what codes may still refer to moves to its start.</summary>
    private bool TryMakeRoom(Span<byte> window, ref int position)
    {
        if (_target == null || !_target.TryTake(window.Slice(_handedOn, position - _handedOn)))
        {
            return false;
        }

        int kept = Math.Min(position, History);
        window.Slice(position - kept, kept).CopyTo(window);
        position = kept;
        _handedOn = kept;
        return true;
    }

    private bool TryUseFixedCodes()
    {
        for (int i = 0; i < LiteralCodes; i++)
        {
            _lengths[i] = (byte)(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
        }

        bool sound = _literals.TryBuild(_lengths.AsSpan(0, LiteralCodes));
        for (int i = 0; i < DistanceCodes; i++)
        {
            _lengths[i] = 5;
        }

        return sound && _distances.TryBuild(_lengths.AsSpan(0, DistanceCodes));
    }

    private bool TryReadCodes(ref BitReader bits)
    {
        int literals = (int)bits.Take(5) + 257;
        int distances = (int)bits.Take(5) + 1;
        int codeLengths = (int)bits.Take(4) + 4;
        if (literals > 286 || distances > 30)
        {
            return false;
        }

        Span<byte> lengths = _lengths;
        lengths.Slice(0, CodeLengthOrder.Length).Clear();
        for (int i = 0; i < codeLengths; i++)
        {
            lengths[CodeLengthOrder[i]] = (byte)bits.Take(3);
        }

        if (!_literals.TryBuild(lengths.Slice(0, CodeLengthOrder.Length)))
        {
            return false;
        }

        int count = 0;
        while (count < literals + distances)
        {
            int symbol = _literals.Decode(ref bits);
            if (symbol is < 0 or > 18 || bits.IsExhausted)
            {
                return false;
            }

            if (symbol < 16)
            {
                lengths[count++] = (byte)symbol;
                continue;
            }

            if (symbol == 16 && count == 0)
            {
                return false;
            }

            byte value = symbol == 16 ? lengths[count - 1] : (byte)0;
            int repeat = symbol switch
            {
                16 => 3 + (int)bits.Take(2),
                17 => 3 + (int)bits.Take(3),
                _ => 11 + (int)bits.Take(7),
            };
            if (repeat > literals + distances - count)
            {
                return false;
            }

            lengths.Slice(count, repeat).Fill(value);
            count += repeat;
        }

        return lengths[EndOfBlock] != 0
            && _literals.TryBuild(lengths.Slice(0, literals))
            && _distances.TryBuild(lengths.Slice(literals, distances));
    }

    private bool TryDecodeBlock(ref BitReader bits, Span<byte> output, ref int produced)
    {
        produced = DecodeBlock(ref bits, output, produced, out bool sound);
        return sound;
    }

    /// <summary>Decodes up to the end of the block, or to what is wrong; returns the place behind what was written.</summary>
    private int DecodeBlock(ref BitReader bits, Span<byte> output, int position, out bool sound)
    {
        sound = false;
        while (true)
        {
            int symbol = _literals.Decode(ref bits);
            if (symbol < EndOfBlock)
            {
                if (symbol < 0 || bits.IsExhausted || (position >= output.Length && !TryMakeRoom(output, ref position)))
                {
                    return position;
                }

                output[position++] = (byte)symbol;
                continue;
            }

            if (symbol == EndOfBlock)
            {
                sound = !bits.IsExhausted;
                return position;
            }

            symbol -= EndOfBlock + 1;
            if (symbol >= LengthBases.Length)
            {
                return position;
            }

            int length = LengthBases[symbol] + (int)bits.Take(LengthExtraBits[symbol]);
            int distanceSymbol = _distances.Decode(ref bits);
            if ((uint)distanceSymbol >= (uint)DistanceBases.Length)
            {
                return position;
            }

            int distance = DistanceBases[distanceSymbol] + (int)bits.Take(DistanceExtraBits[distanceSymbol]);
            if (distance > position || bits.IsExhausted || (length > output.Length - position && !TryMakeRoom(output, ref position)))
            {
                return position;
            }

            // Source and destination may overlap: byte by byte repeats what was just written.
            Span<byte> source = output.Slice(position - distance, distance + length);
            for (int i = 0; i < length; i++)
            {
                source[distance + i] = source[i];
            }

            position += length;
        }
    }

    /// <summary>Bits from the least significant end of each byte. Behind the end come zeros, and it says so.</summary>
    private ref struct BitReader
    {
        private readonly ReadOnlySpan<byte> _input;
        private ulong _bits;
        private int _count;
        private int _next;
        private int _missing;

        internal BitReader(ReadOnlySpan<byte> input)
        {
            _input = input;
            _bits = 0;
            _count = 0;
            _next = 0;
            _missing = 0;
        }

        /// <summary>Whether more bits were taken than there are.</summary>
        internal readonly bool IsExhausted => _missing > _count / 8;

        internal readonly int BytesConsumed => _next + _missing - (_count / 8);

        internal uint Peek(int count)
        {
            while (_count < count)
            {
                if (_next < _input.Length)
                {
                    _bits |= (ulong)_input[_next++] << _count;
                }
                else
                {
                    _missing++;
                }

                _count += 8;
            }

            return (uint)(_bits & ((1ul << count) - 1));
        }

        internal void Skip(int count)
        {
            _bits >>= count;
            _count -= count;
        }

        internal uint Take(int count)
        {
            uint value = Peek(count);
            Skip(count);
            return value;
        }

        internal void AlignToByte() => Skip(_count & 7);

        internal bool TryTakeBytes(int length, out ReadOnlySpan<byte> bytes)
        {
            bytes = default;
            if (_missing != 0)
            {
                return false;
            }

            _next -= _count / 8;
            _bits = 0;
            _count = 0;
            if (length > _input.Length - _next)
            {
                return false;
            }

            bytes = _input.Slice(_next, length);
            _next += length;
            return true;
        }
    }

    /// <summary>A canonical Huffman code: short codes by one look-up, long ones by counting (RFC 1951, 3.2.2).</summary>
    private sealed class HuffmanTable
    {
        private readonly ushort[] _fast = new ushort[1 << FastBits];
        private readonly ushort[] _symbols;
        private readonly ushort[] _counts = new ushort[MaximumBits + 1];
        private readonly ushort[] _offsets = new ushort[MaximumBits + 1];

        internal HuffmanTable(int symbols) => _symbols = new ushort[symbols];

        /// <summary>False where the lengths are no prefix code. An incomplete one is legal only with a single symbol.</summary>
        internal bool TryBuild(ReadOnlySpan<byte> lengths)
        {
            _counts.AsSpan().Clear();
            for (int i = 0; i < lengths.Length; i++)
            {
                _counts[lengths[i]]++;
            }

            int used = lengths.Length - _counts[0];
            _counts[0] = 0;
            int left = 1;
            for (int bits = 1; bits <= MaximumBits; bits++)
            {
                left = (left << 1) - _counts[bits];
                if (left < 0)
                {
                    return false;
                }
            }

            if (left > 0 && used > 1)
            {
                return false;
            }

            _offsets[1] = 0;
            for (int bits = 1; bits < MaximumBits; bits++)
            {
                _offsets[bits + 1] = (ushort)(_offsets[bits] + _counts[bits]);
            }

            for (int i = 0; i < lengths.Length; i++)
            {
                if (lengths[i] != 0)
                {
                    _symbols[_offsets[lengths[i]]++] = (ushort)i;
                }
            }

            FillFastTable();
            return true;
        }

        /// <summary>The next symbol, or -1 where the bits are no code.</summary>
        internal int Decode(ref BitReader bits)
        {
            uint next = bits.Peek(MaximumBits);
            ushort entry = _fast[(int)next & ((1 << FastBits) - 1)];
            if (entry != 0)
            {
                bits.Skip(entry & 15);
                return entry >> 4;
            }

            int code = 0;
            int first = 0;
            int index = 0;
            for (int length = 1; length <= MaximumBits; length++)
            {
                code |= (int)(next >> (length - 1)) & 1;
                int count = _counts[length];
                if (code - first < count)
                {
                    bits.Skip(length);
                    return _symbols[index + (code - first)];
                }

                index += count;
                first = (first + count) << 1;
                code <<= 1;
            }

            return -1;
        }

        // An entry is symbol << 4 | length; codes longer than the index leave 0.
        private void FillFastTable()
        {
            _fast.AsSpan().Clear();
            int code = 0;
            int index = 0;
            for (int length = 1; length <= FastBits; length++)
            {
                for (int i = 0; i < _counts[length]; i++, code++)
                {
                    int entry = (_symbols[index++] << 4) | length;
                    for (int place = Reverse(code, length); place < 1 << FastBits; place += 1 << length)
                    {
                        _fast[place] = (ushort)entry;
                    }
                }

                code <<= 1;
            }
        }

        private static int Reverse(int code, int length)
        {
            int result = 0;
            for (int i = 0; i < length; i++)
            {
                result = (result << 1) | ((code >> i) & 1);
            }

            return result;
        }
    }
}
