using System;
using System.Collections.Generic;
using CsCheck;
using SharpVisor.Cpu;
using SharpVisor.Devices;
using Xunit;

namespace SharpVisor.Tests.Unit.Cpu;

public class Stage1WalkTests
{
    private const ulong Ram = 0x4000_0000;
    private readonly Tables _memory = new();

    [Fact]
    public void With_the_MMU_off_addresses_are_physical()
    {
        Assert.True(Stage1Walk.TryTranslate(0x4123_4567, 0, 0, 0, 0, _memory, out ulong ipa, out bool isWritable, out _));
        Assert.Equal(0x4123_4567ul, ipa);
        Assert.True(isWritable);
        Assert.False(Stage1Walk.TryTranslate(0xffff_0000_4123_4567, 0, 0, 0, 0, _memory, out _, out _, out _));
    }

    [Fact]
    public void Any_mapping_of_any_granule_in_both_halves_is_found()
    {
        Gen.Select(Gen.Int[0, 2], Gen.Bool, Gen.Int[25, 48], Gen.ULong, Gen.ULong, Gen.Int[0, 3], Gen.Bool, Gen.Bool).Sample((granule, isUpper, bits, where, what, last, isReadOnly, isTagged) =>
        {
            int granuleBits = 12 + (2 * granule);
            ulong field = (isUpper ? new ulong[] { 2, 1, 3 } : [0, 2, 1])[granule];
            int size = 64 - bits;
            ulong tcr = isUpper
                ? ((ulong)(uint)size << 16) | (field << 30) | (isTagged ? 1ul << 38 : 0) | (1 << 7)
                : (ulong)(uint)size | (field << 14) | (isTagged ? 1ul << 37 : 0) | (1 << 23);
            Tables memory = new();
            int stride = granuleBits - 3;
            int first = 4 - ((bits - granuleBits + stride - 1) / stride);

            // Blocks are at levels 1 and 2 with 4 KiB, at 2 with the others.
            int level = Math.Max(first, Math.Max(last, granule == 0 ? 1 : 2));
            int shift = granuleBits + (stride * (3 - level));
            ulong input = where & (ulong.MaxValue >> size);
            ulong address = isUpper ? input | (ulong.MaxValue << bits) : input;
            ulong output = what & 0xffff_ffff_ffff & (ulong.MaxValue << shift);
            ulong root = memory.Map(granuleBits, first, level, input, output | (isReadOnly ? 1ul << 7 : 0ul) | 1ul | (level == 3 ? 2ul : 0ul));
            ulong tagged = isTagged ? (address & 0x00ff_ffff_ffff_ffff) | (what << 56) : address;
            Assert.True(Stage1Walk.TryTranslate(tagged, 1, tcr, isUpper ? 0 : root, isUpper ? root : 0, memory, out ulong ipa, out bool isWritable, out bool isForUser));
            Assert.Equal(output | (input & ((1ul << shift) - 1)), ipa);
            Assert.Equal(!isReadOnly, isWritable);
            Assert.False(isForUser);

            // Next to it there is nothing, and beyond the half neither.
            Assert.False(Stage1Walk.TryTranslate(address ^ (1ul << shift), 1, tcr, isUpper ? 0 : root, isUpper ? root : 0, memory, out _, out _, out _) && shift < bits);
            if (bits < 48)
            {
                Assert.False(Stage1Walk.TryTranslate(address ^ (1ul << bits), 1, tcr, isUpper ? 0 : root, isUpper ? root : 0, memory, out _, out _, out _));
            }
        }, iter: 3000);
    }

    [Fact]
    public void Whatever_the_tables_are_a_walk_ends()
    {
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong, Gen.ULong, Gen.ULong.Array[16]).Sample((address, tcr, ttbr0, ttbr1, words) =>
        {
            Noise memory = new(words);
            Stage1Walk.TryTranslate(address, 1, tcr, ttbr0, ttbr1, memory, out _, out _, out _);
            Assert.InRange(memory.Reads, 0, 4);
        }, iter: 5000);
    }

    private sealed class Tables : DeviceMemory
    {
        private readonly Dictionary<ulong, ulong> _entries = [];
        private ulong _next = Ram;

        public ulong Map(int granuleBits, int first, int level, ulong input, ulong leaf)
        {
            int stride = granuleBits - 3;
            ulong root = _next;
            ulong table = root;
            for (int i = first; i <= level; i++)
            {
                _next += 1ul << granuleBits;
                int shift = granuleBits + (stride * (3 - i));
                _entries[table + (input >> shift << 3)] = i == level ? leaf : _next | 3;
                input &= (1ul << shift) - 1;
                table = _next;
            }

            return root;
        }

        public override bool TryRead(ulong address, Span<byte> destination) =>
            BitConverter.TryWriteBytes(destination, _entries.GetValueOrDefault(address));

        public override bool TryWrite(ulong address, ReadOnlySpan<byte> source) => false;

        public override bool TryRelease(ulong address, ulong length) => false;
    }

    private sealed class Noise(ulong[] words) : DeviceMemory
    {
        public int Reads { get; private set; }

        public override bool TryRead(ulong address, Span<byte> destination) =>
            BitConverter.TryWriteBytes(destination, words[Reads++] | 1);

        public override bool TryWrite(ulong address, ReadOnlySpan<byte> source) => false;

        public override bool TryRelease(ulong address, ulong length) => false;
    }
}
