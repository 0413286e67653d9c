using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace SharpVisor.Devices.Virtio;

/// <content>The packed format (virtio 1.2, 2.8).</content>
public sealed partial class Virtqueue
{
    // The upper half of a descriptor: length, buffer id, flags. It is read and written in one access.
    private const uint UpperHalf = 8;

    // An event suppression structure: a place in the ring with a wrap counter, then flags (2.8.14).
    private const uint EventFlags = 2;
    private const uint EventEnable = 0;
    private const uint EventDisable = 1;
    private const uint EventAtPlace = 2;
    private const uint WrapCounter = 1 << 15;

    private bool TryTakePacked(DescriptorChain chain)
    {
        ulong first = _descriptorArea + (_nextAvailable * (ulong)Descriptor.Size);
        if (!_memory.TryReadUInt64(first + UpperHalf, out ulong upper))
        {
            Break();
            return false;
        }

        uint flags = (uint)(upper >> 48);
        bool isAvailable = (flags & Descriptor.Available) != 0 == _availableWrap && (flags & Descriptor.Used) != 0 != _availableWrap;
        if (!isAvailable)
        {
            return false;
        }

        Volatile.ReadBarrier(); // the flags of the first one vouch for the whole chain
        if (!_memory.TryReadUInt64(first, out ulong address) || !TryCollectPacked(chain, address, upper, out ushort id, out uint slots)
            || _inFlight + slots > _size)
        {
            Break();
            return false;
        }

        chain.Name(id, (ushort)slots);
        _inFlight += slots;
        Advance(ref _nextAvailable, ref _availableWrap, slots);
        return true;
    }

    private bool TryCollectPacked(DescriptorChain chain, ulong address, ulong upper, out ushort id, out uint slots)
    {
        chain.Clear();
        uint place = _nextAvailable;
        slots = 1;
        while (true) // ends when the chain is full, at the latest after one lap
        {
            uint flags = (uint)(upper >> 48);
            id = (ushort)(upper >> 32);
            if (!TryAdd(chain, address, (uint)upper, flags))
            {
                return false;
            }

            if ((flags & Descriptor.Next) == 0)
            {
                return true;
            }

            place = place + 1 == _size ? 0 : place + 1;
            slots++;
            if (slots > _size || !TryReadDescriptor(_descriptorArea + (place * Descriptor.Size), out Descriptor next))
            {
                return false;
            }

            address = next.Address;
            upper = next.Length | ((ulong)next.Tail << 32);
        }
    }

    /// <summary>An indirect table: all of its descriptors, in their order (2.8.7).</summary>
    private bool TryAddTablePacked(DescriptorChain chain, ulong table, uint length)
    {
        uint count = length / Descriptor.Size;
        Span<Descriptor> copy = chain.Free;
        if (count > (uint)copy.Length)
        {
            return false;
        }

        copy = copy.Slice(0, (int)count);
        if (!_memory.TryRead(table, MemoryMarshal.AsBytes(copy)))
        {
            return false;
        }

        for (int i = 0; i < copy.Length; i++)
        {
            uint flags = copy[i].Tail >> 16;
            if ((flags & Descriptor.Indirect) != 0 || !chain.TryAccept(flags))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryCompletePacked(QueueTicket ticket, uint written)
    {
        ulong place = _descriptorArea + (_nextUsed * (ulong)Descriptor.Size);
        ulong flags = (_usedWrap ? Descriptor.Available | Descriptor.Used : 0) | (written != 0 ? Descriptor.Write : 0);
        Advance(ref _nextUsed, ref _usedWrap, ticket.Slots);
        _unpublished += ticket.Slots;
        Interlocked.MemoryBarrier(); // what was read and written of the buffer before the flags
        return _memory.TryWriteUInt64(place + UpperHalf, written | ((ulong)ticket.Id << 32) | (flags << 48));
    }

    private bool TryPublishPacked(out bool wantsInterrupt)
    {
        wantsInterrupt = false;
        Interlocked.MemoryBarrier(); // the flags before a look at what the driver wants
        if (!_memory.TryReadUInt32(_driverArea, out uint wish))
        {
            return false;
        }

        uint mode = wish >> 16 & 3;
        if (mode == EventAtPlace && _hasEventIndex)
        {
            // How far behind the next used place it lies: places repeat after two laps.
            int distance = _nextUsed - (int)(wish & (WrapCounter - 1));
            distance += (wish & WrapCounter) != 0 == _usedWrap ? 0 : (int)_size;
            distance += distance <= 0 ? 2 * (int)_size : 0;
            wantsInterrupt = distance <= (int)_unpublished;
        }
        else
        {
            wantsInterrupt = mode != EventDisable;
        }

        return true;
    }

    private bool TryAskPacked(uint what)
    {
        if (what is None or EveryOne)
        {
            return _memory.TryWriteUInt16(_deviceArea + EventFlags, (ushort)(what == None ? EventDisable : EventEnable));
        }

        return _memory.TryWriteUInt32(_deviceArea, what | (EventAtPlace << 16));
    }

    private void Advance(ref ushort place, ref bool wrap, uint slots)
    {
        uint next = place + slots;
        if (next >= _size)
        {
            next -= _size;
            wrap = !wrap;
        }

        place = (ushort)next;
    }
}
