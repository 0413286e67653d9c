using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SharpVisor.Storage;
using Xunit;

namespace SharpVisor.Tests.Unit.Storage;

/// <summary>Files as pieces of a disk.</summary>
public sealed class FileVolumeTests
{
    private const int Sector = 512;

    [Theory]
    [InlineData(1, false)]
    [InlineData(4, true)]
    [InlineData(2, true)]
    public void A_file_of_FAT32_is_what_its_pieces_are(int sectorsPerCluster, bool fragmented)
    {
        for (int seed = 0; seed < 30; seed++)
        {
            Random random = new(seed);
            FatImage image = new(200, sectorsPerCluster, seed);
            byte[] other = new byte[random.Next(1, 5000)];
            byte[] data = new byte[random.Next(1, 40) * Sector];
            random.NextBytes(data);
            image.Add("OTHER   BIN", other, fragmented);
            image.Add("ROOT    IMG", data, fragmented);
            MemoryDisk disk = new(image.Finish());
            Assert.Equal(data, Read(disk, "root.img"));
            Assert.Equal(data, Read(disk, "/ROOT.img"));
            Assert.Equal(StorageError.NoSuchFile, Find(disk, "rootimg"));
            Assert.Equal(StorageError.NoSuchFile, Find(disk, "root.img/other.bin"));
            Assert.Equal(StorageError.NoSuchFile, Find(disk, ""));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_of_exFAT_in_a_folder_is_found_by_its_long_name(bool contiguous)
    {
        byte[] data = new byte[20 * Sector];
        new Random(2).NextBytes(data);
        MemoryDisk disk = new(MakeExFat(data, contiguous, data.Length));
        Assert.Equal(data, Read(disk, "guests/the long name of a disk.IMG"));
        Assert.Equal(StorageError.NoSuchFile, Find(disk, "guests"));
        Assert.Equal(StorageError.NoSuchFile, Find(disk, "guests/the long name of a disk"));
        Assert.Equal(StorageError.FileNotWritten, Find(new(MakeExFat(data, contiguous, 512)), "guests/the long name of a disk.img"));
    }

    [Fact]
    public void Whatever_stands_on_a_disk_pieces_lie_within_it()
    {
        FatImage fat = new(100, 2, 7);
        fat.Add("ROOT    IMG", new byte[9000], fragmented: true);
        byte[][] images = [fat.Finish(), MakeExFat(new byte[20 * Sector], contiguous: false, 20 * Sector)];
        int found = 0;
        for (int seed = 0; seed < 20_000; seed++)
        {
            Random random = new(seed);
            byte[] image = (byte[])images[seed % 2].Clone();
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                image[random.Next(2) == 0 ? random.Next(128) : random.Next(image.Length)] = (byte)random.Next(256);
            }

            MemoryDisk disk = new(image);
            FileVolume volume = new(disk);
            FilePiece[] pieces = new FilePiece[200];
            if (volume.Open(new Partition(0, disk.SectorCount)) != StorageError.None
                || volume.Find(seed % 2 == 0 ? "root.img"u8 : "guests/the long name of a disk.img"u8, out VolumeFile file) != StorageError.None
                || file.Length == 0 || volume.FindPieces(file, pieces, out int count) != StorageError.None)
            {
                continue;
            }

            found++;
            ulong sectors = file.Length / Sector;
            for (int i = 0; i < count; i++)
            {
                ulong end = i + 1 < count ? pieces[i + 1].Start : sectors;
                Assert.True(end < pieces[i].Start || pieces[i].Place + (end - pieces[i].Start) <= disk.SectorCount);
            }
        }

        Assert.True(found > 1000, "nearly nothing was found");
    }

    private static StorageError Find(MemoryDisk disk, string path)
    {
        FileVolume volume = new(disk);
        Assert.Equal(StorageError.None, volume.Open(new Partition(0, disk.SectorCount)));
        return volume.Find(Encoding.ASCII.GetBytes(path), out _);
    }

    private static byte[] Read(MemoryDisk disk, string path)
    {
        FileVolume volume = new(disk);
        Assert.Equal(StorageError.None, volume.Open(new Partition(0, disk.SectorCount)));
        Assert.Equal(StorageError.None, volume.Find(Encoding.ASCII.GetBytes(path), out VolumeFile file));
        Assert.Equal(StorageError.None, volume.FindPieces(file, default, out int count));
        FilePiece[] pieces = new FilePiece[count];
        Assert.Equal(StorageError.None, volume.FindPieces(file, pieces, out _));
        int reads = disk.Reads;
        byte[] atOnce = new byte[(file.Length + Sector - 1) / Sector * Sector];
        Assert.Equal(StorageError.None, volume.Read(file, atOnce));
        Assert.InRange(disk.Reads - reads, count, (2 * count) + 8);
        FileDisk whole = new(new HostDisk((int)disk.SectorCount), pieces, file.Length / Sector);
        List<byte> bytes = [];
        for (ulong sector = 0; sector < whole.Sectors;)
        {
            Assert.NotEqual(DiskPlace.NoRoom, whole.Locate(sector, (uint)(whole.Sectors - sector), isWrite: false, out _, out uint run));
            int piece = Array.FindLastIndex(pieces, p => p.Start <= sector);
            ulong place = pieces[piece].Place + (sector - pieces[piece].Start);
            bytes.AddRange(disk.Content.AsSpan((int)place * Sector, (int)run * Sector));
            sector += run;
        }

        Assert.Equal(atOnce, bytes);
        return [.. bytes];
    }

    /// <summary>A small exFAT volume with one folder and one file in it, whose clusters lie apart or behind each other.</summary>
    private static byte[] MakeExFat(byte[] data, bool contiguous, int valid)
    {
        const int FatStart = 24;
        const int Heap = 32;
        const int Clusters = 100;
        byte[] image = new byte[(Heap + (Clusters * 2)) * Sector];
        Span<byte> boot = image;
        "EXFAT   "u8.CopyTo(boot[3..]);
        BinaryPrimitives.WriteUInt64LittleEndian(boot[72..], (ulong)image.Length / Sector);
        BinaryPrimitives.WriteUInt32LittleEndian(boot[80..], FatStart);
        BinaryPrimitives.WriteUInt32LittleEndian(boot[84..], 8);
        BinaryPrimitives.WriteUInt32LittleEndian(boot[88..], Heap);
        BinaryPrimitives.WriteUInt32LittleEndian(boot[92..], Clusters);
        BinaryPrimitives.WriteUInt32LittleEndian(boot[96..], 4);
        boot[108] = 9;
        boot[109] = 1;
        boot[510] = 0x55;
        boot[511] = 0xaa;
        Fat(4, uint.MaxValue);
        Fat(6, uint.MaxValue);
        int count = (data.Length + 1023) / 1024;
        uint[] clusters = [.. Enumerable.Range(0, count).Select(i => (uint)(contiguous ? 10 + i : 10 + (7 * i % 60)))];
        for (int i = 0; i < count; i++)
        {
            Fat(clusters[i], contiguous ? 0 : i + 1 < count ? clusters[i + 1] : uint.MaxValue);
            data.AsSpan(i * 1024, Math.Min(1024, data.Length - (i * 1024))).CopyTo(Cluster(clusters[i]));
        }

        Entries(Cluster(4), "Guests", 0x10, 6, 1024, 1024, false);
        Entries(Cluster(6), "The Long Name of a Disk.img", 0x20, clusters[0], data.Length, valid, contiguous);
        return image;

        void Fat(uint cluster, uint next) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan((FatStart * Sector) + ((int)cluster * 4)), next);

        Span<byte> Cluster(uint cluster) => image.AsSpan((Heap + ((int)(cluster - 2) * 2)) * Sector, 1024);

        static void Entries(Span<byte> folder, string name, ushort attributes, uint cluster, int length, int valid, bool contiguous)
        {
            folder[0] = 0x83; // a label first, and a file that was deleted
            folder[32] = 0x05;
            Span<byte> set = folder[64..];
            int names = (name.Length + 14) / 15;
            set[0] = 0x85;
            set[1] = (byte)(1 + names);
            BinaryPrimitives.WriteUInt16LittleEndian(set[4..], attributes);
            set[32] = 0xc0;
            set[33] = (byte)(contiguous ? 3 : 1);
            set[35] = (byte)name.Length;
            BinaryPrimitives.WriteUInt64LittleEndian(set[40..], (ulong)valid);
            BinaryPrimitives.WriteUInt32LittleEndian(set[52..], cluster);
            BinaryPrimitives.WriteUInt64LittleEndian(set[56..], (ulong)length);
            for (int i = 0; i < name.Length; i++)
            {
                set[64 + (32 * (i / 15))] = 0xc1;
                BinaryPrimitives.WriteUInt16LittleEndian(set[(64 + (32 * (i / 15)) + 2 + (2 * (i % 15)))..], name[i]);
            }
        }
    }
}
