using System;
using System.Threading;
using SharpVisor.Storage;

namespace SharpVisor.Devices.Virtio;

/// <summary>The block device (virtio 1.2, 5.2): a disk.</summary>
public sealed class BlockDevice : VirtioDevice
{
    /// <summary>Most queues.</summary>
    public const int MostQueues = 8;

    /// <summary>Most segments of a request's data, and bytes of one, as a driver is told.</summary>
    internal const int MostSegments = 126;

    /// <summary>Most segments of a discard.</summary>
    internal const uint MostErasures = 16;

    private const uint DeviceId = 2;
    private const uint QueueSize = 256;
    private const uint LongestSegment = 1 << 20;

    // The configuration, in words (5.2.4).
    private const int ConfigWords = 15;
    private const uint WritebackWord = 8;
    private const uint WritebackOffset = WritebackWord * sizeof(uint);

    private readonly Disk _disk;
    private readonly BlockQueue[] _workers;
    private readonly uint[] _config = new uint[ConfigWords];
    private readonly byte[] _serial = new byte[Disk.LongestSerial];

    /// <summary>Makes a device.</summary>
    /// <param name="memory">The guest's.</param>
    /// <param name="disk">What it shows.</param>
    /// <param name="isReadOnly">Whether the guest may only read it, though the disk could be written to.</param>
    /// <param name="serial">What it is called; at most <see cref="Disk.LongestSerial"/> bytes. None: what the disk calls itself.</param>
    /// <param name="queues">1 to <see cref="MostQueues"/>.</param>
    /// <param name="withheld">Features that the guest is not to see.</param>
    /// <param name="buffers">Memory for it.</param>
    public BlockDevice(DeviceMemory memory, Disk disk, bool isReadOnly, ReadOnlySpan<byte> serial, int queues, ulong withheld, BlockBuffers buffers)
        : base(DeviceId, FeaturesOf(disk, isReadOnly, queues) & ~(withheld & ~VirtioFeatures.Version1), MakeQueues(memory, queues))
    {
        _disk = disk;
        IsReadOnly = isReadOnly || disk.IsReadOnly;
        LongestErase = disk.LongestErase;
        ReadOnlySpan<byte> name = serial.IsEmpty ? disk.Serial : serial;
        name.Slice(0, Math.Min(name.Length, _serial.Length)).CopyTo(_serial);
        FillConfig(queues);
        _workers = new BlockQueue[queues];
        for (int i = 0; i < queues; i++)
        {
            _workers[i] = new BlockQueue(this, i, Queues[i], memory, disk, buffers);
        }
    }

    /// <summary>What it shows.</summary>
    public Disk Disk => _disk;

    /// <summary>Whether the guest may only read it.</summary>
    public bool IsReadOnly { get; }

    /// <summary>What it is called, <see cref="Disk.LongestSerial"/> bytes with zeros at the end.</summary>
    public ReadOnlySpan<byte> Serial => _serial;

    /// <summary>Whether any request was taken and has not ended. The VM is not taken apart before.</summary>
    public bool IsBusy
    {
        get
        {
            for (int i = 0; i < _workers.Length; i++)
            {
                if (_workers[i].IsBusy)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Most sectors of one segment of a discard.</summary>
    internal uint LongestErase { get; }

    /// <summary>Whether what was written may be kept back until a flush; else each write is flushed (5.2.5.2).</summary>
    internal bool MayKeepBack => (Features & BlockFeatures.ConfigWriteback) != 0
        ? (_config[WritebackWord] & 1) != 0
        : (Features & BlockFeatures.Flush) != 0;

    /// <summary>What all queues have counted together since it was made.</summary>
    public ulong GetStatistic(BlockStatistic what)
    {
        ulong sum = 0;
        for (int i = 0; i < _workers.Length; i++)
        {
            sum += _workers[i].Statistics[(int)what];
        }

        return sum;
    }

    /// <summary>The disk has another size: tells the driver.</summary>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1.</param>
    public void ResizeTo(ulong sectors, int self)
    {
        Volatile.Write(ref _config[0], (uint)sectors);
        Volatile.Write(ref _config[1], (uint)(sectors >> 32));
        Transport.ConfigChanged(self);
    }

    internal void CopySerial(Span<byte> destination) => _serial.AsSpan().CopyTo(destination);

    /// <inheritdoc/>
    public override uint ReadConfig(uint index) => index < (uint)_config.Length ? _config[(int)index] : 0;

    /// <inheritdoc/>
    public override void SuspendQueue(int queue) => _workers[queue].Suspend();

    /// <inheritdoc/>
    public override void ResetQueue(int queue) => _workers[queue].Reset();

    /// <inheritdoc/>
    public override void Reset() => SetWriteback(1);

    /// <inheritdoc/>
    public override void WriteConfig(uint offset, int size, uint value)
    {
        if (offset == WritebackOffset && size == 1 && (Features & BlockFeatures.ConfigWriteback) != 0)
        {
            SetWriteback(value & 1);
        }
    }

    /// <inheritdoc/>
    public override void Save(ref StateWriter state)
    {
        state.Add(_disk.Sectors);
        state.Add(_config[WritebackWord] & 1);
        for (BlockStatistic what = 0; what < BlockStatistic.Count; what++)
        {
            state.Add(GetStatistic(what));
        }
    }

    /// <inheritdoc/>
    public override bool TryRestore(ref StateReader state)
    {
        ulong sectors = state.Take();
        SetWriteback((uint)state.Take() & 1);
        for (int i = 0; i < (int)BlockStatistic.Count; i++)
        {
            _workers[0].Statistics[i] = state.Take();
        }

        return sectors == _disk.Sectors;
    }

    /// <inheritdoc/>
    public override bool Work(int queue) => _workers[queue].Work();

    private void SetWriteback(uint value) => Volatile.Write(ref _config[WritebackWord], (_config[WritebackWord] & ~1u) | value);

    private void FillConfig(int queues)
    {
        ulong sectors = _disk.Sectors;
        uint block = _disk.BlockSize;
        uint larger = 0; // log2 of blocks in a physical one
        while (block << (int)larger < _disk.PhysicalBlockSize)
        {
            larger++;
        }

        uint blocks = 1u << (int)larger;
        _config[0] = (uint)sectors;
        _config[1] = (uint)(sectors >> 32);
        _config[2] = LongestSegment;
        _config[3] = MostSegments;
        _config[5] = block;
        _config[6] = larger | (blocks << 16);
        _config[7] = blocks;
        _config[8] = 1 | ((uint)queues << 16);
        _config[9] = LongestErase;
        _config[10] = MostErasures;
        _config[11] = blocks * (block / Disk.SectorSize);
        _config[12] = LongestErase;
        _config[13] = MostErasures;
        _config[14] = 1; // zeroes may be written by giving room back
    }

    private static ulong FeaturesOf(Disk disk, bool isReadOnly, int queues)
    {
        ulong features = VirtioFeatures.Transport | BlockFeatures.SizeMax | BlockFeatures.SegMax | BlockFeatures.BlockSize
            | BlockFeatures.Flush | BlockFeatures.Topology | BlockFeatures.ConfigWriteback;
        features |= queues > 1 ? BlockFeatures.MultiQueue : 0;
        if (isReadOnly || disk.IsReadOnly)
        {
            return features | BlockFeatures.ReadOnly;
        }

        return features | (disk.CanDiscard ? BlockFeatures.Discard : 0) | (disk.CanWriteZeroes ? BlockFeatures.WriteZeroes : 0);
    }

    private static Virtqueue[] MakeQueues(DeviceMemory memory, int queues)
    {
        var made = new Virtqueue[queues];
        for (int i = 0; i < queues; i++)
        {
            made[i] = new Virtqueue(memory, QueueSize);
        }

        return made;
    }
}
