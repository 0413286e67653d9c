using System.Threading;

namespace SharpVisor.Devices.Virtio;

/// <summary>
/// The device's end of a virtqueue, split or packed (virtio 1.2, 2.7 and 2.8), over a guest's memory.
/// </summary>
/// <remarks>
/// <para>
/// Everything in the rings is the guest's and may change at any moment: each word is read once, checked, and kept as a
/// copy; no loop is longer than the queue or the chain's room. A driver that breaks a rule breaks the queue: from then
/// on nothing of it is touched until it is reset, and the transport tells the driver that the device needs a reset.
/// </para>
/// <para>
/// What costs is each look into the guest's memory. The driver's index is read only when everything up to the last one
/// seen is taken; a whole indirect table is one look; used chains are told in one go by <see cref="Publish"/>.
/// </para>
/// <para>Callers hold <see cref="Lock"/>, but to read <see cref="MaximumSize"/>.</para>
/// </remarks>
public sealed partial class Virtqueue
{
    private readonly DeviceMemory _memory;
    private ulong _descriptorArea;
    private ulong _driverArea;
    private ulong _deviceArea;
    private uint _size;
    private bool _isPacked;
    private bool _hasIndirect;
    private bool _hasEventIndex;

    // Where the next chain and the next used entry stand; counting on in a split queue, below the size in a packed one.
    private ushort _nextAvailable;
    private ushort _nextUsed;

    // Split: how far the driver was when it was last looked at.
    private ushort _seenAvailable;

    // Packed: the wrap counters of both.
    private bool _availableWrap;
    private bool _usedWrap;

    // Used ring places that the driver has not been told of.
    private uint _unpublished;

    // Ring places of chains taken and not given back.
    private uint _inFlight;

    // What the driver was last told about notifications: the index from which on, or one of these.
    private const uint EveryOne = 1u << 16;
    private const uint None = EveryOne + 1;
    private const uint Unknown = EveryOne + 2;
    private uint _asked;

    /// <summary>Makes a queue, which is not ready.</summary>
    /// <param name="memory">The guest's.</param>
    /// <param name="maximumSize">Most places in its rings, a power of 2 up to 32768.</param>
    public Virtqueue(DeviceMemory memory, uint maximumSize)
    {
        _memory = memory;
        MaximumSize = maximumSize;
    }

    /// <summary>Guards everything here, and what the device keeps for this queue.</summary>
    public Arch.SpinLock Lock;

    /// <summary>Most places in its rings.</summary>
    public uint MaximumSize { get; }

    /// <summary>Whether the driver has set it up and it serves.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Whether the driver has broken a rule; until the next reset nothing happens any more.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Whether <see cref="Publish"/> has found that the driver wants an interrupt; the transport sets it back.</summary>
    internal bool WantsInterrupt { get; set; }

    /// <summary>Gives up the queue: the driver has broken a rule that the device knows.</summary>
    public void Break() => IsBroken = true;

    /// <summary>Takes the next request.</summary>
    /// <param name="chain">Overwritten, also where the result is false.</param>
    /// <returns>False where there is none, or the queue is broken.</returns>
    public bool TryTake(DescriptorChain chain)
    {
        if (!IsReady || IsBroken)
        {
            return false;
        }

        return _isPacked ? TryTakePacked(chain) : TryTakeSplit(chain);
    }

    /// <summary>
    /// As <see cref="TryTake"/>; where there is none, the driver will notify of the next one, and none that came meanwhile
    /// is overlooked.
    /// </summary>
    public bool TryTakeOrWatch(DescriptorChain chain) => TryTake(chain) || (Watch() && TryTake(chain));

    /// <summary>
    /// Undoes the last <see cref="TryTake"/>: the request will be taken anew. Only for the one that was taken last.
    /// </summary>
    public void PutBack(QueueTicket ticket)
    {
        if (_isPacked)
        {
            if (_nextAvailable < ticket.Slots)
            {
                _nextAvailable += (ushort)_size;
                _availableWrap = !_availableWrap;
            }

            _nextAvailable -= ticket.Slots;
        }
        else
        {
            _nextAvailable--;
        }

        _inFlight -= ticket.Slots;
    }

    /// <summary>
    /// Gives a request back to the driver, which may learn of it at once or only by <see cref="Publish"/>.
    /// </summary>
    /// <param name="ticket">The chain's.</param>
    /// <param name="written">Bytes that were written to the beginning of its writable part.</param>
    public void Complete(QueueTicket ticket, uint written)
    {
        if (!IsReady || IsBroken || _inFlight < ticket.Slots)
        {
            return;
        }

        _inFlight -= ticket.Slots;
        bool isDone = _isPacked ? TryCompletePacked(ticket, written) : TryCompleteSplit(ticket, written);
        if (!isDone)
        {
            Break();
        }
    }

    /// <summary>
    /// Tells the driver of the requests given back since the last time, and finds out whether it wants an interrupt for
    /// them.
    /// </summary>
    public void Publish()
    {
        if (_unpublished == 0 || !IsReady || IsBroken)
        {
            return;
        }

        bool isDone = _isPacked ? TryPublishPacked(out bool wanted) : TryPublishSplit(out wanted);
        _unpublished = 0;
        if (!isDone)
        {
            Break();
        }

        WantsInterrupt |= wanted;
    }

    /// <summary>Asks the driver for a notification of the next request.</summary>
    /// <returns>Whether it did not know that before: then a request may have come meanwhile that it has kept to itself.</returns>
    public bool Watch() => Ask(!_hasEventIndex ? EveryOne : _nextAvailable | (_isPacked && _availableWrap ? 1u << 15 : 0));

    /// <summary>
    /// Tells the driver that no notification is wanted: the device will look by itself. It may still send some.
    /// </summary>
    public void Ignore()
    {
        // A split queue with event indices is silent anyway once the driver has passed the index asked for.
        if (_isPacked || !_hasEventIndex)
        {
            Ask(None);
        }
    }

    /// <summary>Lets the queue serve.</summary>
    /// <param name="size">Places in its rings.</param>
    /// <param name="descriptorArea">The descriptor table, or the packed ring.</param>
    /// <param name="driverArea">The available ring, or the driver's event suppression structure.</param>
    /// <param name="deviceArea">The used ring, or the device's event suppression structure.</param>
    /// <param name="features">What was negotiated.</param>
    /// <returns>False where size or addresses break a rule; the queue is not ready then.</returns>
    internal bool TryEnable(uint size, ulong descriptorArea, ulong driverArea, ulong deviceArea, ulong features)
    {
        Reset();
        bool isPacked = (features & VirtioFeatures.PackedRing) != 0;
        bool isSizeRight = size - 1 < MaximumSize && (isPacked || (size & (size - 1)) == 0);
        ulong driverMisalignment = driverArea & (isPacked ? 3u : 1u);
        if (!isSizeRight || (descriptorArea & (Descriptor.Size - 1)) != 0 || driverMisalignment != 0 || (deviceArea & 3) != 0)
        {
            return false;
        }

        _size = size;
        _descriptorArea = descriptorArea;
        _driverArea = driverArea;
        _deviceArea = deviceArea;
        _isPacked = isPacked;
        _hasIndirect = (features & VirtioFeatures.IndirectDescriptors) != 0;
        _hasEventIndex = (features & VirtioFeatures.EventIndex) != 0;
        IsReady = true;
        return true;
    }

    /// <summary>Forgets everything: the queue is as it was made.</summary>
    internal void Reset()
    {
        IsReady = false;
        IsBroken = false;
        WantsInterrupt = false;
        _size = 0;
        _descriptorArea = 0;
        _driverArea = 0;
        _deviceArea = 0;
        _isPacked = false;
        _nextAvailable = 0;
        _seenAvailable = 0;
        _nextUsed = 0;
        _availableWrap = true;
        _usedWrap = true;
        _unpublished = 0;
        _inFlight = 0;
        _asked = Unknown;
    }

    /// <summary>Writes the state. The device has nothing taken that it has not given back or put back.</summary>
    internal void Save(ref StateWriter state)
    {
        state.Add((IsReady ? 1ul : 0) | (IsBroken ? 2ul : 0) | (_availableWrap ? 4ul : 0) | (_usedWrap ? 8ul : 0)
            | (ulong)_size << 16 | (ulong)_nextAvailable << 32 | (ulong)_nextUsed << 48);
        state.Add(_descriptorArea);
        state.Add(_driverArea);
        state.Add(_deviceArea);
    }

    /// <summary>Takes over a state that <see cref="Save"/> wrote, as hostile as anything else.</summary>
    /// <returns>False where it is none; the queue is as it was made then.</returns>
    internal bool TryRestore(ref StateReader state, ulong features)
    {
        ulong word = state.Take();
        ulong descriptorArea = state.Take();
        ulong driverArea = state.Take();
        ulong deviceArea = state.Take();
        Reset();
        if ((word & 1) == 0)
        {
            return true;
        }

        if (!TryEnable((uint)(word >> 16) & 0xffff, descriptorArea, driverArea, deviceArea, features))
        {
            return false;
        }

        _nextAvailable = (ushort)(word >> 32);
        _nextUsed = (ushort)(word >> 48);
        _availableWrap = (word & 4) != 0;
        _usedWrap = (word & 8) != 0;
        IsBroken = (word & 2) != 0;
        if (_isPacked && (_nextAvailable >= _size || _nextUsed >= _size))
        {
            Reset();
            return false;
        }

        _seenAvailable = _nextAvailable;
        _asked = Unknown;
        return true;
    }

    /// <summary>Whether that is news for the driver.</summary>
    private bool Ask(uint what)
    {
        if (what == _asked || !IsReady || IsBroken)
        {
            return false;
        }

        _asked = what;
        bool isDone = _isPacked ? TryAskPacked(what) : TryAskSplit(what);
        if (!isDone)
        {
            Break();
        }

        Interlocked.MemoryBarrier(); // before whoever asked looks whether there is a request already
        return true;
    }

    /// <summary>Takes a descriptor of a ring or table; an indirect one stands for its table.</summary>
    /// <returns>False where the driver breaks a rule.</returns>
    private bool TryAdd(DescriptorChain chain, ulong address, uint length, uint flags)
    {
        if ((flags & Descriptor.Indirect) == 0)
        {
            return chain.TryAdd(address, length, flags);
        }

        // 2.7.5.3.1 and 2.8.19: it is the last of its chain.
        if (!_hasIndirect || (flags & Descriptor.Next) != 0 || length == 0 || length % Descriptor.Size != 0)
        {
            return false;
        }

        return _isPacked ? TryAddTablePacked(chain, address, length) : TryAddTableSplit(chain, address, length);
    }
}
