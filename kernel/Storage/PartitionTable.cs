using System;
using System.Buffers.Binary;
using SharpVisor.Formats;

namespace SharpVisor.Storage;

/// <summary>
/// Finds the FAT partition of a disk: by a master boot record, by a GUID partition table (UEFI 2.10, 5.2 and 5.3), or the
/// whole disk where it has neither but is a file system itself.
/// </summary>
public static class PartitionTable
{
    private const int SectorSize = SectorSource.SectorSize;
    private const int SignatureOffset = 510;
    private const ushort Signature = 0xaa55;

    // Master boot record: four entries of 16 bytes.
    private const int EntriesOffset = 446;
    private const int EntrySize = 16;
    private const int EntryCount = 4;
    private const int TypeOffset = 4;
    private const int StartOffset = 8;
    private const int LengthOffset = 12;
    private const byte TypeFat32 = 0x0b;
    private const byte TypeFat32Lba = 0x0c;
    private const byte TypeGptProtective = 0xee;

    // GUID partition table.
    private const ulong GptSector = 1;
    private const int GptHeaderSize = 92;
    private const int GptChecksumOffset = 16;
    private const int GptEntriesOffset = 72;
    private const int GptEntryCountOffset = 80;
    private const int GptEntrySizeOffset = 84;
    private const int GptEntryChecksumOffset = 88;
    private const uint GptEntrySize = 128; // others are allowed, and used by nobody
    private const uint GptLargestCount = 1024;

    private static ReadOnlySpan<byte> EfiSystem =>
        [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b];

    private static ReadOnlySpan<byte> BasicData =>
        [0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7];

    /// <summary>The first FAT32 partition.</summary>
    /// <param name="disk">The whole disk.</param>
    /// <param name="scratch">Room for one sector.</param>
    /// <param name="partition">Inside of the disk, where the result is <see cref="StorageError.None"/>.</param>
    public static StorageError FindFat(SectorSource disk, Span<byte> scratch, out Partition partition)
    {
        partition = default;
        Span<byte> sector = scratch.Slice(0, SectorSize);
        if (!disk.TryRead(0, sector))
        {
            return StorageError.ReadFailed;
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(SignatureOffset)) != Signature)
        {
            return StorageError.NoPartitionTable;
        }

        if (FatVolume.IsBootSector(sector))
        {
            partition = new Partition(0, disk.SectorCount);
            return StorageError.None;
        }

        for (int i = 0; i < EntryCount; i++)
        {
            ReadOnlySpan<byte> entry = sector.Slice(EntriesOffset + (i * EntrySize), EntrySize);
            byte type = entry[TypeOffset];
            ulong start = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(StartOffset));
            ulong length = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(LengthOffset));
            if (type == TypeGptProtective)
            {
                return FindFatByGpt(disk, sector, out partition);
            }

            if (type is TypeFat32 or TypeFat32Lba && TryTake(disk, start, length, out partition))
            {
                return StorageError.None;
            }
        }

        return StorageError.NoFatPartition;
    }

    private static StorageError FindFatByGpt(SectorSource disk, Span<byte> sector, out Partition partition)
    {
        partition = default;
        if (!disk.TryRead(GptSector, sector))
        {
            return StorageError.ReadFailed;
        }

        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(GptChecksumOffset));
        sector.Slice(GptChecksumOffset, sizeof(uint)).Clear();
        ulong entries = BinaryPrimitives.ReadUInt64LittleEndian(sector.Slice(GptEntriesOffset));
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(GptEntryCountOffset));
        uint entrySize = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(GptEntrySizeOffset));
        uint entryChecksum = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(GptEntryChecksumOffset));
        if (!sector.Slice(0, 8).SequenceEqual("EFI PART"u8) || Crc32.Compute(sector.Slice(0, GptHeaderSize)) != checksum
            || entrySize != GptEntrySize || count == 0 || count > GptLargestCount)
        {
            return StorageError.BadGpt;
        }

        return FindFatInEntries(disk, sector, entries, count, entryChecksum, out partition);
    }

    /// <summary>Looks through all entries, also behind the one that is found: their checksum is over all.</summary>
    private static StorageError FindFatInEntries(SectorSource disk, Span<byte> sector, ulong entries, uint count, uint checksum, out Partition partition)
    {
        partition = default;
        bool found = false;
        uint sum = 0;
        for (uint done = 0; done < count; done += SectorSize / GptEntrySize)
        {
            if (!disk.TryRead(entries++, sector))
            {
                return StorageError.ReadFailed;
            }

            int length = (int)Math.Min((count - done) * GptEntrySize, SectorSize);
            sum = Crc32.Append(sum, sector.Slice(0, length));
            for (int i = 0; i < length && !found; i += (int)GptEntrySize)
            {
                ReadOnlySpan<byte> entry = sector.Slice(i, (int)GptEntrySize);
                ulong first = BinaryPrimitives.ReadUInt64LittleEndian(entry.Slice(32));
                ulong last = BinaryPrimitives.ReadUInt64LittleEndian(entry.Slice(40));
                found = (entry.Slice(0, 16).SequenceEqual(EfiSystem) || entry.Slice(0, 16).SequenceEqual(BasicData))
                    && last >= first && TryTake(disk, first, last - first + 1, out partition);
            }
        }

        if (sum != checksum)
        {
            return StorageError.BadGpt;
        }

        return found ? StorageError.None : StorageError.NoFatPartition;
    }

    private static bool TryTake(SectorSource disk, ulong start, ulong length, out Partition partition)
    {
        partition = new Partition(start, length);
        return start != 0 && length != 0 && start < disk.SectorCount && length <= disk.SectorCount - start;
    }
}
