using System;
using SharpVisor.Arch;
using SharpVisor.Storage;

namespace SharpVisor.Drivers;

/// <summary>
/// A virtio disk (virtio 1.2, 5.2). Requests go to the device as they come, as many as its queue has room for; the rest waits
/// in the order of its coming. The device interrupts when some are done.
/// </summary>
/// <remarks>
/// <para>
/// What the device says is checked: its limits when it starts, its answers as they come. One that gives back what it has not
/// got, wants to be reset, or does not answer, is reset and used no more: every request ends with an error.
/// </para>
/// <para>
/// A flush is passed to the device when it is submitted, and ends when the device says so: what was told as written before is
/// kept from then on. A device without VIRTIO_BLK_F_FLUSH keeps what it tells as written (5.2.6.2).
/// </para>
/// </remarks>
public sealed unsafe class VirtioBlock : Disk
{
    /// <summary>The device's number (virtio 1.2, 5).</summary>
    public const uint DeviceId = 2;

    /// <summary>Bytes of memory that it needs: the queue, and what belongs to each request.</summary>
    public const ulong MemorySize = SplitQueue.MemorySize + (SplitQueue.LargestSize * SlotSize);

    private const ulong FeatureSizeMax = 1 << 1;
    private const ulong FeatureReadOnly = 1 << 5;
    private const ulong FeatureBlockSize = 1 << 6;
    private const ulong FeatureFlush = 1 << 9;
    private const ulong FeatureTopology = 1 << 10;
    private const ulong FeatureDiscard = 1 << 13;
    private const ulong FeatureWriteZeroes = 1 << 14;
    private const ulong FeatureIndirect = 1 << 28;
    private const ulong FeatureEventIndex = 1 << 29;

    // The configuration (5.2.4).
    private const int CapacityOffset = 0;
    private const int SizeMaxOffset = 8;
    private const int BlockSizeOffset = 20;
    private const int PhysicalExponentOffset = 24;
    private const int MostDiscardOffset = 36;
    private const int MostWriteZeroesOffset = 48;

    // A request's header: type, reserved, sector (5.2.6).
    private const uint TypeRead = 0;
    private const uint TypeWrite = 1;
    private const uint TypeFlush = 4;
    private const uint TypeIdentify = 8;
    private const uint TypeDiscard = 11;
    private const uint TypeWriteZeroes = 13;
    private const byte StatusOk = 0;
    private const byte StatusUnsupported = 2;
    private const byte StatusPending = 0xff;

    // What belongs to a request that the device has: header, status, the table of its descriptors, the range to discard or the serial.
    private const ulong SlotSize = 128;
    private const ulong StatusPlace = 16;
    private const ulong TablePlace = 32;
    private const ulong RangePlace = 80;
    private const uint RangeSize = 16;
    private const int MostBuffers = 3;
    private const int SmallestQueue = 4;
    private const uint LongestErasure = 1 << 22; // 2 GiB
    private const uint IdentifyToken = uint.MaxValue;
    private const int IdentifyPatience = 5_000_000; // looks

    private readonly VirtioRegisters _registers;
    private readonly SplitQueue _queue;
    private readonly DiskRequest?[] _requests;
    private readonly ushort[] _freeSlots;
    private readonly ulong _slots;
    private readonly ulong _features;
    private readonly byte[] _serial = new byte[LongestSerial];
    private readonly uint _longestRun;
    private SpinLock _lock;
    private int _freeCount;
    private int _serialLength;
    private DiskRequest? _firstWaiting;
    private DiskRequest? _lastWaiting;
    private bool _hasFailed;

    private VirtioBlock(VirtioRegisters registers, SplitQueue queue, ulong slots, ulong features)
    {
        _registers = registers;
        _queue = queue;
        _slots = slots;
        _features = features;
        _requests = new DiskRequest?[queue.Size];
        _freeSlots = new ushort[queue.Size];
        for (int i = 0; i < queue.Size; i++)
        {
            _freeSlots[i] = (ushort)i;
        }

        _freeCount = queue.Size;
        queue.HasEventIndex = Has(FeatureEventIndex);
        Handler = new Line(this);
        Sectors = Math.Min(registers.ReadConfiguration64(CapacityOffset), ulong.MaxValue / SectorSize);
        uint block = Has(FeatureBlockSize) ? registers.ReadConfiguration32(BlockSizeOffset) : 0;
        BlockSize = block is >= SectorSize and <= 4096 && (block & (block - 1)) == 0 ? block : SectorSize;
        int exponent = Has(FeatureTopology) ? registers.ReadConfiguration8(PhysicalExponentOffset) : 0;
        PhysicalBlockSize = exponent <= 8 ? BlockSize << exponent : BlockSize;
        uint largest = Has(FeatureSizeMax) ? registers.ReadConfiguration32(SizeMaxOffset) & ~(BlockSize - 1) : 0;
        _longestRun = (largest == 0 ? 1u << 30 : largest) / SectorSize;
        uint longest = LongestErasure;
        if (Has(FeatureDiscard))
        {
            longest = Math.Min(longest, registers.ReadConfiguration32(MostDiscardOffset));
        }

        if (Has(FeatureWriteZeroes))
        {
            longest = Math.Min(longest, registers.ReadConfiguration32(MostWriteZeroesOffset));
        }

        // A limit of 0 makes no sense: then it is as if it could not.
        LongestErase = Has(FeatureDiscard | FeatureWriteZeroes) ? longest / (BlockSize / SectorSize) * (BlockSize / SectorSize) : 0;
    }

    /// <summary>What its interrupt is to reach.</summary>
    public InterruptHandler Handler { get; }

    /// <summary>INTID of its interrupt.</summary>
    public uint Interrupt => _registers.Interrupt;

    /// <summary>Requests that have ended.</summary>
    public ulong Ended { get; private set; }

    /// <summary>Those of them that the device did not do.</summary>
    public ulong Failed { get; private set; }

    /// <summary>Sectors that were read.</summary>
    public ulong SectorsRead { get; private set; }

    /// <summary>Sectors that were written.</summary>
    public ulong SectorsWritten { get; private set; }

    /// <summary>Times that the device was notified.</summary>
    public ulong Notifications { get; private set; }

    /// <summary>Times that it has interrupted.</summary>
    public ulong Interrupts { get; private set; }

    /// <summary>Requests that the device has.</summary>
    public int InFlight => _queue.Size - _freeCount;

    /// <summary>Whether it is used no more, for it has erred.</summary>
    public bool HasFailed => _hasFailed;

    /// <inheritdoc/>
    public override ulong Sectors { get; }

    /// <inheritdoc/>
    public override uint BlockSize { get; }

    /// <inheritdoc/>
    public override uint PhysicalBlockSize { get; }

    /// <inheritdoc/>
    public override bool IsReadOnly => Has(FeatureReadOnly);

    /// <inheritdoc/>
    public override bool CanDiscard => Has(FeatureDiscard) && LongestErase != 0;

    /// <inheritdoc/>
    public override bool CanWriteZeroes => Has(FeatureWriteZeroes) && LongestErase != 0;

    /// <inheritdoc/>
    public override uint LongestErase { get; }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Serial => new ReadOnlySpan<byte>(_serial).Slice(0, _serialLength);

    /// <summary>Starts the device, and asks for its serial number. For the start of the machine: it waits for that.</summary>
    /// <param name="registers">A device with the number <see cref="DeviceId"/>.</param>
    /// <param name="memory"><see cref="MemorySize"/> bytes, zero, aligned to a page, at the same address for the device.</param>
    /// <param name="disk">The driver. Its interrupt is for the caller to enable.</param>
    /// <returns>False where the device does not work; it is reset then.</returns>
    public static bool TryStart(VirtioRegisters registers, ulong memory, out VirtioBlock? disk)
    {
        const ulong wanted = FeatureSizeMax | FeatureReadOnly | FeatureBlockSize | FeatureFlush | FeatureTopology
            | FeatureDiscard | FeatureWriteZeroes | FeatureIndirect | FeatureEventIndex;
        disk = null;
        int size = 0;
        bool isReady = registers.TryBegin(wanted, out ulong agreed);
        if (isReady)
        {
            size = RoundDown(registers.LargestQueue(0));
            isReady = size >= SmallestQueue;
        }

        if (!isReady)
        {
            registers.GiveUp();
            return false;
        }

        SplitQueue queue = new(memory, size);
        registers.SetQueue(0, queue);
        VirtioBlock made = new(registers, queue, memory + SplitQueue.MemorySize, agreed);
        registers.Start();
        made.Identify();
        disk = made;
        return !made._hasFailed;
    }

    /// <inheritdoc/>
    public override DiskPlace Locate(ulong sector, uint sectors, bool isWrite, out ulong address, out uint run)
    {
        address = 0;
        run = Math.Min(sectors, _longestRun);
        return Contains(sector, sectors) ? DiskPlace.Elsewhere : DiskPlace.NoRoom;
    }

    /// <inheritdoc/>
    public override bool Submit(DiskRequest request)
    {
        request.Status = Check(request);
        if (request.Status != DiskStatus.Ok || (request.Operation == DiskOperation.Flush && !Has(FeatureFlush)))
        {
            return true;
        }

        _lock.Enter();
        bool isOver = _hasFailed;
        if (isOver)
        {
            request.Status = DiskStatus.Error;
        }
        else if (_firstWaiting != null || !TryGive(request))
        {
            request.Next = null;
            if (_lastWaiting == null)
            {
                _firstWaiting = request;
            }
            else
            {
                _lastWaiting.Next = request;
            }

            _lastWaiting = request;
        }
        else
        {
            Publish();
        }

        _lock.Exit();
        return isOver;
    }

    /// <summary>Looks whether the device is still itself. It has not answered for a long time, or somebody doubts it.</summary>
    /// <param name="isLate">Whether the device has had its time.</param>
    public void Check(bool isLate)
    {
        if (isLate || _registers.WantsReset)
        {
            Fail();
        }
    }

    private static int RoundDown(int size)
    {
        int power = 1;
        while (power * 2 <= size && power < SplitQueue.LargestSize)
        {
            power *= 2;
        }

        return power <= size ? power : 0;
    }

    private bool Has(ulong feature) => (_features & feature) != 0;

    private DiskStatus Check(DiskRequest request)
    {
        switch (request.Operation)
        {
            case DiskOperation.Flush:
                return DiskStatus.Ok;
            case DiskOperation.Discard:
            case DiskOperation.WriteZeroes:
                if (!(request.Operation == DiskOperation.Discard ? CanDiscard : CanWriteZeroes))
                {
                    return DiskStatus.Unsupported;
                }

                break;
        }

        uint blockMask = (BlockSize / SectorSize) - 1;
        bool isErasure = request.Operation is DiskOperation.Discard or DiskOperation.WriteZeroes;
        bool isRight = request.Sectors != 0 && Contains(request.Sector, request.Sectors)
            && request.Sectors <= (isErasure ? LongestErase : _longestRun)
            && ((request.Sectors | (uint)request.Sector) & blockMask) == 0
            && !(request.IsChange && IsReadOnly);
        return isRight ? DiskStatus.Ok : DiskStatus.Error;
    }

    /// <summary>Puts a request into the device's queue. False where there is no room. The lock is held.</summary>
    private bool TryGive(DiskRequest request)
    {
        if (_freeCount == 0)
        {
            return false;
        }

        ushort slot = _freeSlots[_freeCount - 1];
        ulong place = _slots + (slot * SlotSize);
        ulong data = request.Address;
        uint length = request.Length;
        uint type;
        switch (request.Operation)
        {
            case DiskOperation.Read:
                type = TypeRead;
                break;
            case DiskOperation.Write:
                type = TypeWrite;
                break;
            case DiskOperation.Flush:
                type = TypeFlush;
                length = 0;
                break;
            default:
                type = request.Operation == DiskOperation.Discard ? TypeDiscard : TypeWriteZeroes;
                data = place + RangePlace;
                length = RangeSize;
                *(ulong*)data = request.Sector;
                *(uint*)(data + 8) = request.Sectors;
                *(uint*)(data + 12) = 0;
                break;
        }

        ulong sector = type is TypeRead or TypeWrite ? request.Sector : 0;
        if (!TryAdd(slot, type, sector, data, length, isForDevice: type == TypeRead, slot))
        {
            return false;
        }

        _freeCount--;
        _requests[slot] = request;
        return true;
    }

    private bool TryAdd(ushort slot, uint type, ulong sector, ulong data, uint length, bool isForDevice, uint token)
    {
        ulong place = _slots + (slot * SlotSize);
        *(uint*)place = type;
        *(uint*)(place + 4) = 0;
        *(ulong*)(place + 8) = sector;
        *(byte*)(place + StatusPlace) = StatusPending;
        Span<VirtioBuffer> buffers = stackalloc VirtioBuffer[MostBuffers];
        int count = 0;
        buffers[count++] = new VirtioBuffer(place, 16, isForDevice: false);
        if (length != 0)
        {
            buffers[count++] = new VirtioBuffer(data, length, isForDevice);
        }

        buffers[count++] = new VirtioBuffer(place + StatusPlace, 1, isForDevice: true);
        return Has(FeatureIndirect)
            ? _queue.TryAddIndirect(place + TablePlace, buffers.Slice(0, count), token)
            : _queue.TryAdd(buffers.Slice(0, count), token);
    }

    private void Publish()
    {
        if (_queue.Publish())
        {
            Notifications++;
            _registers.Notify(0);
        }
    }

    private void HandleInterrupt()
    {
        _registers.TakeInterrupt();
        _lock.Enter();
        Interrupts++;
        DiskRequest? ended = TakeEnded();
        bool hasBroken = _queue.IsBroken;
        if (!hasBroken)
        {
            while (_firstWaiting != null && TryGive(_firstWaiting))
            {
                RemoveFirstWaiting();
            }

            Publish();
        }

        _lock.Exit();
        Tell(ended);
        if (hasBroken)
        {
            Fail();
        }
    }

    /// <summary>Takes what the device has done out of its queue: a list in the order in which it says so. The lock is held.</summary>
    private DiskRequest? TakeEnded()
    {
        DiskRequest? first = null;
        DiskRequest? last = null;
        for (int i = 0; i < 2 * _queue.Size; i++)
        {
            if (!_queue.TryTake(out uint token, out _))
            {
                if (_queue.IsBroken || _queue.TryEnableInterrupt())
                {
                    break;
                }

                continue;
            }

            DiskRequest? request = token < (uint)_requests.Length ? _requests[token] : null;
            if (request == null)
            {
                continue; // the serial number, too late
            }

            _requests[token] = null;
            _freeSlots[_freeCount++] = (ushort)token;
            request.Status = *(byte*)(_slots + (token * SlotSize) + StatusPlace) switch
            {
                StatusOk => DiskStatus.Ok,
                StatusUnsupported => DiskStatus.Unsupported,
                _ => DiskStatus.Error,
            };
            Count(request);
            request.Next = null;
            if (last == null)
            {
                first = request;
            }
            else
            {
                last.Next = request;
            }

            last = request;
        }

        return first;
    }

    private void Count(DiskRequest request)
    {
        Ended++;
        if (request.Status != DiskStatus.Ok)
        {
            Failed++;
        }
        else if (request.Operation == DiskOperation.Read)
        {
            SectorsRead += request.Sectors;
        }
        else if (request.Operation == DiskOperation.Write)
        {
            SectorsWritten += request.Sectors;
        }
    }

    private void RemoveFirstWaiting()
    {
        _firstWaiting = _firstWaiting!.Next;
        if (_firstWaiting == null)
        {
            _lastWaiting = null;
        }
    }

    private static void Tell(DiskRequest? ended)
    {
        DiskCompletion completion = default;
        while (ended != null)
        {
            DiskRequest request = ended;
            ended = request.Next;
            completion.Add(request, request.Status);
        }

        completion.End();
    }

    /// <summary>Ends the device and all requests. A reset device uses no memory any more (2.4.1).</summary>
    private void Fail()
    {
        _lock.Enter();
        DiskRequest? ended = null;
        if (!_hasFailed)
        {
            _hasFailed = true;
            _registers.TryBegin(0, out _);
            _registers.GiveUp();
            for (int i = 0; i < _requests.Length; i++)
            {
                if (_requests[i] is DiskRequest request)
                {
                    _requests[i] = null;
                    _freeSlots[_freeCount++] = (ushort)i;
                    request.Next = ended;
                    ended = request;
                }
            }

            while (_firstWaiting != null)
            {
                DiskRequest request = _firstWaiting;
                RemoveFirstWaiting();
                request.Next = ended;
                ended = request;
            }

            for (DiskRequest? each = ended; each != null; each = each.Next)
            {
                each.Status = DiskStatus.Error;
                Count(each);
            }
        }

        _lock.Exit();
        Tell(ended);
    }

    /// <summary>Asks for the serial number, in the last slot, which no request uses until it has come.</summary>
    private void Identify()
    {
        ushort slot = (ushort)(_queue.Size - 1);
        ulong data = _slots + (slot * SlotSize) + RangePlace;
        _freeCount--;
        TryAdd(slot, TypeIdentify, 0, data, LongestSerial, isForDevice: true, IdentifyToken);
        Publish();
        uint token = 0;
        for (int i = 0; i < IdentifyPatience && !_queue.TryTake(out token, out _) && !_queue.IsBroken; i++)
        {
        }

        _registers.TakeInterrupt();
        _queue.TryEnableInterrupt();
        if (token != IdentifyToken)
        {
            Fail(); // it has the memory still
            return;
        }

        _freeCount++;
        if (*(byte*)(_slots + (slot * SlotSize) + StatusPlace) != StatusOk)
        {
            return;
        }

        new ReadOnlySpan<byte>((byte*)data, LongestSerial).CopyTo(_serial);
        while (_serialLength < LongestSerial && _serial[_serialLength] is > (byte)' ' and < 0x7f)
        {
            _serialLength++;
        }
    }

    private sealed class Line : InterruptHandler
    {
        private readonly VirtioBlock _disk;

        internal Line(VirtioBlock disk) => _disk = disk;

        /// <inheritdoc/>
        public override void HandleInterrupt() => _disk.HandleInterrupt();
    }
}
