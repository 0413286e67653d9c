using System;
using System.Buffers.Binary;
using System.Linq;
using System.Text;
using SharpVisor.Formats;
using SharpVisor.Storage;
using Xunit;

namespace SharpVisor.Tests.Unit.Storage;

/// <summary>All partitions of a disk.</summary>
public sealed class PartitionListTests
{
    private const int Sector = 512;
    private const int Sectors = 1000;

    [Fact]
    public void Primary_and_logical_partitions_are_numbered_as_Linux_does()
    {
        byte[] disk = new byte[Sectors * Sector];
        Record(disk, 0, 0, 0x83, 10, 20);
        Record(disk, 0, 1, 0x0f, 100, 400);
        Record(disk, 0, 3, 0x0c, 600, 100);
        Record(disk, 100, 0, 0x83, 2, 30);
        Record(disk, 100, 1, 0x05, 50, 100);
        Record(disk, 150, 0, 0x82, 3, 40);
        PartitionList list = new(new MemoryDisk(disk));
        Assert.Equal(StorageError.None, list.Read());
        Assert.Equal([(1u, 10ul, 20ul), (4u, 600ul, 100ul), (5u, 102ul, 30ul), (6u, 153ul, 40ul)], Contents(list));
        Record(disk, 150, 1, 0x05, 0, 0);
        Record(disk, 150, 1, 0x05, 50, 100); // round in circles
        Assert.Equal(StorageError.None, list.Read());
        Assert.InRange(list.Count, 4, PartitionList.MostPartitions);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_GUID_partition_table_names_them_and_its_copy_serves_where_it_is_damaged(bool isDamaged)
    {
        byte[] disk = MakeGpt();
        if (isDamaged)
        {
            disk[Sector + 72] ^= 1;
        }

        PartitionList list = new(new MemoryDisk(disk));
        Assert.Equal(StorageError.None, list.Read());
        Assert.Equal([(1u, 100ul, 50ul), (3u, 200ul, 300ul)], Contents(list));
        Assert.Equal("r?ot", Encoding.ASCII.GetString(list.Name(1)));
        Assert.True(list.TryFind("boot"u8, out int index));
        Assert.Equal(0, index);
        Assert.True(list.TryFind("01020304-0506-0708-090A-0b0c0d0e0f03"u8, out index));
        Assert.Equal(1, index);
        Assert.True(list.TryFind(3, out index));
        Assert.Equal(1, index);
        Assert.False(list.TryFind(2, out _));
        Assert.False(list.TryFind("swap"u8, out _));
        Assert.False(list.TryFind("00000000-0000-0000-0000-000000000000"u8, out _));
    }

    [Fact]
    public void Whatever_stands_on_a_disk_partitions_lie_within_it()
    {
        byte[] gpt = MakeGpt();
        byte[] records = new byte[Sectors * Sector];
        Record(records, 0, 0, 0x83, 10, 20);
        Record(records, 0, 1, 0x05, 100, 400);
        Record(records, 100, 1, 0x05, 50, 100);
        for (int seed = 0; seed < 20_000; seed++)
        {
            Random random = new(seed);
            byte[] disk = (byte[])(seed % 2 == 0 ? gpt : records).Clone();
            for (int i = random.Next(1, 6); i > 0; i--)
            {
                disk[random.Next(2) == 0 ? random.Next(446, 1024) : random.Next(disk.Length)] = (byte)random.Next(256);
            }

            PartitionList list = new(new MemoryDisk(disk) { BadSector = random.Next(4) == 0 ? (ulong)random.Next(200) : null });
            list.Read();
            Assert.All(Contents(list), part => Assert.True(part.First != 0 && part.Count != 0 && part.First + part.Count <= Sectors));
        }
    }

    private static (uint Number, ulong First, ulong Count)[] Contents(PartitionList list) =>
        [.. Enumerable.Range(0, list.Count).Select(i => (list.Number(i), list[i].FirstSector, list[i].SectorCount))];

    private static void Record(byte[] disk, int sector, int index, byte type, uint start, uint length)
    {
        Span<byte> entry = disk.AsSpan((sector * Sector) + 446 + (16 * index), 16);
        entry[4] = type;
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], start);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], length);
        disk[(sector * Sector) + 510] = 0x55;
        disk[(sector * Sector) + 511] = 0xaa;
    }

    private static byte[] MakeGpt()
    {
        byte[] disk = new byte[Sectors * Sector];
        Record(disk, 0, 0, 0xee, 1, Sectors - 1);
        byte[] entries = new byte[128 * 128];
        Entry(0, 100, 149, "boot");
        Entry(2, 200, 499, "r\u00f6ot");
        entries.CopyTo(disk, 2 * Sector);
        entries.CopyTo(disk, (Sectors - 33) * Sector);
        Header(1, 2);
        Header(Sectors - 1, Sectors - 33);
        return disk;

        void Entry(int index, ulong first, ulong last, string name)
        {
            Span<byte> entry = entries.AsSpan(index * 128, 128);
            entry[0] = 1;
            new byte[] { 4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, (byte)(index + 1) }.CopyTo(entry[16..]);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], first);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[40..], last);
            Encoding.Unicode.GetBytes(name).CopyTo(entry[56..]);
        }

        void Header(int place, ulong entriesAt)
        {
            Span<byte> header = disk.AsSpan(place * Sector, 92);
            "EFI PART"u8.CopyTo(header);
            BinaryPrimitives.WriteUInt64LittleEndian(header[72..], entriesAt);
            BinaryPrimitives.WriteUInt32LittleEndian(header[80..], 128);
            BinaryPrimitives.WriteUInt32LittleEndian(header[84..], 128);
            BinaryPrimitives.WriteUInt32LittleEndian(header[88..], Crc32.Compute(entries));
            BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Crc32.Compute(header));
        }
    }
}
