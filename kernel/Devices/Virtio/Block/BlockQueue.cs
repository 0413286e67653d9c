using System;
using System.Buffers.Binary;
using System.Threading;
using SharpVisor.Storage;

namespace SharpVisor.Devices.Virtio;

/// <summary>One queue of a block device, and what it has asked of the disk. Everything happens with the queue's lock held.</summary>
/// <remarks>
/// <para>
/// A request is cut into pieces: what the disk has in memory is copied at once; for the rest the disk is asked, one piece
/// after the other, with a buffer of the device's own in between. Several requests are on their way at a time.
/// </para>
/// <para>
/// A driver that resets the queue is not kept waiting for the disk. What is on its way then is an orphan: its end only
/// frees its slot. Nothing new is taken before the last of them has ended, so that a write of the driver before cannot
/// come after one of the driver now.
/// </para>
/// </remarks>
internal sealed unsafe class BlockQueue : DiskClient
{
    // Types of requests (virtio 1.2, 5.2.6).
    private const uint In = 0;
    private const uint Out = 1;
    private const uint Flush = 4;
    private const uint GetId = 8;
    private const uint Discard = 11;
    private const uint WriteZeroes = 13;

    private const byte Ok = 0;
    private const byte Error = 1;
    private const byte Unsupported = 2;

    private const int HeaderSize = 16;
    private const int SegmentSize = 16;
    private const uint Unmap = 1;

    // Work at a time, in bytes copied and what costs as much: a few hundred microseconds.
    private const int TurnWork = 512 << 10;
    private const int RequestWork = 1 << 10;
    private const int EraseWork = 64 << 10;
    private const uint PieceSectors = 128;

    private readonly BlockDevice _device;
    private readonly Virtqueue _ring;
    private readonly Disk _disk;
    private readonly DeviceMemory _memory;
    private readonly BlockSlot[] _slots;
    private readonly int _index;
    private BlockSlot? _free;
    private BlockSlot? _waiting; // for their next turn
    private BlockSlot? _newest; // the last one taken
    private int _orphans;
    private int _taken;
    private int _flying;

    /// <summary>What it has done.</summary>
    internal readonly ulong[] Statistics = new ulong[(int)BlockStatistic.Count];

    internal BlockQueue(BlockDevice device, int index, Virtqueue ring, DeviceMemory memory, Disk disk, in BlockBuffers buffers)
    {
        _device = device;
        _index = index;
        _ring = ring;
        _memory = memory;
        _disk = disk;
        _slots = new BlockSlot[buffers.SlotsInQueue];
        for (int i = _slots.Length - 1; i >= 0; i--)
        {
            var slot = new BlockSlot(this, i, BlockDevice.MostSegments, buffers.AddressOf((index * _slots.Length) + i), buffers.SectorsInSlot) { Next = _free };
            _slots[i] = slot;
            _free = slot;
        }
    }

    /// <summary>
    /// Whether the disk has a request, or one of a driver that is alive waits for its next turn. May be asked without the lock.
    /// </summary>
    internal bool IsBusy => Volatile.Read(ref _flying) != 0 || (Volatile.Read(ref _taken) != 0 && _device.Transport.IsLive);

    /// <summary>Does a bounded part of what there is to do. False where more is left.</summary>
    internal bool Work()
    {
        int work = TurnWork;
        while (work > 0)
        {
            BlockSlot? slot = _waiting;
            if (slot != null)
            {
                _waiting = slot.Next;
            }
            else
            {
                slot = _free;
                if (_orphans != 0 || slot == null || !_ring.TryTakeOrWatch(slot.Chain))
                {
                    _ring.Publish();
                    return true;
                }

                _free = slot.Next;
                _newest = slot;
                Volatile.Write(ref _taken, _taken + 1);
                work -= RequestWork;
                if (!TryBegin(slot))
                {
                    _ring.Break();
                    GiveBack(slot);
                    return true;
                }
            }

            GoOn(slot, ref work);
        }

        _ring.Publish();
        return false;
    }

    /// <inheritdoc/>
    public override void Completed(DiskRequest request)
    {
        _ring.Lock.Enter();
        BlockSlot slot = _slots[request.Tag];
        slot.IsInFlight = false;
        Volatile.Write(ref _flying, _flying - 1);
        if (slot.IsOrphan)
        {
            _orphans--;
            GiveBack(slot);
        }
        else
        {
            int work = TurnWork;
            EndPiece(slot);
            GoOn(slot, ref work);
        }

        _ring.Lock.Exit();
    }

    /// <inheritdoc/>
    public override void Settle()
    {
        VirtioTransport transport = _device.Transport;
        _ring.Lock.Enter();
        bool isDone = !transport.IsLive || !_ring.IsReady || Work();
        bool isRaised = transport.TakeOutcome(_ring);
        _ring.Lock.Exit();
        if (isRaised)
        {
            transport.UpdateLine(-1);
        }

        transport.Settle(_index, isDone);
    }

    /// <summary>Puts back what can be taken anew: a request that waits for its next turn. Nothing else is on its way.</summary>
    internal void Suspend()
    {
        if (_taken == 1 && _waiting != null && _waiting == _newest)
        {
            _ring.PutBack(_newest.Chain.Ticket);
        }

        Reset();
    }

    /// <summary>Forgets the driver's requests.</summary>
    internal void Reset()
    {
        _waiting = null;
        for (int i = 0; i < _slots.Length; i++)
        {
            BlockSlot slot = _slots[i];
            if (slot.IsInFlight && !slot.IsOrphan)
            {
                slot.IsOrphan = true;
                _orphans++;
            }
            else if (slot.IsTaken && !slot.IsInFlight)
            {
                GiveBack(slot);
            }
        }
    }

    /// <summary>Looks what a request wants. False where it can't even be answered.</summary>
    private bool TryBegin(BlockSlot slot)
    {
        slot.IsTaken = true;
        DescriptorChain chain = slot.Chain;
        Span<byte> header = stackalloc byte[HeaderSize];
        if (chain.Writable == 0 || !chain.TryRead(_memory, header))
        {
            return false;
        }

        slot.Kind = BinaryPrimitives.ReadUInt32LittleEndian(header);
        slot.Sector = BinaryPrimitives.ReadUInt64LittleEndian(header.Slice(sizeof(ulong)));
        slot.Left = 0;
        slot.Status = Ok;
        slot.MustFlush = false;
        switch (slot.Kind)
        {
            case In:
                Count(BlockStatistic.Reads, 1);
                BeginMove(slot, chain.Writable - 1);
                break;
            case Out:
                Count(BlockStatistic.Writes, 1);
                BeginMove(slot, chain.Readable);
                RefuseChange(slot);
                slot.MustFlush = !_device.MayKeepBack;
                break;
            case Flush:
                Count(BlockStatistic.Flushes, 1);
                slot.MustFlush = true;
                break;
            case Discard when (_device.Features & BlockFeatures.Discard) != 0:
            case WriteZeroes when (_device.Features & BlockFeatures.WriteZeroes) != 0:
                Count(BlockStatistic.Erases, 1);
                slot.Left = chain.Readable / SegmentSize;
                slot.Status = chain.Readable % SegmentSize != 0 || slot.Left > BlockDevice.MostErasures || slot.Left == 0 ? Error : Ok;
                RefuseChange(slot);
                slot.MustFlush = !_device.MayKeepBack;
                break;
            case GetId:
                Span<byte> serial = stackalloc byte[Disk.LongestSerial];
                _device.CopySerial(serial);
                slot.Status = chain.TryWrite(_memory, serial.Slice(0, (int)Math.Min(chain.Writable - 1, (uint)serial.Length))) ? Ok : Error;
                break;
            default:
                slot.Status = Unsupported;
                break;
        }

        return true;
    }

    private void BeginMove(BlockSlot slot, uint length)
    {
        slot.Left = length / Disk.SectorSize;
        if (length % Disk.SectorSize != 0 || !_disk.Contains(slot.Sector, slot.Left))
        {
            slot.Status = Error;
        }
    }

    private void RefuseChange(BlockSlot slot)
    {
        if (_device.IsReadOnly)
        {
            slot.Status = Error;
        }
    }

    /// <summary>Goes on with a request until it has ended, or the disk has it, or it must wait for its next turn.</summary>
    private void GoOn(BlockSlot slot, ref int work)
    {
        while (slot.Status == Ok && (slot.Left != 0 || slot.MustFlush))
        {
            if (work <= 0)
            {
                slot.Next = _waiting;
                _waiting = slot;
                return;
            }

            if (slot.Left == 0)
            {
                slot.MustFlush = false;
                Ask(slot, DiskOperation.Flush, 0, 0);
            }
            else if (slot.Kind <= Out)
            {
                Move(slot, ref work);
            }
            else
            {
                work -= EraseWork;
                Erase(slot);
            }

            if (slot.IsInFlight)
            {
                return;
            }
        }

        End(slot);
    }

    /// <summary>The next piece of a read or write.</summary>
    private void Move(BlockSlot slot, ref int work)
    {
        bool isWrite = slot.Kind == Out;
        DiskPlace place = _disk.Locate(slot.Sector, Math.Min(slot.Left, PieceSectors), isWrite, out ulong address, out uint run);
        if (place == DiskPlace.Memory)
        {
            work -= (int)run * Disk.SectorSize;
            Copy(slot, address, run);
            Advance(slot, run);
            return;
        }

        run = Math.Min(run, slot.BufferSectors);
        if (place == DiskPlace.NoRoom || run == 0)
        {
            slot.Status = Error;
            return;
        }

        if (isWrite)
        {
            work -= (int)run * Disk.SectorSize;
            Copy(slot, slot.Buffer, run);
        }

        if (slot.Status == Ok)
        {
            slot.Request.Address = slot.Buffer;
            Ask(slot, isWrite ? DiskOperation.Write : DiskOperation.Read, slot.Sector, run);
        }
    }

    /// <summary>The next segment of a discard, or of a write of zeroes.</summary>
    private void Erase(BlockSlot slot)
    {
        Span<byte> segment = stackalloc byte[SegmentSize];
        if (!slot.Chain.TryRead(_memory, segment))
        {
            slot.Status = Error;
            return;
        }

        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(segment);
        uint sectors = BinaryPrimitives.ReadUInt32LittleEndian(segment.Slice(8));
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(segment.Slice(12));
        if (flags != 0 && (flags != Unmap || slot.Kind == Discard))
        {
            slot.Status = Unsupported; // 5.2.6.2
        }
        else if (sectors > _device.LongestErase || !_disk.Contains(sector, sectors))
        {
            slot.Status = Error;
        }
        else if (sectors == 0)
        {
            slot.Left--;
        }
        else
        {
            Ask(slot, slot.Kind == Discard ? DiskOperation.Discard : DiskOperation.WriteZeroes, sector, sectors);
        }
    }

    private void Ask(BlockSlot slot, DiskOperation operation, ulong sector, uint sectors)
    {
        DiskRequest request = slot.Request;
        request.Operation = operation;
        request.Sector = sector;
        request.Sectors = sectors;
        slot.IsInFlight = true;
        Volatile.Write(ref _flying, _flying + 1);
        if (_disk.Submit(request))
        {
            slot.IsInFlight = false;
            Volatile.Write(ref _flying, _flying - 1);
            EndPiece(slot);
        }
    }

    private void EndPiece(BlockSlot slot)
    {
        DiskRequest request = slot.Request;
        if (request.Status != DiskStatus.Ok)
        {
            slot.Status = request.Status == DiskStatus.Unsupported ? Unsupported : Error;
            return;
        }

        switch (request.Operation)
        {
            case DiskOperation.Read:
                Copy(slot, slot.Buffer, request.Sectors);
                Advance(slot, request.Sectors);
                break;
            case DiskOperation.Write:
                Advance(slot, request.Sectors);
                break;
            case DiskOperation.Flush:
                break;
            default:
                slot.Left--;
                break;
        }
    }

    /// <summary>Copies between the guest's memory and the disk's, or a buffer.</summary>
    private void Copy(BlockSlot slot, ulong address, uint sectors)
    {
        var bytes = new Span<byte>((void*)address, (int)sectors * Disk.SectorSize);
        bool isDone = slot.Kind == Out ? slot.Chain.TryRead(_memory, bytes) : slot.Chain.TryWrite(_memory, bytes);
        if (!isDone)
        {
            slot.Status = Error;
        }
    }

    private void Advance(BlockSlot slot, uint sectors)
    {
        slot.Sector += sectors;
        slot.Left -= sectors;
        Count(slot.Kind == Out ? BlockStatistic.WrittenSectors : BlockStatistic.ReadSectors, sectors);
    }

    /// <summary>Tells the driver how a request has ended: by its last writable byte.</summary>
    private void End(BlockSlot slot)
    {
        DescriptorChain chain = slot.Chain;
        while (chain.Writable > 1)
        {
            chain.TryNextWritable(chain.Writable - 1, out _, out _);
        }

        byte status = slot.Status;
        if (!chain.TryWrite(_memory, new ReadOnlySpan<byte>(in status)))
        {
            _ring.Break();
        }

        Count(BlockStatistic.Errors, status != Ok ? 1u : 0);
        _ring.Complete(chain.Ticket, chain.Written);
        GiveBack(slot);
    }

    private void Count(BlockStatistic what, uint number) => Statistics[(int)what] += number;

    private void GiveBack(BlockSlot slot)
    {
        slot.IsTaken = false;
        slot.IsOrphan = false;
        slot.Next = _free;
        _free = slot;
        Volatile.Write(ref _taken, _taken - 1);
    }
}
