using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace SharpVisor.Tests.Unit.Storage;

/// <summary>Writes small FAT32 file systems, as the specification says and without regard to how ours reads them.</summary>
internal sealed class FatImage
{
    private const int SectorSize = 512;
    private const int ReservedSectors = 32;
    private const uint EndOfChain = 0x0fff_ffff;

    private readonly byte[] _content;
    private readonly int _sectorsPerCluster;
    private readonly int _fatSectors;
    private readonly Random _random;
    private readonly SortedSet<uint> _free = [];
    private readonly List<byte[]> _entries = [];
    private readonly uint _rootCluster;

    internal FatImage(int clusters, int sectorsPerCluster, int seed)
    {
        _sectorsPerCluster = sectorsPerCluster;
        _random = new Random(seed);
        _fatSectors = (((clusters + 2) * 4) + SectorSize - 1) / SectorSize;
        int total = ReservedSectors + (2 * _fatSectors) + (clusters * sectorsPerCluster);
        _content = new byte[total * SectorSize];
        for (uint i = 2; i < clusters + 2; i++)
        {
            _free.Add(i);
        }

        Span<byte> boot = _content;
        "mkfs"u8.CopyTo(boot[3..]);
        BinaryPrimitives.WriteUInt16LittleEndian(boot[11..], SectorSize);
        boot[13] = (byte)sectorsPerCluster;
        BinaryPrimitives.WriteUInt16LittleEndian(boot[14..], ReservedSectors);
        boot[16] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(boot[32..], (uint)total);
        BinaryPrimitives.WriteUInt32LittleEndian(boot[36..], (uint)_fatSectors);
        _rootCluster = Take(fragmented: true);
        BinaryPrimitives.WriteUInt32LittleEndian(boot[44..], _rootCluster);
        boot[510] = 0x55;
        boot[511] = 0xaa;
        SetNext(0, 0x0fff_fff8);
        SetNext(1, EndOfChain);
    }

    /// <summary>Where a chain's entry is in the first table, in bytes.</summary>
    internal static int EntryOffset(uint cluster) => (ReservedSectors * SectorSize) + ((int)cluster * 4);

    /// <summary>First cluster of each file, in the order in which they were added.</summary>
    internal List<uint> FirstClusters { get; } = [];

    /// <summary>Adds a file with a name of 11 letters.</summary>
    internal void Add(string name, byte[] data, bool fragmented, byte attributes = 0x20)
    {
        uint first = data.Length == 0 ? 0 : WriteChain(data, Take(fragmented), fragmented);
        FirstClusters.Add(first);
        AddEntry(Encoding.ASCII.GetBytes(name), attributes, first, (uint)data.Length);
    }

    /// <summary>Adds an entry that is none of a file's.</summary>
    internal void AddEntry(byte[] name, byte attributes, uint first, uint length)
    {
        byte[] entry = new byte[32];
        name.CopyTo(entry, 0);
        entry[11] = attributes;
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(20), (ushort)(first >> 16));
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(26), (ushort)first);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(28), length);
        _entries.Add(entry);
    }

    /// <summary>The file system; where asked for behind so many sectors of a partitioned disk.</summary>
    internal byte[] Finish(int firstSector = 0)
    {
        byte[] directory = new byte[_entries.Count * 32];
        for (int i = 0; i < _entries.Count; i++)
        {
            _entries[i].CopyTo(directory, i * 32);
        }

        WriteChain(directory, _rootCluster, fragmented: true);
        byte[] disk = new byte[(firstSector * SectorSize) + _content.Length];
        _content.CopyTo(disk, firstSector * SectorSize);
        return disk;
    }

    private uint WriteChain(byte[] data, uint first, bool fragmented)
    {
        int clusterBytes = _sectorsPerCluster * SectorSize;
        uint cluster = first;
        for (int done = 0; ; done += clusterBytes)
        {
            int length = Math.Min(clusterBytes, data.Length - done);
            int sector = ReservedSectors + (2 * _fatSectors) + ((int)(cluster - 2) * _sectorsPerCluster);
            data.AsSpan(done, length).CopyTo(_content.AsSpan(sector * SectorSize));
            if (done + clusterBytes >= data.Length)
            {
                SetNext(cluster, EndOfChain);
                return first;
            }

            uint next = Take(fragmented);
            SetNext(cluster, next);
            cluster = next;
        }
    }

    private uint Take(bool fragmented)
    {
        uint cluster = _free.Min;
        if (fragmented)
        {
            uint[] all = [.. _free];
            cluster = all[_random.Next(all.Length)];
        }

        _free.Remove(cluster);
        return cluster;
    }

    private void SetNext(uint cluster, uint next)
    {
        // The four highest bits are nobody's: readers must leave them out.
        uint value = next | ((uint)_random.Next(16) << 28);
        for (int table = 0; table < 2; table++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_content.AsSpan(EntryOffset(cluster) + (table * _fatSectors * SectorSize)), value);
        }
    }
}
