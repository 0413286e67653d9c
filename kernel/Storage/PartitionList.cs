using System;
using System.Buffers.Binary;
using SharpVisor.Formats;

namespace SharpVisor.Storage;

/// <summary>
/// The partitions of a disk by its GUID partition table, the one at its end where the first is damaged (UEFI 2.10, 5.3), or by its
/// master boot record with what is in an extended partition. With names and GUIDs, so that it need not be read again.
/// </summary>
public sealed class PartitionList
{
    /// <summary>Most partitions that are taken note of.</summary>
    public const int MostPartitions = 32;

    /// <summary>Longest name in characters (UEFI 2.10, 5.3.3).</summary>
    public const int LongestName = 36;

    private const int SectorSize = SectorSource.SectorSize;
    private const int SignatureOffset = 510;
    private const ushort Signature = 0xaa55;
    private const int EntriesOffset = 446;
    private const int EntrySize = 16;
    private const int PrimaryCount = 4;
    private const uint FirstLogical = 5;
    private const int MostLogical = 64;
    private const byte Protective = 0xee;
    private const int GptHeaderSize = 92;
    private const int GptEntrySize = 128; // others are allowed, and used by nobody
    private const uint GptLargestCount = 1024;
    private const int GuidSize = 16;
    private const int NameOffset = 56;
    private const int GuidTextLength = 36;

    private readonly SectorSource _disk;
    private readonly byte[] _sector = new byte[SectorSize];
    private readonly Partition[] _places = new Partition[MostPartitions];
    private readonly uint[] _numbers = new uint[MostPartitions];
    private readonly byte[] _guids = new byte[MostPartitions * GuidSize];
    private readonly byte[] _names = new byte[MostPartitions * LongestName];

    /// <summary>Makes an empty one.</summary>
    public PartitionList(SectorSource disk) => _disk = disk;

    /// <summary>Number of partitions.</summary>
    public int Count { get; private set; }

    /// <summary>Where a partition is: not empty, and all on the disk.</summary>
    public Partition this[int index] => _places[index];

    /// <summary>A partition's number, from 1, as Linux counts: its place in a GPT; 1 to 4, and from 5 on what is in an extended one.</summary>
    public uint Number(int index) => _numbers[index];

    /// <summary>A partition's name, of which what is not ASCII has become '?'; empty where its table gives none.</summary>
    public ReadOnlySpan<byte> Name(int index)
    {
        ReadOnlySpan<byte> name = new ReadOnlySpan<byte>(_names).Slice(index * LongestName, LongestName);
        int end = name.IndexOf((byte)0);
        return end < 0 ? name : name.Slice(0, end);
    }

    /// <summary>Reads the table. A disk without one has no partitions.</summary>
    public StorageError Read()
    {
        Count = 0;
        if (!_disk.TryRead(0, _sector))
        {
            return StorageError.ReadFailed;
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(_sector).Slice(SignatureOffset)) != Signature)
        {
            return StorageError.NoPartitionTable;
        }

        // The first sector of a file system ends in the same two bytes.
        if (FileVolume.IsBootSector(_sector) || new ReadOnlySpan<byte>(_sector).Slice(3, 8).SequenceEqual("EXFAT   "u8))
        {
            return StorageError.NoPartitionTable;
        }

        for (int i = 0; i < PrimaryCount; i++)
        {
            if (_sector[EntriesOffset + (i * EntrySize) + 4] == Protective)
            {
                StorageError error = ReadGpt(1);
                return error == StorageError.BadGpt && _disk.SectorCount > 2 ? ReadGpt(_disk.SectorCount - 1) : error;
            }
        }

        return ReadRecords();
    }

    /// <summary>Reads the table and opens the first partition that has a file system, or the whole disk where that is one.</summary>
    /// <param name="volume">Of the same disk.</param>
    public StorageError OpenFirst(FileVolume volume)
    {
        StorageError error = Read();
        if (error == StorageError.NoPartitionTable)
        {
            return volume.Open(new Partition(0, _disk.SectorCount)) == StorageError.None ? StorageError.None : error;
        }

        error = error == StorageError.None && Count == 0 ? StorageError.NoFatPartition : error;
        for (int i = 0; i < Count; i++)
        {
            StorageError opened = volume.Open(_places[i]);
            if (opened == StorageError.None)
            {
                return opened;
            }

            error = i == 0 ? opened : error;
        }

        return error;
    }

    /// <summary>Finds a partition by its number.</summary>
    public bool TryFind(uint number, out int index)
    {
        for (index = 0; index < Count; index++)
        {
            if (_numbers[index] == number)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Finds a partition by its name, or by its GUID as text, in which case does not count.</summary>
    public bool TryFind(ReadOnlySpan<byte> name, out int index)
    {
        for (index = 0; index < Count; index++)
        {
            if (!Name(index).IsEmpty && Name(index).SequenceEqual(name))
            {
                return true;
            }
        }

        for (index = 0; index < Count; index++)
        {
            if (IsGuid(new ReadOnlySpan<byte>(_guids).Slice(index * GuidSize, GuidSize), name))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsGuid(ReadOnlySpan<byte> guid, ReadOnlySpan<byte> text)
    {
        if (text.Length != GuidTextLength)
        {
            return false;
        }

        int at = 0;
        bool isZero = true;
        for (int i = 0; i < GuidSize; i++)
        {
            if (i is 4 or 6 or 8 or 10 && text[at++] != (byte)'-')
            {
                return false;
            }

            // The first three fields are little-endian.
            int place = i < 4 ? 3 - i : i < 6 ? 9 - i : i < 8 ? 13 - i : i;
            isZero &= guid[place] == 0;
            if (Digit(text[at]) != guid[place] >> 4 || Digit(text[at + 1]) != (guid[place] & 15))
            {
                return false;
            }

            at += 2;
        }

        return !isZero;
    }

    private static int Digit(byte letter) => letter switch
    {
        >= (byte)'0' and <= (byte)'9' => letter - '0',
        >= (byte)'a' and <= (byte)'f' => letter - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => letter - 'A' + 10,
        _ => -1,
    };

    private StorageError ReadRecords()
    {
        ulong extended = 0;
        for (int i = 0; i < PrimaryCount; i++)
        {
            byte type = Record(i, out ulong start, out ulong length);
            if (type is 0x05 or 0x0f or 0x85)
            {
                extended = extended == 0 ? start : extended;
            }
            else if (type != 0)
            {
                Add((uint)i + 1, start, length);
            }
        }

        // Each record of the chain has one partition, from its own sector on, and the next record, from the first one's on.
        ulong record = extended;
        for (int i = 0; i < MostLogical && record != 0; i++)
        {
            if (!_disk.TryRead(record, _sector))
            {
                return StorageError.ReadFailed;
            }

            if (BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(_sector).Slice(SignatureOffset)) != Signature)
            {
                break;
            }

            if (Record(0, out ulong start, out ulong length) != 0)
            {
                Add(FirstLogical + (uint)i, record + start, length);
            }

            record = Record(1, out ulong next, out _) is 0x05 or 0x0f or 0x85 && next != 0 ? extended + next : 0;
        }

        return StorageError.None;
    }

    private byte Record(int index, out ulong start, out ulong length)
    {
        ReadOnlySpan<byte> entry = new ReadOnlySpan<byte>(_sector).Slice(EntriesOffset + (index * EntrySize), EntrySize);
        start = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(8));
        length = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(12));
        return entry[4];
    }

    private StorageError ReadGpt(ulong header)
    {
        Count = 0;
        if (!_disk.TryRead(header, _sector))
        {
            return StorageError.ReadFailed;
        }

        Span<byte> sector = _sector;
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(16));
        sector.Slice(16, sizeof(uint)).Clear();
        ulong place = BinaryPrimitives.ReadUInt64LittleEndian(sector.Slice(72));
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(80));
        uint entryChecksum = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(88));
        if (!sector.Slice(0, 8).SequenceEqual("EFI PART"u8) || Crc32.Compute(sector.Slice(0, GptHeaderSize)) != checksum
            || BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(84)) != GptEntrySize || count == 0 || count > GptLargestCount)
        {
            return StorageError.BadGpt;
        }

        uint sum = 0;
        for (uint done = 0; done < count; done += SectorSize / GptEntrySize)
        {
            if (!_disk.TryRead(place++, sector))
            {
                return StorageError.ReadFailed;
            }

            int length = (int)Math.Min((count - done) * GptEntrySize, SectorSize);
            sum = Crc32.Append(sum, sector.Slice(0, length));
            for (int i = 0; i < length; i += GptEntrySize)
            {
                TakeEntry(sector.Slice(i, GptEntrySize), done + (uint)(i / GptEntrySize) + 1);
            }
        }

        if (sum != entryChecksum)
        {
            Count = 0;
            return StorageError.BadGpt;
        }

        return StorageError.None;
    }

    private void TakeEntry(ReadOnlySpan<byte> entry, uint number)
    {
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(entry.Slice(32));
        ulong last = BinaryPrimitives.ReadUInt64LittleEndian(entry.Slice(40));
        bool isUsed = BinaryPrimitives.ReadUInt64LittleEndian(entry) != 0 || BinaryPrimitives.ReadUInt64LittleEndian(entry.Slice(8)) != 0;
        int index = Count;
        if (!isUsed || last < first || !Add(number, first, last - first + 1))
        {
            return;
        }

        entry.Slice(GuidSize, GuidSize).CopyTo(new Span<byte>(_guids).Slice(index * GuidSize));
        for (int i = 0; i < LongestName; i++)
        {
            ushort letter = BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(NameOffset + (i * 2)));
            _names[(index * LongestName) + i] = letter is 0 or (>= 0x20 and < 0x7f) ? (byte)letter : (byte)'?';
        }
    }

    private bool Add(uint number, ulong start, ulong length)
    {
        if (Count == MostPartitions || start == 0 || length == 0 || start >= _disk.SectorCount || length > _disk.SectorCount - start)
        {
            return false;
        }

        _numbers[Count] = number;
        new Span<byte>(_guids).Slice(Count * GuidSize, GuidSize).Clear();
        new Span<byte>(_names).Slice(Count * LongestName, LongestName).Clear();
        _places[Count++] = new Partition(start, length);
        return true;
    }
}
