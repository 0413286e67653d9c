using System;
using System.Buffers.Binary;
using CsCheck;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed class Elf64Tests
{
    private static readonly byte[] s_file = ElfFile.Make(
        0xffff_0000_4008_0004, (0xffff_0000_4008_0000, 0x4008_0000, [1, 2, 3, 4, 5, 6, 7, 8], 0x1000), (0x5000, 0x4009_0000, [9], 1));

    [Fact]
    public void Segments_come_with_their_addresses_and_bytes()
    {
        Assert.True(Elf64.TryCreate(s_file, out Elf64 elf));
        Assert.Equal(0xffff_0000_4008_0004, elf.Entry);
        Assert.Equal(2, elf.Count);
        Assert.True(elf.TryGetSegment(0, out Elf64Segment segment));
        Assert.Equal(0xffff_0000_4008_0000, segment.VirtualAddress);
        Assert.Equal(0x4008_0000ul, segment.PhysicalAddress);
        Assert.Equal(0x1000ul, segment.MemorySize);
        Assert.True(elf.TryGetBytes(segment, out ReadOnlySpan<byte> bytes));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], bytes.ToArray());
    }

    [Theory]
    [InlineData(0, 0, false)] // magic
    [InlineData(4, 1, false)] // 32 bits
    [InlineData(5, 2, false)] // big-endian
    [InlineData(16, 1, false)] // an object file
    [InlineData(16, 3, true)] // position-independent
    [InlineData(18, 62, false)] // x86-64
    [InlineData(54, 32, false)] // size of program headers
    [InlineData(57, 1, false)] // 258 program headers
    [InlineData(39, 0x80, false)] // their place
    public void Only_sound_AArch64_programs_are_taken(int offset, byte value, bool taken)
    {
        byte[] file = (byte[])s_file.Clone();
        file[offset] = value;
        Assert.Equal(taken, Elf64.TryCreate(file, out _));
    }

    [Fact]
    public void Only_segments_to_load_are_given()
    {
        byte[] file = (byte[])s_file.Clone();
        file[ElfFile.HeaderSize] = 4; // PT_NOTE
        Elf64.TryCreate(file, out Elf64 elf);
        Assert.False(elf.TryGetSegment(0, out _));
        Assert.True(elf.TryGetSegment(1, out _));
    }

    [Theory]
    [InlineData(8, ulong.MaxValue)]
    [InlineData(8, 0x7fff_ffff_fffful)]
    [InlineData(32, ulong.MaxValue)]
    [InlineData(32, 0x1000ul)]
    [InlineData(40, 7ul)]
    public void Bytes_outside_the_file_are_not_given(int field, ulong value)
    {
        byte[] file = (byte[])s_file.Clone();
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(ElfFile.HeaderSize + field), value);
        Assert.True(Elf64.TryCreate(file, out Elf64 elf));
        Assert.True(elf.TryGetSegment(0, out Elf64Segment segment));
        Assert.False(elf.TryGetBytes(segment, out _));
    }

    [Fact]
    public void Damage_and_truncation_never_do_harm()
    {
        Gen.Select(Gen.Int[0, s_file.Length], Gen.Select(Gen.Int[0, s_file.Length - 1], Gen.Byte).Array[0, 8]).Sample((length, changes) =>
        {
            byte[] file = (byte[])s_file.Clone();
            foreach ((int place, byte value) in changes)
            {
                file[place] = value;
            }

            if (Elf64.TryCreate(file.AsSpan(0, length), out Elf64 elf))
            {
                for (int i = 0; i < elf.Count; i++)
                {
                    if (elf.TryGetSegment(i, out Elf64Segment segment) && elf.TryGetBytes(segment, out ReadOnlySpan<byte> bytes))
                    {
                        Assert.Equal(segment.FileSize, (ulong)bytes.Length);
                    }
                }
            }
        }, iter: 5000);
    }
}
