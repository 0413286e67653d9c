using System;
using System.Buffers.Binary;
using CsCheck;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed class Arm64ImageTests
{
    [Fact]
    public void The_header_gives_offset_and_size()
    {
        byte[] file = ImageFile.Make(100, 0x8_0000, 0x123_4567);
        Assert.True(Arm64Image.IsImage(file));
        var image = Arm64Image.Read(file);
        Assert.Equal(0x8_0000ul, image.TextOffset);
        Assert.Equal(0x123_4567ul, image.ImageSize);
    }

    [Fact]
    public void Less_than_a_header_is_no_image()
    {
        byte[] file = ImageFile.Make(64, 0, 0);
        Assert.True(Arm64Image.IsImage(file));
        Assert.False(Arm64Image.IsImage(file.AsSpan(0, 63)));
        file[56]++;
        Assert.False(Arm64Image.IsImage(file));
    }

    [Fact]
    public void An_image_without_sections_cannot_be_seen_to_be_truncated()
    {
        Assert.False(Arm64Image.IsTruncated(ImageFile.Make(64, 0, 0x100_0000), out _));
    }

    [Fact]
    public void Sections_that_the_file_does_not_reach_tell_that_it_is_truncated()
    {
        byte[] file = ImageFile.MakeWithSections(ImageFile.SectionsEnd, 0x1000);
        Assert.False(Arm64Image.IsTruncated(file, out _));
        for (int length = 64; length < file.Length; length++)
        {
            Assert.True(Arm64Image.IsTruncated(file.AsSpan(0, length), out ulong needed));
            Assert.True(needed > (ulong)length && needed <= (ulong)file.Length);
        }
    }

    [Fact]
    public void A_PE_header_beyond_the_file_is_truncation_whatever_it_says()
    {
        byte[] file = ImageFile.MakeWithSections(0x400, 0x1000);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(0x3c), uint.MaxValue);
        Assert.True(Arm64Image.IsTruncated(file, out ulong needed));
        Assert.Equal(0x1_0000_0017ul, needed);
    }

    [Fact]
    public void Damaged_headers_never_do_harm()
    {
        Gen.Select(Gen.Int[64, 0x400], Gen.Select(Gen.Int[0, 200], Gen.Byte).Array[0, 8]).Sample((length, changes) =>
        {
            byte[] file = ImageFile.MakeWithSections(0x400, 0x1000)[..length];
            foreach ((int place, byte value) in changes)
            {
                file[place % length] = value;
            }

            bool truncated = Arm64Image.IsTruncated(file, out ulong needed);
            Assert.Equal(truncated, needed > (ulong)length);
        }, iter: 5000);
    }
}
