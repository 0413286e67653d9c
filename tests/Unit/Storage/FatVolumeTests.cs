using System;
using System.Buffers.Binary;
using System.Linq;
using System.Text;
using CsCheck;
using SharpVisor.Storage;
using Xunit;

namespace SharpVisor.Tests.Unit.Storage;

/// <summary>Files of FAT32 file systems, whole ones and damaged ones.</summary>
public class FatVolumeTests
{
    private const int SectorSize = SectorSource.SectorSize;

    private static readonly Gen<(int Size, int SectorsPerCluster, bool Fragmented, int Seed)> s_volume =
        Gen.Select(Gen.Int[0, 40_000], Gen.OneOf(1, 2, 8), Gen.Bool, Gen.Int);

    [Fact]
    public void A_file_is_read_as_it_was_written()
    {
        s_volume.Sample(volume =>
        {
            byte[] data = Data(volume.Size, volume.Seed);
            FatImage image = Make(volume.SectorsPerCluster, volume.Seed);
            image.Add("OTHER   BIN", Data(3000, 1), volume.Fragmented);
            image.Add("BUNDLE  ITB", data, volume.Fragmented);
            MemoryDisk disk = new(image.Finish());
            Assert.Equal(StorageError.None, TryReadFile(disk, "bundle.itb"u8, out byte[] read));
            Assert.Equal(data, read);
        });
    }

    [Fact]
    public void Clusters_that_follow_each_other_are_read_at_once()
    {
        FatImage image = Make(8, 1);
        image.Add("BUNDLE  ITB", Data(40_000, 2), fragmented: false);
        MemoryDisk disk = new(image.Finish());
        FatVolume volume = new(disk);
        Assert.Equal(StorageError.None, volume.Open(new Partition(0, disk.SectorCount)));
        Assert.Equal(StorageError.None, volume.Find("bundle.itb"u8, out FatFile file));
        int before = disk.Reads;
        Assert.Equal(StorageError.None, volume.Read(file, new byte[40_448]));
        Assert.InRange(disk.Reads - before, 1, 3);
    }

    [Theory]
    [InlineData("bundle.itb", true)]
    [InlineData("BUNDLE.ITB", true)]
    [InlineData("bundle", false)]
    [InlineData("bundle.it", false)]
    [InlineData("bundle.itbx", false)]
    [InlineData("bundl.itb", false)]
    [InlineData("noext", true)]
    [InlineData("folder", false)]
    [InlineData("label", false)]
    [InlineData("gone", false)]
    public void Names_are_those_of_files(string name, bool isThere)
    {
        FatImage image = Make(1, 3);
        image.AddEntry("LABEL      "u8.ToArray(), 0x08, 0, 0);
        image.AddEntry("FOLDER     "u8.ToArray(), 0x10, 5, 0);
        image.AddEntry([0xe5, .. "ONE       "u8], 0x20, 5, 10);
        image.AddEntry([0x41, .. "b\0u\0n\0d\0l\0"u8], 0x0f, 0, 0); // a part of a long name
        image.Add("BUNDLE  ITB", Data(100, 1), false);
        image.Add("NOEXT      ", Data(100, 1), false);
        StorageError error = TryReadFile(new MemoryDisk(image.Finish()), Encoding.ASCII.GetBytes(name), out _);
        Assert.Equal(isThere ? StorageError.None : StorageError.NoSuchFile, error);
    }

    [Fact]
    public void A_directory_of_many_clusters_is_searched_to_its_end()
    {
        FatImage image = Make(1, 4);
        for (int i = 0; i < 200; i++)
        {
            image.AddEntry(Encoding.ASCII.GetBytes($"FILE{i:000}    "), 0x20, 0, 0);
        }

        image.Add("BUNDLE  ITB", Data(700, 9), true);
        Assert.Equal(StorageError.None, TryReadFile(new MemoryDisk(image.Finish()), "bundle.itb"u8, out byte[] read));
        Assert.Equal(Data(700, 9), read);
    }

    [Theory]
    [InlineData(0x0fff_fff8u, StorageError.ChainTooShort)]
    [InlineData(0u, StorageError.BadChain)]
    [InlineData(0x0fff_fff7u, StorageError.BadChain)]
    [InlineData(0x00ff_ffffu, StorageError.BadChain)]
    public void A_chain_that_breaks_off_is_told(uint next, StorageError expected)
    {
        FatImage image = Make(1, 5);
        image.Add("BUNDLE  ITB", Data(5000, 1), false);
        byte[] disk = image.Finish();
        BinaryPrimitives.WriteUInt32LittleEndian(disk.AsSpan(FatImage.EntryOffset(image.FirstClusters[0])), next);
        Assert.Equal(expected, TryReadFile(new MemoryDisk(disk), "bundle.itb"u8, out _));
    }

    [Fact]
    public void A_directory_that_goes_round_in_circles_ends()
    {
        FatImage image = Make(1, 6);
        for (int i = 0; i < 16; i++)
        {
            image.AddEntry("SOMETHING  "u8.ToArray(), 0x20, 0, 0);
        }

        byte[] disk = image.Finish();
        uint root = BinaryPrimitives.ReadUInt32LittleEndian(disk.AsSpan(44));
        BinaryPrimitives.WriteUInt32LittleEndian(disk.AsSpan(FatImage.EntryOffset(root)), root);
        Assert.Equal(StorageError.BadChain, TryReadFile(new MemoryDisk(disk), "bundle.itb"u8, out _));
    }

    [Fact]
    public void Whatever_sector_is_bad_the_error_is_told_or_the_file_is_right()
    {
        byte[] data = Data(9000, 1);
        FatImage image = Make(2, 7);
        image.Add("BUNDLE  ITB", data, true);
        byte[] content = image.Finish();
        int failures = 0;
        for (ulong sector = 0; sector < (ulong)content.Length / SectorSize; sector++)
        {
            StorageError error = TryReadFile(new MemoryDisk(content) { BadSector = sector }, "bundle.itb"u8, out byte[] read);
            Assert.True(error == StorageError.ReadFailed || (error == StorageError.None && read.SequenceEqual(data)));
            failures += error == StorageError.None ? 0 : 1;
        }

        Assert.InRange(failures, 20, 25); // boot sector, table, directory, 18 sectors of the file
    }

    [Fact]
    public void Damage_never_leads_out_of_the_disk_nor_goes_on_for_ever()
    {
        Gen<(int Place, byte Value)[]> damage = Gen.Select(Gen.OneOf(Gen.Int[0, 90], Gen.Int[16_384, 20_000], Gen.Int[0, 60_000]), Gen.Byte).Array[1, 12];
        Gen.Select(s_volume, damage).Sample((volume, changes) =>
        {
            FatImage image = Make(volume.SectorsPerCluster, volume.Seed);
            image.Add("BUNDLE  ITB", Data(volume.Size, volume.Seed), volume.Fragmented);
            byte[] content = image.Finish();
            foreach ((int place, byte value) in changes)
            {
                content[place % content.Length] = value;
            }

            MemoryDisk disk = new(content);
            TryReadFile(disk, "bundle.itb"u8, out _);
            return disk.Reads < 80_000;
        });
    }

    [Fact]
    public void Anything_at_all_is_refused_or_read()
    {
        Gen.Byte.Array[SectorSize * 3].Sample(content =>
        {
            content[510] = 0x55;
            content[511] = 0xaa;
            content[11] = 0;
            content[12] = 2;
            content[16] = 2;
            content[17] = content[18] = content[19] = content[20] = content[22] = content[23] = 0;
            MemoryDisk disk = new(content);
            TryReadFile(disk, "bundle.itb"u8, out _);
            return disk.Reads < 80_000;
        });
    }

    private static FatImage Make(int sectorsPerCluster, int seed) => new(120_000 / (sectorsPerCluster * SectorSize), sectorsPerCluster, seed);

    private static byte[] Data(int size, int seed)
    {
        byte[] data = new byte[size];
        new Random(seed).NextBytes(data);
        return data;
    }

    private static StorageError TryReadFile(MemoryDisk disk, ReadOnlySpan<byte> name, out byte[] read)
    {
        read = [];
        FatVolume volume = new(disk);
        StorageError error = volume.Open(new Partition(0, disk.SectorCount));
        if (error != StorageError.None)
        {
            return error;
        }

        error = volume.Find(name, out FatFile file);
        if (error != StorageError.None || file.Length > 1 << 20)
        {
            return error;
        }

        byte[] buffer = new byte[(file.Length + SectorSize - 1) / SectorSize * SectorSize];
        error = volume.Read(file, buffer);
        read = buffer[..(int)file.Length];
        return error;
    }
}
