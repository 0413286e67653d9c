using System;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using SharpVisor.Formats;
using SharpVisor.Machine.Loading;
using SharpVisor.Tests.Unit.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Machine;

public sealed unsafe class GuestLoaderTests : IDisposable
{
    private const ulong Start = GuestMemoryMap.Ram;
    private const int Size = 0x100_0000;
    private const ulong End = Start + Size;

    private readonly HostRam _host = new(Size);
    private readonly byte* _workspace = (byte*)NativeMemory.Alloc((nuint)GuestLoader.DeviceTreeRoom);

    public void Dispose()
    {
        Assert.True(_host.AreFencesWhole);
        _host.Dispose();
        NativeMemory.Free(_workspace);
    }

    [Theory]
    [InlineData(0ul, 0x20_0000ul)]
    [InlineData(0x8_0000ul, 0x8_0000ul)]
    [InlineData(0x20_0000ul, 0x20_0000ul)]
    public void An_Image_lies_at_its_offset_and_is_entered_at_its_first_byte(ulong textOffset, ulong offset)
    {
        byte[] file = ImageFile.Make(5000, textOffset, 0x1_0000);
        GuestEntry entry = Load(file, default);
        Assert.Equal(Start + offset, entry.Start);
        Assert.Equal((Start + offset, Start + offset + 0x1_0000), (entry.KernelStart, entry.KernelEnd));
        Assert.Equal(file, _host.At(entry.KernelStart, file.Length).ToArray());
        Assert.Equal(End - GuestLoader.DeviceTreeRoom, entry.DeviceTree);
    }

    [Theory]
    [InlineData(0x40_0000, 0x20_0000 - 0x1_0000, 0x20_0000)]
    [InlineData(0x40_0000, 0x20_0000 - 0xf000, 0)]
    [InlineData(0x10_0000, 0x8_0000, 0)]
    [InlineData(0x10_0000, 0xf_0000, 0)]
    public void An_Image_without_an_offset_lies_at_the_start_of_a_memory_too_small_for_two_megabytes_below_it(int memory, ulong imageSize, ulong offset)
    {
        using var host = new HostRam(memory);
        byte[] file = ImageFile.Make(5000, 0, imageSize);
        foreach (byte[] kernel in new[] { file, Compression.Gzip(file, CompressionLevel.Fastest) })
        {
            var description = new GuestDescription { Affinities = [0], GicVersion = 3 };
            LoadResult result = new GuestLoader(new Inflate(), _workspace).Load(host, kernel, default, ref description, out GuestEntry entry);
            Assert.True(result.IsLoaded);
            Assert.Equal((Start + offset, Start + offset + imageSize), (entry.KernelStart, entry.KernelEnd));
            Assert.Equal(file, host.At(entry.Start, file.Length).ToArray());
            Assert.False(entry.DeviceTree < entry.KernelEnd && entry.KernelStart < entry.DeviceTree + GuestLoader.DeviceTreeRoom);
            Assert.True(host.AreFencesWhole);
        }
    }

    [Fact]
    public void A_compressed_Image_lies_where_the_plain_one_would()
    {
        byte[] file = ImageFile.Make(100_000, 0x8_0000, 0x2_0000);
        foreach (CompressionLevel level in Enum.GetValues<CompressionLevel>())
        {
            GuestEntry plain = Load(file, default);
            _host.Bytes.Fill(0xa5);
            GuestEntry entry = Load(Compression.Gzip(file, level), default);
            Assert.Equal(plain, entry);
            Assert.Equal(file, _host.At(entry.KernelStart, file.Length).ToArray());
        }
    }

    [Fact]
    public void ELF_segments_lie_at_their_physical_addresses_with_zeros_behind()
    {
        byte[] text = [1, 2, 3, 4, 5, 6, 7, 8];
        byte[] data = [9, 10];
        byte[] file = ElfFile.Make(
            0xffff_0000_0000_0004, (0xffff_0000_0000_0000, Start + 0x20_0000, text, 8), (0xffff_0000_0001_0000, Start + 0x30_0000, data, 0x1000), (0, 0, [], 0));
        GuestEntry entry = Load(file, default);
        Assert.Equal(Start + 0x20_0004, entry.Start);
        Assert.Equal(text, _host.At(Start + 0x20_0000, 8).ToArray());
        Assert.Equal([.. data, .. new byte[0xffe]], _host.At(Start + 0x30_0000, 0x1000).ToArray());
        Assert.Equal((Start + 0x20_0000, Start + 0x30_1000), (entry.KernelStart, entry.KernelEnd));
    }

    [Fact]
    public void The_device_tree_of_an_ELF_program_stands_at_the_start_of_memory_where_that_is_free()
    {
        byte[] high = ElfFile.Make(Start + 0x8_0000, (Start + 0x8_0000, Start + 0x8_0000, [1], 1));
        byte[] low = ElfFile.Make(Start, (Start, Start, [1], 1));
        Assert.Equal(Start, Load(high, default).DeviceTree);
        Assert.Equal(End - GuestLoader.DeviceTreeRoom, Load(low, default).DeviceTree);
    }

    [Fact]
    public void A_flat_binary_lies_512_KiB_into_memory_with_its_device_tree_at_the_start()
    {
        byte[] file = "anything at all"u8.ToArray();
        GuestEntry entry = Load(file, default);
        Assert.Equal(Start + 0x8_0000, entry.Start);
        Assert.Equal(Start, entry.DeviceTree);
        Assert.Equal(file, _host.At(entry.Start, file.Length).ToArray());
    }

    [Fact]
    public void The_ramdisk_lies_high_on_a_page_below_the_device_tree_and_the_tree_names_it()
    {
        byte[] ramdisk = new byte[12345];
        new Random(1).NextBytes(ramdisk);
        GuestEntry entry = Load(ImageFile.Make(5000, 0, 0x1_0000), ramdisk);
        Assert.Equal(0ul, entry.RamdiskStart & 0xfff);
        Assert.Equal(entry.DeviceTree - 0x4000, entry.RamdiskStart);
        Assert.Equal(entry.RamdiskStart + 12345, entry.RamdiskEnd);
        Assert.Equal(ramdisk, _host.At(entry.RamdiskStart, ramdisk.Length).ToArray());

        Assert.Equal(FdtError.None, FdtReader.TryCreate(_host.At(entry.DeviceTree, (int)entry.DeviceTreeSize), out FdtReader tree));
        Assert.True(tree.TryFindPath("/chosen"u8, out FdtNode chosen));
        Assert.True(tree.TryGetNumber(chosen, "linux,initrd-start"u8, out ulong start));
        Assert.True(tree.TryGetNumber(chosen, "linux,initrd-end"u8, out ulong end));
        Assert.Equal((entry.RamdiskStart, entry.RamdiskEnd), (start, end));
    }

    [Fact]
    public void A_ramdisk_that_fits_only_below_the_kernel_goes_there()
    {
        byte[] file = ElfFile.Make(Start + 0xe0_0000, (Start + 0xe0_0000, Start + 0xe0_0000, [1], 0x1f_0000));
        GuestEntry entry = Load(file, new byte[0x10_0000]);
        Assert.Equal(Start + 0xd0_0000, entry.RamdiskStart);
    }

    [Fact]
    public void Nothing_is_no_kernel()
    {
        Fails(LoadError.NoKernel, default, default);
    }

    [Fact]
    public void A_truncated_Image_is_refused_with_both_sizes()
    {
        byte[] file = ImageFile.MakeWithSections(ImageFile.SectionsEnd, 0x1000);
        LoadResult result = Fails(LoadError.TruncatedImage, file.AsSpan(0, 0x3ff), default);
        Assert.Equal(((ulong)ImageFile.SectionsEnd, 0x3fful), (result.Found, result.Allowed));
        Fails(LoadError.TruncatedImage, Compression.Gzip(file[..0x3ff], CompressionLevel.Fastest), default);
    }

    [Theory]
    [InlineData(0ul, (ulong)Size)]
    [InlineData(0x8_0000ul, Size - 0x8_0000 + 1ul)]
    [InlineData((ulong)Size, 0ul)]
    [InlineData(ulong.MaxValue, 0ul)]
    [InlineData(1ul, ulong.MaxValue)]
    public void An_Image_larger_than_memory_is_refused(ulong textOffset, ulong imageSize)
    {
        byte[] file = ImageFile.Make(100, textOffset, imageSize);
        LoadResult result = Fails(LoadError.KernelTooBig, file, default);
        Assert.True(result.Found > result.Allowed);
        Fails(LoadError.KernelTooBig, Compression.Gzip(file, CompressionLevel.Fastest), default);
    }

    [Fact]
    public void A_flat_binary_larger_than_memory_is_refused()
    {
        Fails(LoadError.KernelTooBig, new byte[Size - 0x8_0000 + 1], default);
    }

    [Fact]
    public void A_damaged_gzip_file_is_refused()
    {
        byte[] file = Compression.Gzip(ImageFile.Make(100_000, 0, 0), CompressionLevel.Optimal);
        Fails(LoadError.DamagedGzip, file.AsSpan(0, file.Length / 2), default);
        file[^6] ^= 1;
        Fails(LoadError.DamagedGzip, file, default);
        Fails(LoadError.DamagedGzip, file.AsSpan(0, 20), default);
    }

    [Fact]
    public void A_gzip_file_that_inflates_beyond_memory_is_refused_with_both_sizes()
    {
        byte[] image = ImageFile.Make(100, 0, 0);
        Array.Resize(ref image, Size);
        LoadResult result = Fails(LoadError.GzipTooBig, Compression.Gzip(image, CompressionLevel.Fastest), default);
        Assert.Equal(((ulong)Size, Size - 0x20_0000ul), (result.Found, result.Allowed));
    }

    [Fact]
    public void A_gzip_file_without_an_Image_is_refused()
    {
        Fails(LoadError.GzipWithoutImage, Compression.Gzip("just text, not an Image; and long enough for one"u8.ToArray(), CompressionLevel.Fastest), default);
    }

    [Theory]
    [InlineData(4, 1, LoadError.ForeignElf)]
    [InlineData(5, 2, LoadError.ForeignElf)]
    [InlineData(18, 62, LoadError.ForeignElf)]
    [InlineData(16, 1, LoadError.DamagedElf)]
    [InlineData(39, 1, LoadError.DamagedElf)]
    [InlineData(64 + 15, 1, LoadError.DamagedElf)]
    [InlineData(64, 4, LoadError.EmptyElf)]
    [InlineData(24, 0xff, LoadError.EntryOutsideSegments)]
    [InlineData(64 + 31, 1, LoadError.SegmentOutsideMemory)]
    [InlineData(64 + 43, 0x7f, LoadError.SegmentOutsideMemory)]
    [InlineData(64 + 47, 0xff, LoadError.SegmentOutsideMemory)]
    public void A_bad_ELF_file_is_named(int offset, byte value, LoadError expected)
    {
        byte[] file = ElfFile.Make(Start + 0x8_0000, (Start + 0x8_0000, Start + 0x8_0000, [1, 2, 3, 4], 16));
        file[offset] = value;
        Fails(expected, file, default);
    }

    [Fact]
    public void An_ELF_file_cut_off_anywhere_is_refused_or_flat()
    {
        byte[] file = ElfFile.Make(Start + 0x8_0000, (Start + 0x8_0000, Start + 0x8_0000, [1, 2, 3, 4], 16));
        for (int length = 4; length < file.Length; length++)
        {
            Fails(length < 20 ? LoadError.ForeignElf : LoadError.DamagedElf, file.AsSpan(0, length), default);
        }
    }

    [Fact]
    public void A_ramdisk_larger_than_memory_is_refused_with_both_sizes()
    {
        LoadResult result = Fails(LoadError.RamdiskTooBig, ImageFile.Make(100, 0, 0x1_0000), new byte[Size]);
        Assert.Equal(((ulong)Size, Size - 0x20_0000ul - 0x1_0000 - GuestLoader.DeviceTreeRoom), (result.Found, result.Allowed));
    }

    [Fact]
    public void A_kernel_that_leaves_no_room_for_the_device_tree_is_refused()
    {
        Fails(LoadError.NoRoomForDeviceTree, ElfFile.Make(Start, (Start, Start, [1], Size)), default);
    }

    [Fact]
    public void A_command_line_too_long_for_the_device_tree_is_refused()
    {
        var description = new GuestDescription { CommandLine = new byte[GuestLoader.DeviceTreeRoom], Affinities = [0], GicVersion = 3 };
        LoadResult result = new GuestLoader(new Inflate(), _workspace).Load(_host, "flat"u8, default, ref description, out _);
        Assert.Equal(LoadError.DeviceTreeTooBig, result.Error);
    }

    [Fact]
    public void Every_error_has_words_of_its_own()
    {
        string[] words = [.. Enum.GetValues<LoadError>().Select(error => Encoding.UTF8.GetString(new LoadResult(error).Description))];
        Assert.Equal(words.Length, words.Distinct().Count());
        Assert.DoesNotContain(words, string.IsNullOrWhiteSpace);
        Assert.Equal(LoadError.None, default(LoadResult).Error);
    }

    [Fact]
    public void Random_damage_never_does_harm_and_nothing_that_is_loaded_overlaps()
    {
        byte[] image = ImageFile.MakeWithSections(0x800, 0x1_0000);
        byte[][] files =
        [
            image,
            ImageFile.Make(0x800, 0x8_0000, 0),
            Compression.Gzip(image, CompressionLevel.Optimal),
            ElfFile.Make(Start + 0x8_0000, (Start + 0x8_0000, Start + 0x8_0000, new byte[50], 1000), (Start, Start + 0x50_0000, new byte[50], 1000)),
            "flat"u8.ToArray(),
        ];
        var loader = new GuestLoader(new Inflate(), _workspace);
        var damage = Gen.Select(Gen.Int[0, 0x800], Gen.Byte).Array[0, 6];
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 100], damage, Gen.OneOf(0, 0, 5, 0x10_0000, 0xe0_0000)).Sample((which, cut, changes, ramdisk) =>
        {
            byte[] file = (byte[])files[which].Clone();
            foreach ((int place, byte value) in changes)
            {
                // Half of the damage goes to the headers.
                file[(place & 1) != 0 ? place % file.Length : (place % 128) % file.Length] = value;
            }

            file = cut < 50 ? file : file[..(file.Length * (100 - cut) / 50)];
            var description = new GuestDescription { Affinities = [0], GicVersion = 3 };
            LoadResult result = loader.Load(_host, file, new byte[ramdisk], ref description, out GuestEntry entry);
            if (result.IsLoaded)
            {
                CheckPlacement(entry, (ulong)ramdisk);
            }
        }, iter: 1500, threads: 1);
    }

    private static void CheckPlacement(GuestEntry entry, ulong ramdisk)
    {
        (ulong From, ulong To)[] parts =
        [
            (entry.KernelStart, entry.KernelEnd),
            (entry.DeviceTree, entry.DeviceTree + entry.DeviceTreeSize),
            (entry.RamdiskStart, entry.RamdiskEnd),
        ];
        Assert.Equal(ramdisk, entry.RamdiskEnd - entry.RamdiskStart);
        Assert.True(entry.Start >= entry.KernelStart && entry.Start < Math.Max(entry.KernelEnd, entry.KernelStart + 1));
        Assert.Equal(0ul, entry.DeviceTree & 0xfff);
        foreach ((ulong from, ulong to) in parts.Where(part => part.To > part.From))
        {
            Assert.True(from >= Start && to <= End);
            Assert.Single(parts, other => other.From < to && from < other.To);
        }
    }

    private GuestEntry Load(ReadOnlySpan<byte> kernel, ReadOnlySpan<byte> ramdisk)
    {
        LoadResult result = TryLoad(kernel, ramdisk, out GuestEntry entry);
        Assert.Equal(LoadError.None, result.Error);
        Assert.Equal(FdtError.None, FdtReader.TryCreate(_host.At(entry.DeviceTree, (int)entry.DeviceTreeSize), out _));
        return entry;
    }

    private LoadResult Fails(LoadError expected, ReadOnlySpan<byte> kernel, ReadOnlySpan<byte> ramdisk)
    {
        LoadResult result = TryLoad(kernel, ramdisk, out _);
        Assert.Equal(expected, result.Error);
        return result;
    }

    private LoadResult TryLoad(ReadOnlySpan<byte> kernel, ReadOnlySpan<byte> ramdisk, out GuestEntry entry)
    {
        var description = new GuestDescription { Affinities = [0], GicVersion = 3 };
        return new GuestLoader(new Inflate(), _workspace).Load(_host, kernel, ramdisk, ref description, out entry);
    }
}
