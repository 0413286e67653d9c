using System;

namespace SharpVisor.Devices.Virtio;

/// <summary>
/// The memory of one request: what the device may read, then what it may write. A copy, checked once and not looked at
/// in the guest's memory again. Both parts are gone through from their beginning, piece by piece.
/// </summary>
/// <remarks>
/// Where the pieces lie is unchecked: a piece may be outside RAM, which the <see cref="DeviceMemory"/> says at the access.
/// </remarks>
public sealed class DescriptorChain
{
    private readonly Descriptor[] _descriptors;
    private int _count;
    private int _readableCount;
    private ulong _readableLength;
    private ulong _writableLength;
    private ushort _id;
    private ushort _slots;
    private int _readAt;
    private uint _readOffset;
    private int _writeAt;
    private uint _writeOffset;
    private ulong _read;
    private ulong _written;

    /// <summary>Makes room for a chain.</summary>
    /// <param name="capacity">
    /// Most descriptors: at least the queue's size, and what a driver may put into an indirect table.
    /// </param>
    public DescriptorChain(int capacity) => _descriptors = new Descriptor[capacity];

    /// <summary>Most descriptors of a chain.</summary>
    public int Capacity => _descriptors.Length;

    /// <summary>Number of descriptors, those of length 0 too.</summary>
    public int Count => _count;

    /// <summary>What gives the chain back.</summary>
    public QueueTicket Ticket => new(_id, _slots);

    /// <summary>Bytes that the device has not read yet.</summary>
    public uint Readable => (uint)(_readableLength - _read);

    /// <summary>Bytes that the device has not written yet.</summary>
    public uint Writable => (uint)(_writableLength - _written);

    /// <summary>Bytes that were written, or passed over as writable: what the driver is told with the used chain.</summary>
    public uint Written => (uint)_written;

    /// <summary>The next bytes of the readable part that lie together, now passed over.</summary>
    /// <param name="most">Most bytes that are wanted; not 0.</param>
    /// <param name="address">Intermediate physical address of the first.</param>
    /// <param name="length">How many, at least 1.</param>
    /// <returns>False where none is left.</returns>
    public bool TryNextReadable(uint most, out ulong address, out uint length)
    {
        bool isThere = TryNext(ref _readAt, ref _readOffset, _readableCount, most, out address, out length);
        _read += length;
        return isThere;
    }

    /// <summary>The next bytes of the writable part that lie together, now passed over.</summary>
    /// <inheritdoc cref="TryNextReadable"/>
    public bool TryNextWritable(uint most, out ulong address, out uint length)
    {
        if (_writeAt < _readableCount)
        {
            _writeAt = _readableCount;
        }

        bool isThere = TryNext(ref _writeAt, ref _writeOffset, _count, most, out address, out length);
        _written += length;
        return isThere;
    }

    /// <summary>Copies the next bytes of the readable part.</summary>
    /// <returns>False where there are fewer, or where they are outside RAM.</returns>
    public bool TryRead(DeviceMemory memory, Span<byte> destination)
    {
        while (destination.Length != 0)
        {
            if (!TryNextReadable((uint)destination.Length, out ulong address, out uint length)
                || !memory.TryRead(address, destination.Slice(0, (int)length)))
            {
                return false;
            }

            destination = destination.Slice((int)length);
        }

        return true;
    }

    /// <summary>Fills the next bytes of the writable part.</summary>
    /// <returns>False where there are fewer, or where they are outside RAM.</returns>
    public bool TryWrite(DeviceMemory memory, ReadOnlySpan<byte> source)
    {
        while (source.Length != 0)
        {
            if (!TryNextWritable((uint)source.Length, out ulong address, out uint length)
                || !memory.TryWrite(address, source.Slice(0, (int)length)))
            {
                return false;
            }

            source = source.Slice((int)length);
        }

        return true;
    }

    /// <summary>Goes to a byte of the readable part; to its end where it has not so many.</summary>
    public void ReadFrom(uint offset)
    {
        _readAt = 0;
        _readOffset = 0;
        _read = 0;
        while (offset != 0 && TryNextReadable(offset, out _, out uint length))
        {
            offset -= length;
        }
    }

    /// <summary>Begins with an empty chain.</summary>
    internal void Clear()
    {
        _count = 0;
        _readableCount = 0;
        _readableLength = 0;
        _writableLength = 0;
        _readAt = 0;
        _readOffset = 0;
        _writeAt = 0;
        _writeOffset = 0;
        _read = 0;
        _written = 0;
    }

    /// <summary>Says how the driver knows it.</summary>
    internal void Name(ushort id, ushort slots)
    {
        _id = id;
        _slots = slots;
    }

    /// <summary>Where the next descriptors may be copied to; each is then to be accepted, in order.</summary>
    internal Span<Descriptor> Free => _descriptors.AsSpan(_count);

    /// <summary>Takes the descriptor that lies first in <see cref="Free"/>.</summary>
    /// <param name="flags">Of which only <see cref="Descriptor.Write"/> counts.</param>
    /// <returns>
    /// False where the driver breaks a rule: more descriptors than there is room for, a readable one behind a writable
    /// one (2.7.4.2), more than 4 GiB in all (2.7.5), one that wraps round the end of the address space.
    /// </returns>
    internal bool TryAccept(uint flags)
    {
        if (_count == _descriptors.Length)
        {
            return false;
        }

        uint length = _descriptors[_count].Length;
        if (_descriptors[_count].Address > ulong.MaxValue - length)
        {
            return false;
        }

        if ((flags & Descriptor.Write) != 0)
        {
            _writableLength += length;
        }
        else
        {
            if (_readableCount != _count)
            {
                return false;
            }

            _readableCount++;
            _readableLength += length;
        }

        _count++;
        return _readableLength + _writableLength <= uint.MaxValue;
    }

    /// <summary>Takes a descriptor.</summary>
    /// <inheritdoc cref="TryAccept"/>
    internal bool TryAdd(ulong address, uint length, uint flags)
    {
        if (_count == _descriptors.Length)
        {
            return false;
        }

        ref Descriptor added = ref _descriptors[_count];
        added.Address = address;
        added.Length = length;
        return TryAccept(flags);
    }

    private bool TryNext(ref int at, ref uint offset, int end, uint most, out ulong address, out uint length)
    {
        while (at < end)
        {
            ref Descriptor descriptor = ref _descriptors[at];
            uint left = descriptor.Length - offset;
            address = descriptor.Address + offset;
            length = Math.Min(left, most);
            if (length == left)
            {
                at++;
                offset = 0;
            }
            else
            {
                offset += length;
            }

            if (length != 0)
            {
                return true;
            }
        }

        address = 0;
        length = 0;
        return false;
    }
}
