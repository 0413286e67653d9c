using System;
using System.Buffers.Binary;

namespace SharpVisor.Storage;

/// <summary>
/// Finds files by their paths on a FAT32 file system ("Microsoft FAT Specification", 2005) or an exFAT one ("exFAT file system
/// specification", 2019), with long names and in folders, and says in which pieces they lie on the disk.
/// </summary>
/// <remarks>
/// Nothing that the disk says is believed: every cluster number is checked, every walk is bounded. Of letters only those of ASCII are
/// the same in both cases.
/// </remarks>
public sealed class FileVolume
{
    /// <summary>Most pieces of a file.</summary>
    public const int MostPieces = 2048;

    private const int SectorSize = SectorSource.SectorSize;
    private const int EntrySize = 32;
    private const int LongestName = 255;
    private const uint FirstCluster = 2;
    private const uint MostDirectorySectors = 65_536;
    private const uint EndOfChain = 0x0fff_fff8; // of both, once exFAT's is cut to 28 bits
    private const uint FatMask = 0x0fff_ffff;

    private const byte Folder = 0x10;
    private const byte VolumeLabel = 0x08;
    private const byte LongName = 0x0f;
    private const byte LastLongName = 0x40;
    private const byte Deleted = 0xe5;
    private const byte FileEntry = 0x85;
    private const byte StreamEntry = 0xc0;
    private const byte NameEntry = 0xc1;
    private const byte NoChain = 2;
    private const int NameInEntry = 15;

    private readonly SectorSource _disk;
    private readonly byte[] _fat = new byte[SectorSize];
    private readonly byte[] _sector = new byte[SectorSize];
    private readonly byte[] _name = new byte[LongestName + 5]; // 20 parts of 13
    private bool _isExFat;
    private ulong _fatHeld;
    private ulong _fatStart;
    private ulong _fatEnd;
    private ulong _dataStart;
    private uint _clusterSectors;
    private uint _clusterEnd;
    private uint _root;

    // What a walk through a folder is at.
    private int _nameLength;
    private int _partsLeft;
    private byte _checksum;
    private Entry _entry;

    /// <summary>Makes one that holds no file system yet.</summary>
    public FileVolume(SectorSource disk) => _disk = disk;

    /// <summary>Whether a sector is the first one of a FAT32 file system.</summary>
    public static bool IsBootSector(ReadOnlySpan<byte> sector) =>
        BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(510)) == 0xaa55
        && BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(11)) == SectorSize
        && sector[13] != 0 && (sector[13] & (sector[13] - 1)) == 0
        && BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(14)) != 0
        && sector[16] is 1 or 2
        && BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(17)) == 0
        && BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(19)) == 0
        && BinaryPrimitives.ReadUInt16LittleEndian(sector.Slice(22)) == 0;

    /// <summary>Opens the file system of a partition.</summary>
    /// <param name="partition">Inside of the disk.</param>
    public StorageError Open(Partition partition)
    {
        _fatHeld = 0;
        if (!_disk.TryRead(partition.FirstSector, _sector))
        {
            return StorageError.ReadFailed;
        }

        ReadOnlySpan<byte> boot = _sector;
        _isExFat = boot.Slice(3, 8).SequenceEqual("EXFAT   "u8);
        ulong total;
        ulong clusters;
        ulong fatStart;
        ulong fatLength;
        ulong dataStart;
        if (_isExFat)
        {
            int shift = boot[109];
            if (boot[108] != 9 || shift > 16)
            {
                return StorageError.BadFat;
            }

            total = BinaryPrimitives.ReadUInt64LittleEndian(boot.Slice(72));
            fatStart = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(80));
            fatLength = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(84));
            dataStart = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(88));
            clusters = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(92));
            _root = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(96));
            _clusterSectors = 1u << shift;
        }
        else
        {
            if (!IsBootSector(boot))
            {
                return StorageError.BadFat;
            }

            total = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(32));
            fatStart = BinaryPrimitives.ReadUInt16LittleEndian(boot.Slice(14));
            fatLength = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(36));
            dataStart = fatStart + (boot[16] * fatLength);
            _clusterSectors = boot[13];
            clusters = dataStart < total ? (total - dataStart) / _clusterSectors : 0;
            _root = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(44));
        }

        if (total > partition.SectorCount || dataStart >= total || clusters > (total - dataStart) / _clusterSectors
            || fatStart == 0 || fatStart >= total || fatLength > total - fatStart)
        {
            return StorageError.BadFat;
        }

        _clusterEnd = (uint)Math.Min(Math.Min(clusters + FirstCluster, fatLength * (SectorSize / sizeof(uint))), EndOfChain - 8);
        _fatStart = partition.FirstSector + fatStart;
        _fatEnd = _fatStart + fatLength;
        _dataStart = partition.FirstSector + dataStart;
        return IsCluster(_root) ? StorageError.None : StorageError.BadFat;
    }

    /// <summary>Finds a file.</summary>
    /// <param name="path">Names with '/' between them, from the root.</param>
    /// <param name="file">The file, where the result is <see cref="StorageError.None"/>.</param>
    public StorageError Find(ReadOnlySpan<byte> path, out VolumeFile file)
    {
        file = default;
        Entry place = new() { Cluster = _root, IsFolder = true };
        while (!path.IsEmpty)
        {
            int end = path.IndexOf((byte)'/');
            ReadOnlySpan<byte> name = end < 0 ? path : path.Slice(0, end);
            path = end < 0 ? default : path.Slice(end + 1);
            if (name.IsEmpty)
            {
                continue;
            }

            StorageError error = place.IsFolder ? FindIn(place, name) : StorageError.NoSuchFile;
            if (error != StorageError.None)
            {
                return error;
            }

            place = _entry;
        }

        if (place.IsFolder)
        {
            return StorageError.NoSuchFile;
        }

        if (place.Valid != place.Length)
        {
            return StorageError.FileNotWritten;
        }

        file = new VolumeFile(place.Cluster, place.Length, place.IsContiguous);
        return StorageError.None;
    }

    /// <summary>Finds the pieces of a file.</summary>
    /// <param name="file">From <see cref="Find"/>; not empty.</param>
    /// <param name="pieces">Where they go, as many as there is room for.</param>
    /// <param name="count">How many there are.</param>
    public StorageError FindPieces(VolumeFile file, Span<FilePiece> pieces, out int count)
    {
        count = 0;
        uint cluster = file.FirstCluster;
        uint expected = 0;
        ulong sectors = (file.Length + SectorSize - 1) / SectorSize;
        ulong clusters = (sectors + _clusterSectors - 1) / _clusterSectors;
        if (clusters > _clusterEnd)
        {
            return StorageError.ChainTooShort;
        }

        for (ulong done = 0; done < clusters; done++)
        {
            if (!IsCluster(cluster))
            {
                return cluster is 0 or >= EndOfChain ? StorageError.ChainTooShort : StorageError.BadChain;
            }

            if (cluster != expected)
            {
                if (count == MostPieces)
                {
                    return StorageError.TooManyPieces;
                }

                if (count < pieces.Length)
                {
                    pieces[count].Start = done * _clusterSectors;
                    pieces[count].Place = SectorOf(cluster);
                }

                count++;
            }

            expected = cluster + 1;
            StorageError error = StorageError.None;
            if (file.IsContiguous)
            {
                cluster++;
            }
            else if (done + 1 < clusters)
            {
                error = TryFollow(cluster, out cluster);
            }

            if (error != StorageError.None)
            {
                return error;
            }
        }

        return StorageError.None;
    }

    /// <summary>Reads a whole file; clusters that follow each other at once.</summary>
    /// <param name="file">From <see cref="Find"/>.</param>
    /// <param name="destination">At least its length, rounded up to whole sectors.</param>
    public StorageError Read(VolumeFile file, Span<byte> destination)
    {
        ulong left = (file.Length + SectorSize - 1) / SectorSize;
        uint cluster = file.FirstCluster;
        int done = 0;
        while (left > 0)
        {
            uint first = cluster;
            ulong run = 0;
            do
            {
                if (!IsCluster(cluster))
                {
                    return cluster is 0 or >= EndOfChain ? StorageError.ChainTooShort : StorageError.BadChain;
                }

                run += _clusterSectors;
                uint last = cluster;
                StorageError error = StorageError.None;
                if (file.IsContiguous)
                {
                    cluster++;
                }
                else
                {
                    error = TryFollow(last, out cluster);
                }

                if (error != StorageError.None)
                {
                    return error;
                }
            }
            while (run < left && cluster == first + (uint)(run / _clusterSectors) && IsCluster(cluster));
            run = Math.Min(run, left);
            if (!_disk.TryRead(SectorOf(first), destination.Slice(done, (int)run * SectorSize)))
            {
                return StorageError.ReadFailed;
            }

            done += (int)run * SectorSize;
            left -= run;
        }

        return StorageError.None;
    }

    private bool IsCluster(uint cluster) => cluster >= FirstCluster && cluster < _clusterEnd;

    private ulong SectorOf(uint cluster) => _dataStart + ((ulong)(cluster - FirstCluster) * _clusterSectors);

    private StorageError TryFollow(uint cluster, out uint next)
    {
        next = 0;
        ulong sector = _fatStart + (cluster / (SectorSize / sizeof(uint)));
        if (sector >= _fatEnd)
        {
            return StorageError.BadChain;
        }

        if (sector != _fatHeld)
        {
            _fatHeld = 0;
            if (!_disk.TryRead(sector, _fat))
            {
                return StorageError.ReadFailed;
            }

            _fatHeld = sector;
        }

        int offset = (int)(cluster % (SectorSize / sizeof(uint))) * sizeof(uint);
        next = BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(_fat).Slice(offset)) & FatMask;
        return IsCluster(next) || next >= EndOfChain ? StorageError.None : StorageError.BadChain;
    }

    /// <summary>Finds a name in a folder: <see cref="_entry"/> has it then.</summary>
    private StorageError FindIn(Entry folder, ReadOnlySpan<byte> name)
    {
        uint cluster = folder.Cluster;
        _partsLeft = 0;
        _nameLength = 0;
        ulong length = folder.IsContiguous ? folder.Length / SectorSize : MostDirectorySectors;
        length = Math.Min(length, MostDirectorySectors);
        for (ulong seen = 0; seen < length; seen += _clusterSectors)
        {
            if (!IsCluster(cluster))
            {
                return StorageError.BadChain;
            }

            for (uint i = 0; i < _clusterSectors; i++)
            {
                if (!_disk.TryRead(SectorOf(cluster) + i, _sector))
                {
                    return StorageError.ReadFailed;
                }

                for (int offset = 0; offset < SectorSize; offset += EntrySize)
                {
                    ReadOnlySpan<byte> entry = new ReadOnlySpan<byte>(_sector).Slice(offset, EntrySize);
                    if (entry[0] == 0)
                    {
                        return StorageError.NoSuchFile;
                    }

                    if (_isExFat ? TakeExFat(entry, name) : TakeFat(entry, name))
                    {
                        return StorageError.None;
                    }
                }
            }

            StorageError step = StorageError.None;
            if (folder.IsContiguous)
            {
                cluster++;
            }
            else
            {
                step = TryFollow(cluster, out cluster);
            }

            if (step != StorageError.None)
            {
                return step;
            }

            if (cluster >= EndOfChain)
            {
                return StorageError.NoSuchFile;
            }
        }

        return folder.IsContiguous ? StorageError.NoSuchFile : StorageError.BadChain; // no folder is that long: it goes round in circles
    }

    private bool TakeFat(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> name)
    {
        byte attributes = entry[11];
        if (entry[0] != Deleted && (attributes & 0x3f) == LongName)
        {
            int number = entry[0] & 0x1f;
            bool isLast = (entry[0] & LastLongName) != 0; // the last part comes first
            if (number is 0 or > 20 || (isLast ? false : number != _partsLeft || entry[13] != _checksum))
            {
                _partsLeft = 0;
                _nameLength = 0;
                return false;
            }

            if (isLast)
            {
                _checksum = entry[13];
                _nameLength = number * 13;
            }

            _partsLeft = number - 1;
            int start = _partsLeft * 13;
            for (int i = 0; i < 13; i++)
            {
                int offset = i < 5 ? 1 + (i * 2) : i < 11 ? 14 + ((i - 5) * 2) : 28 + ((i - 11) * 2);
                ushort letter = BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(offset));
                if (letter == 0)
                {
                    _nameLength = Math.Min(_nameLength, start + i);
                    break;
                }

                _name[start + i] = letter < 0x80 ? (byte)letter : (byte)0;
            }

            return false;
        }

        bool isLong = _nameLength != 0 && _partsLeft == 0 && Checksum(entry.Slice(0, 11)) == _checksum;
        int length = _nameLength;
        _nameLength = 0;
        _partsLeft = 0;
        if (entry[0] == Deleted || (attributes & VolumeLabel) != 0)
        {
            return false;
        }

        bool isNamed = (isLong && IsSame(new ReadOnlySpan<byte>(_name).Slice(0, length), name)) || IsShortName(entry, name);
        uint high = BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(20));
        ulong size = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(28));
        _entry = new Entry
        {
            Cluster = ((high << 16) | BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(26))) & FatMask,
            Length = size,
            Valid = size,
            IsFolder = (attributes & Folder) != 0,
        };
        return isNamed;
    }

    private static byte Checksum(ReadOnlySpan<byte> shortName)
    {
        byte sum = 0;
        for (int i = 0; i < shortName.Length; i++)
        {
            sum = (byte)((byte)((sum << 7) | (sum >> 1)) + shortName[i]);
        }

        return sum;
    }

    private static bool IsShortName(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> name)
    {
        Span<byte> text = stackalloc byte[12];
        int length = 0;
        for (int i = 0; i < 11; i++)
        {
            if (i == 8 && entry[8] != (byte)' ')
            {
                text[length++] = (byte)'.';
            }

            if (entry[i] != (byte)' ')
            {
                text[length++] = entry[i];
            }
        }

        return IsSame(text.Slice(0, length), name);
    }

    private bool TakeExFat(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> name)
    {
        switch (entry[0])
        {
            case FileEntry:
                _partsLeft = entry[1];
                _entry = new Entry { IsFolder = (BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(4)) & Folder) != 0 };
                _checksum = 0; // letters so far
                _nameLength = 0;
                return false;
            case StreamEntry when _partsLeft > 1:
                _partsLeft--;
                _nameLength = entry[3];
                _entry.IsContiguous = (entry[1] & NoChain) != 0;
                _entry.Valid = BinaryPrimitives.ReadUInt64LittleEndian(entry.Slice(8));
                _entry.Cluster = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(20));
                _entry.Length = BinaryPrimitives.ReadUInt64LittleEndian(entry.Slice(24));
                return false;
            case NameEntry when _partsLeft > 0 && _nameLength != 0:
                _partsLeft--;
                for (int i = 0; i < NameInEntry && _checksum < _nameLength; i++)
                {
                    ushort letter = BinaryPrimitives.ReadUInt16LittleEndian(entry.Slice(2 + (i * 2)));
                    _name[_checksum++] = letter < 0x80 ? (byte)letter : (byte)0;
                }

                return _checksum == _nameLength && IsSame(new ReadOnlySpan<byte>(_name).Slice(0, _nameLength), name);
            default:
                _partsLeft = 0;
                return false;
        }
    }

    private static bool IsSame(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        if (one.Length != other.Length)
        {
            return false;
        }

        for (int i = 0; i < one.Length; i++)
        {
            if (Upper(one[i]) != Upper(other[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static byte Upper(byte letter) => letter is >= (byte)'a' and <= (byte)'z' ? (byte)(letter - 'a' + 'A') : letter;

    private struct Entry
    {
        internal uint Cluster;
        internal bool IsFolder;
        internal bool IsContiguous;
        internal ulong Length;
        internal ulong Valid;
    }
}
