using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace SharpVisor.Devices.Virtio;

/// <content>The split format (virtio 1.2, 2.7).</content>
public sealed partial class Virtqueue
{
    // In the available and in the used ring: flags, index, then the entries; behind these the index of an event.
    private const uint SplitIndex = 2;
    private const uint SplitRing = 4;
    private const uint AvailableEntry = 2;
    private const uint UsedEntry = 8;

    // Flags of either ring: no interrupt, no notification.
    private const ushort Unwanted = 1;

    private bool TryTakeSplit(DescriptorChain chain)
    {
        if (_nextAvailable == _seenAvailable && !TryLookSplit())
        {
            return false;
        }

        ulong entry = _driverArea + SplitRing + ((_nextAvailable & (_size - 1)) * AvailableEntry);
        if (_inFlight >= _size || !_memory.TryReadUInt16(entry, out ushort head) || !TryCollectSplit(chain, head))
        {
            Break();
            return false;
        }

        chain.Name(head, 1);
        _nextAvailable++;
        _inFlight++;
        return true;
    }

    /// <summary>Looks how far the driver is.</summary>
    private bool TryLookSplit()
    {
        if (!_memory.TryReadUInt16(_driverArea + SplitIndex, out ushort seen) || (ushort)(seen - _nextAvailable) > _size)
        {
            Break();
            return false;
        }

        _seenAvailable = seen;
        Volatile.ReadBarrier(); // before the entries that it vouches for
        return seen != _nextAvailable;
    }

    private bool TryCollectSplit(DescriptorChain chain, uint index)
    {
        chain.Clear();
        while (true) // ends when the chain is full
        {
            if (index >= _size || !TryReadDescriptor(_descriptorArea + (index * Descriptor.Size), out Descriptor descriptor))
            {
                return false;
            }

            uint flags = descriptor.Tail & 0xffff;
            if (!TryAdd(chain, descriptor.Address, descriptor.Length, flags))
            {
                return false;
            }

            if ((flags & Descriptor.Next) == 0)
            {
                return true;
            }

            index = descriptor.Tail >> 16;
        }
    }

    /// <summary>
    /// An indirect table. Drivers write its descriptors one behind the other, so they are copied in one go and taken as
    /// they lie; from where the chain leaves that order on, one by one.
    /// </summary>
    private bool TryAddTableSplit(DescriptorChain chain, ulong table, uint length)
    {
        uint count = length / Descriptor.Size;
        Span<Descriptor> copy = chain.Free;
        if ((uint)copy.Length > count)
        {
            copy = copy.Slice(0, (int)count);
        }

        if (!_memory.TryRead(table, MemoryMarshal.AsBytes(copy)))
        {
            return false;
        }

        uint index = 0;
        while (index < (uint)copy.Length)
        {
            uint tail = copy[(int)index].Tail;
            if ((tail & Descriptor.Indirect) != 0 || !chain.TryAccept(tail & 0xffff))
            {
                return false;
            }

            if ((tail & Descriptor.Next) == 0)
            {
                return true;
            }

            uint next = tail >> 16;
            if (next != index + 1)
            {
                return TryFollowTable(chain, table, count, next);
            }

            index = next;
        }

        return false; // it goes on where the table ends, or there is no room
    }

    private bool TryFollowTable(DescriptorChain chain, ulong table, uint count, uint index)
    {
        while (true) // ends when the chain is full
        {
            if (index >= count || !TryReadDescriptor(table + (index * Descriptor.Size), out Descriptor descriptor)
                || (descriptor.Tail & Descriptor.Indirect) != 0
                || !chain.TryAdd(descriptor.Address, descriptor.Length, descriptor.Tail & 0xffff))
            {
                return false;
            }

            if ((descriptor.Tail & Descriptor.Next) == 0)
            {
                return true;
            }

            index = descriptor.Tail >> 16;
        }
    }

    private bool TryReadDescriptor(ulong address, out Descriptor descriptor)
    {
        descriptor = default;
        return _memory.TryRead(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref descriptor, 1)));
    }

    private bool TryCompleteSplit(QueueTicket ticket, uint written)
    {
        ulong entry = _deviceArea + SplitRing + ((_nextUsed & (_size - 1)) * UsedEntry);
        _nextUsed++;
        _unpublished++;
        return _memory.TryWriteUInt64(entry, ticket.Id | ((ulong)written << 32));
    }

    private bool TryPublishSplit(out bool wantsInterrupt)
    {
        wantsInterrupt = false;
        Interlocked.MemoryBarrier(); // buffers and used entries before the index
        if (!_memory.TryWriteUInt16(_deviceArea + SplitIndex, _nextUsed))
        {
            return false;
        }

        Interlocked.MemoryBarrier(); // the index before a look at what the driver wants
        if (_hasEventIndex)
        {
            ulong place = _driverArea + SplitRing + (_size * AvailableEntry);
            bool isRead = _memory.TryReadUInt16(place, out ushort asked);
            wantsInterrupt = isRead && (ushort)(_nextUsed - asked - 1) < _unpublished; // it was among the last ones
            return isRead;
        }

        bool hasFlags = _memory.TryReadUInt16(_driverArea, out ushort flags);
        wantsInterrupt = hasFlags && (flags & Unwanted) == 0;
        return hasFlags;
    }

    private bool TryAskSplit(uint what)
    {
        if (_hasEventIndex)
        {
            return _memory.TryWriteUInt16(_deviceArea + SplitRing + (_size * UsedEntry), (ushort)what);
        }

        return _memory.TryWriteUInt16(_deviceArea, what == None ? Unwanted : (ushort)0);
    }
}
