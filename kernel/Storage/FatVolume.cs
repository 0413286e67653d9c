using System;
using System.Buffers.Binary;

namespace SharpVisor.Storage;

/// <summary>
/// Reads files from the root directory of a FAT32 file system ("Microsoft FAT Specification", 2005). Nothing that the
/// disk says is believed: every cluster number is checked, and every walk is bounded by the size of what it walks over.
/// </summary>
public sealed class FatVolume
{
    private const int SectorSize = SectorSource.SectorSize;

    // The boot sector.
    private const int BytesPerSectorOffset = 11;
    private const int SectorsPerClusterOffset = 13;
    private const int ReservedSectorsOffset = 14;
    private const int FatCountOffset = 16;
    private const int RootEntriesOffset = 17;
    private const int TotalSectors16Offset = 19;
    private const int FatSectors16Offset = 22;
    private const int TotalSectors32Offset = 32;
    private const int FatSectors32Offset = 36;
    private const int RootClusterOffset = 44;
    private const int SignatureOffset = 510;
    private const ushort Signature = 0xaa55;

    // A directory entry.
    private const int EntrySize = 32;
    private const int NameLength = 11;
    private const int BaseLength = 8;
    private const int AttributesOffset = 11;
    private const int FirstClusterHighOffset = 20;
    private const int FirstClusterLowOffset = 26;
    private const int LengthOffset = 28;
    private const byte NoMoreEntries = 0;
    private const byte FolderOrLabel = 0x18; // parts of long names have the label's bit too

    // The file allocation table.
    private const uint EntryMask = 0x0fff_ffff;
    private const uint FirstCluster = 2;
    private const uint EndOfChain = 0x0fff_fff8;
    private const int EntriesPerSector = SectorSize / sizeof(uint);
    private const uint LargestDirectory = 65_536 * EntrySize;

    private readonly SectorSource _disk;
    private readonly byte[] _fatSector = new byte[SectorSize];
    private readonly byte[] _directorySector = new byte[SectorSize];
    private ulong _firstFatSector;
    private ulong _firstDataSector;
    private ulong _fatSectorHeld;
    private uint _sectorsPerCluster;
    private uint _clusterEnd;
    private uint _rootCluster;

    /// <summary>Makes one that holds no file system yet.</summary>
    public FatVolume(SectorSource disk) => _disk = disk;

    /// <summary>Whether a sector is the first one of a FAT32 file system.</summary>
    public static bool IsBootSector(ReadOnlySpan<byte> sector) =>
        BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(SignatureOffset)) == Signature
        && BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(BytesPerSectorOffset)) == SectorSize
        && sector[SectorsPerClusterOffset] != 0 && (sector[SectorsPerClusterOffset] & (sector[SectorsPerClusterOffset] - 1)) == 0
        && BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(ReservedSectorsOffset)) != 0
        && sector[FatCountOffset] is 1 or 2
        && BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(RootEntriesOffset)) == 0
        && BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(TotalSectors16Offset)) == 0
        && BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(FatSectors16Offset)) == 0;

    /// <summary>Opens the file system of a partition.</summary>
    /// <param name="partition">Inside of the disk.</param>
    public StorageError Open(Partition partition)
    {
        Span<byte> sector = _directorySector;
        if (!_disk.TryRead(partition.FirstSector, sector))
        {
            return StorageError.ReadFailed;
        }

        uint total = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(TotalSectors32Offset));
        uint fatSectors = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(FatSectors32Offset));
        ulong reserved = BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(ReservedSectorsOffset));
        ulong overhead = reserved + ((ulong)sector[FatCountOffset] * fatSectors);
        if (!IsBootSector(sector) || total > partition.SectorCount || overhead >= total)
        {
            return StorageError.BadFat;
        }

        _sectorsPerCluster = sector[SectorsPerClusterOffset];
        ulong clusters = (total - overhead) / _sectorsPerCluster;
        ulong described = (ulong)fatSectors * EntriesPerSector; // the first two entries stand for no cluster
        _clusterEnd = (uint)Math.Min(Math.Min(clusters + FirstCluster, described), EntryMask);
        _firstFatSector = partition.FirstSector + reserved;
        _firstDataSector = partition.FirstSector + overhead;
        _rootCluster = BinaryPrimitives.ReadUInt32LittleEndian(sector.Slice(RootClusterOffset));
        _fatSectorHeld = 0;
        return IsCluster(_rootCluster) ? StorageError.None : StorageError.BadFat;
    }

    /// <summary>Finds a file in the root directory.</summary>
    /// <param name="name">Its short name: up to eight letters, perhaps a dot and up to three more. Case does not count.</param>
    /// <param name="file">The file, where the result is <see cref="StorageError.None"/>.</param>
    public StorageError Find(ReadOnlySpan<byte> name, out FatFile file)
    {
        file = default;
        uint cluster = _rootCluster;
        for (uint seen = 0; seen < LargestDirectory; seen += _sectorsPerCluster * SectorSize)
        {
            for (uint i = 0; i < _sectorsPerCluster; i++)
            {
                if (!_disk.TryRead(SectorOf(cluster) + i, _directorySector))
                {
                    return StorageError.ReadFailed;
                }

                StorageError error = FindInSector(name, out file, out bool isLast);
                if (error != StorageError.NoSuchFile || isLast)
                {
                    return error;
                }
            }

            StorageError step = TryFollow(cluster, out uint next);
            if (step != StorageError.None)
            {
                return step;
            }

            if (next >= EndOfChain)
            {
                return StorageError.NoSuchFile;
            }

            cluster = next;
        }

        return StorageError.BadChain; // no directory is that long: it goes round in circles
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="file">From <see cref="Find"/>.</param>
    /// <param name="destination">At least its length, rounded up to whole sectors.</param>
    public StorageError Read(FatFile file, Span<byte> destination)
    {
        uint clusterBytes = _sectorsPerCluster * SectorSize;
        uint cluster = file.FirstCluster;
        ulong left = file.Length;
        int done = 0;
        while (left > 0)
        {
            if (!IsCluster(cluster))
            {
                return cluster is 0 or >= EndOfChain ? StorageError.ChainTooShort : StorageError.BadChain;
            }

            // Clusters that follow each other are read at once.
            uint first = cluster;
            ulong run = clusterBytes;
            StorageError error = TryFollow(cluster, out uint next);
            while (error == StorageError.None && run < left && next == cluster + 1 && IsCluster(next))
            {
                run += clusterBytes;
                cluster = next;
                error = TryFollow(cluster, out next);
            }

            if (error != StorageError.None)
            {
                return error;
            }

            ulong wanted = (Math.Min(run, left) + SectorSize - 1) & ~(SectorSize - 1ul);
            if (!_disk.TryRead(SectorOf(first), destination.Slice(done, (int)wanted)))
            {
                return StorageError.ReadFailed;
            }

            done += (int)wanted;
            left -= Math.Min(run, left);
            cluster = next;
        }

        return StorageError.None;
    }

    private bool IsCluster(uint cluster) => cluster >= FirstCluster && cluster < _clusterEnd;

    private ulong SectorOf(uint cluster) => _firstDataSector + ((ulong)(cluster - FirstCluster) * _sectorsPerCluster);

    /// <summary>The cluster behind another one: a cluster, or a number from <see cref="EndOfChain"/> on.</summary>
    private StorageError TryFollow(uint cluster, out uint next)
    {
        next = 0;
        ulong sector = _firstFatSector + (cluster / EntriesPerSector);
        if (sector != _fatSectorHeld)
        {
            _fatSectorHeld = 0;
            if (!_disk.TryRead(sector, _fatSector))
            {
                return StorageError.ReadFailed;
            }

            _fatSectorHeld = sector;
        }

        int offset = (int)(cluster % EntriesPerSector) * sizeof(uint);
        next = BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(_fatSector).Slice(offset)) & EntryMask;
        return IsCluster(next) || next >= EndOfChain ? StorageError.None : StorageError.BadChain;
    }

    private StorageError FindInSector(ReadOnlySpan<byte> name, out FatFile file, out bool isLast)
    {
        file = default;
        isLast = false;
        for (int i = 0; i < SectorSize && !isLast; i += EntrySize)
        {
            ReadOnlySpan<byte> entry = new ReadOnlySpan<byte>(_directorySector).Slice(i, EntrySize);
            isLast = entry[0] == NoMoreEntries;
            if (!isLast && (entry[AttributesOffset] & FolderOrLabel) == 0 && IsNamed(entry, name))
            {
                uint high = BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(FirstClusterHighOffset));
                uint low = BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(FirstClusterLowOffset));
                file = new FatFile(((high << 16) | low) & EntryMask, BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(LengthOffset)));
                return StorageError.None;
            }
        }

        return StorageError.NoSuchFile;
    }

    /// <summary>Compares a short name, as it is written, with an entry's, which is padded with spaces and has no dot.</summary>
    private static bool IsNamed(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> name)
    {
        int at = 0;
        for (int i = 0; i < NameLength; i++)
        {
            if (i == BaseLength && at < name.Length && name[at] == (byte)'.')
            {
                at++;
            }

            bool isPadding = at == name.Length || (i < BaseLength && name[at] == (byte)'.');
            byte wanted = isPadding ? (byte)' ' : Upper(name[at++]);
            if (Upper(entry[i]) != wanted)
            {
                return false;
            }
        }

        return at == name.Length;
    }

    private static byte Upper(byte letter) => letter is >= (byte)'a' and <= (byte)'z' ? (byte)(letter - 'a' + 'A') : letter;
}
