using System;
using System.Buffers.Binary;
using CsCheck;
using SharpVisor.Formats;
using SharpVisor.Storage;
using Xunit;

namespace SharpVisor.Tests.Unit.Storage;

/// <summary>Where the FAT partition of a disk is.</summary>
public class PartitionTableTests
{
    private const int SectorSize = SectorSource.SectorSize;
    private const int Sectors = 400;

    [Theory]
    [InlineData(0x0b)]
    [InlineData(0x0c)]
    public void The_first_FAT32_partition_of_a_master_boot_record_is_taken(byte type)
    {
        byte[] disk = new byte[Sectors * SectorSize];
        AddEntry(disk, 0, 0x83, 10, 20);
        AddEntry(disk, 2, type, 100, 300);
        Assert.Equal(StorageError.None, Find(disk, out Partition partition));
        Assert.Equal(100u, partition.FirstSector);
        Assert.Equal(300u, partition.SectorCount);
    }

    [Theory]
    [InlineData(0x0c, 100u, 301u)]
    [InlineData(0x0c, 400u, 1u)]
    [InlineData(0x0c, 0u, 10u)]
    [InlineData(0x0c, 10u, 0u)]
    [InlineData(0x0c, 1u, uint.MaxValue)]
    [InlineData(0x07, 100u, 100u)]
    public void A_partition_that_is_none_or_lies_outside_is_not_taken(byte type, uint start, uint length)
    {
        byte[] disk = new byte[Sectors * SectorSize];
        AddEntry(disk, 1, type, start, length);
        Assert.Equal(StorageError.NoFatPartition, Find(disk, out _));
    }

    [Fact]
    public void A_disk_without_a_signature_has_no_partition_table() =>
        Assert.Equal(StorageError.NoPartitionTable, Find(new byte[Sectors * SectorSize], out _));

    [Fact]
    public void A_disk_that_is_a_file_system_itself_is_taken_whole()
    {
        FatImage image = new(100, 1, 1);
        byte[] disk = image.Finish();
        Assert.Equal(StorageError.None, Find(disk, out Partition partition));
        Assert.Equal(0u, partition.FirstSector);
        Assert.Equal((ulong)disk.Length / SectorSize, partition.SectorCount);
    }

    [Theory]
    [InlineData("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")]
    [InlineData("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7")]
    public void A_GUID_partition_table_has_its_partition(string type)
    {
        byte[] disk = MakeGpt(Guid.Parse(type), 60, 159);
        Assert.Equal(StorageError.None, Find(disk, out Partition partition));
        Assert.Equal(60u, partition.FirstSector);
        Assert.Equal(100u, partition.SectorCount);
    }

    [Fact]
    public void A_GUID_partition_table_without_one_of_ours_has_none() =>
        Assert.Equal(StorageError.NoFatPartition, Find(MakeGpt(Guid.NewGuid(), 60, 159), out _));

    [Fact]
    public void A_changed_byte_of_a_GUID_partition_table_is_found()
    {
        Gen.Select(Gen.OneOf(Gen.Int[SectorSize, SectorSize + 91], Gen.Int[2 * SectorSize, (34 * SectorSize) - 1]), Gen.Byte[1, 255]).Sample((place, change) =>
        {
            byte[] disk = MakeGpt(Guid.Parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"), 60, 159);
            disk[place] ^= change;
            return Find(disk, out _) == StorageError.BadGpt;
        });
    }

    [Fact]
    public void Every_bad_sector_of_the_tables_is_told()
    {
        byte[] content = MakeGpt(Guid.Parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"), 60, 159);
        for (ulong sector = 0; sector < 34; sector++)
        {
            MemoryDisk disk = new(content) { BadSector = sector };
            Assert.Equal(StorageError.ReadFailed, PartitionTable.FindFat(disk, new byte[SectorSize], out _));
        }
    }

    private static StorageError Find(byte[] disk, out Partition partition) => PartitionTable.FindFat(new MemoryDisk(disk), new byte[SectorSize], out partition);

    private static void AddEntry(byte[] disk, int index, byte type, uint start, uint length)
    {
        Span<byte> entry = disk.AsSpan(446 + (16 * index), 16);
        entry[4] = type;
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], start);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], length);
        disk[510] = 0x55;
        disk[511] = 0xaa;
    }

    private static byte[] MakeGpt(Guid type, ulong first, ulong last)
    {
        byte[] disk = new byte[Sectors * SectorSize];
        AddEntry(disk, 0, 0xee, 1, Sectors - 1);
        Span<byte> entries = disk.AsSpan(2 * SectorSize, 128 * 128);
        Span<byte> entry = entries.Slice(5 * 128, 128);
        type.TryWriteBytes(entry);
        Guid.NewGuid().TryWriteBytes(entry[16..]);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], first);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[40..], last);
        Span<byte> header = disk.AsSpan(SectorSize, 92);
        "EFI PART"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], 0x1_0000);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], 92);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header[72..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(header[80..], 128);
        BinaryPrimitives.WriteUInt32LittleEndian(header[84..], 128);
        BinaryPrimitives.WriteUInt32LittleEndian(header[88..], Crc32.Compute(entries));
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Crc32.Compute(header));
        return disk;
    }
}
