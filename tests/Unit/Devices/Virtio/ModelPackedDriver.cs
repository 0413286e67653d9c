using System.Collections.Generic;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>A driver with a packed virtqueue. Ring places are counted on without end: the lap is place / size.</summary>
internal sealed class ModelPackedDriver : ModelDriver
{
    private const int Available = 1 << 7;
    private const int Used = 1 << 15;

    private readonly Queue<int> _freeIds = new();
    private readonly Dictionary<int, (int Places, ulong Table)> _busy = [];
    private readonly System.Random _random;
    private long _nextPlace;
    private long _usedPlace;
    private long _notifiedPlace;

    internal ModelPackedDriver(ByteMemory memory, ulong area, int size, ulong tables, bool hasEventIndex, int seed)
        : base(memory, area, size, tables, hasEventIndex)
    {
        _random = new System.Random(seed);
        for (int i = 0; i < size; i++)
        {
            _freeIds.Enqueue((i * 7919) & 0xffff); // any number may name a buffer
        }
    }

    internal override ulong DriverArea => DescriptorArea + (16ul * (ulong)Size);

    internal override ulong DeviceArea => DriverArea + 4;

    protected override long Period => 2 * Size;

    internal override int Free => Size - (int)(_nextPlace - _usedPlace);

    internal override int Add(IReadOnlyList<ModelBuffer> buffers, int direct)
    {
        int id = _freeIds.Dequeue();
        int places = PlacesOf(buffers, direct);
        ulong table = 0;

        // The first one's flags last: with them all is available.
        for (int i = places - 1; i >= 0; i--)
        {
            long place = _nextPlace + i;
            bool isLast = i == places - 1;
            ulong at = DescriptorArea + (16ul * (ulong)(place % Size));
            bool isOddLap = place / Size % 2 != 0;
            int flags = (isLast ? 0 : Next) | (isOddLap ? Used : Available);
            if (i < direct)
            {
                Set64(at, buffers[i].Address);
                Set32(at + 8, buffers[i].Length);
                flags |= buffers[i].IsWritable ? Write : 0;
            }
            else
            {
                table = TakeTable();
                PutTable(table, buffers, direct);
                Set64(at, table);
                Set32(at + 8, (uint)(16 * (buffers.Count - direct)));
                flags |= Indirect | (_random.Next(2) * Write);
            }

            Set16(at + 12, isLast ? id : _random.Next(65536));
            Set16(at + 14, flags);
        }

        _busy.Add(id, (places, table));
        _nextPlace += places;
        Made++;
        return id;
    }

    internal override bool TryGetUsed(out int id, out uint written)
    {
        ulong at = DescriptorArea + (16ul * (ulong)(_usedPlace % Size));
        int flags = Get16(at + 14);
        id = Get16(at + 12);
        written = Get32(at + 8);
        bool isOddLap = _usedPlace / Size % 2 != 0;
        bool isUsed = (flags & Available) != 0 == !isOddLap && (flags & Used) != 0 == !isOddLap;
        if (!isUsed)
        {
            return false;
        }

        (int places, ulong table) = _busy[id];
        _busy.Remove(id);
        _freeIds.Enqueue(id);
        _usedPlace += places;
        Seen++;
        if (table != 0)
        {
            GiveTable(table);
        }

        return true;
    }

    internal override bool MustNotify()
    {
        long before = _notifiedPlace;
        _notifiedPlace = _nextPlace;
        int flags = Get16(DeviceArea + 2) & 3;
        if (flags != 2)
        {
            return before != _nextPlace && flags == 0;
        }

        int asked = Get16(DeviceArea);
        for (long place = before; place < _nextPlace; place++)
        {
            if (Encode(place) == asked)
            {
                return true;
            }
        }

        return false;
    }

    internal override void WantInterrupt(bool isWanted, int ahead)
    {
        if (isWanted && HasEventIndex)
        {
            WantedAt = _usedPlace + ahead;
            Set16(DriverArea, Encode(WantedAt));
            Set16(DriverArea + 2, 2);
        }
        else
        {
            WantedAt = isWanted ? EachOne : NoOne;
            Set16(DriverArea + 2, isWanted ? 0 : 1);
        }
    }

    /// <summary>Place and wrap counter, which is 1 in the first lap.</summary>
    private int Encode(long place) => (int)(place % Size) | (place / Size % 2 == 0 ? 1 << 15 : 0);

    private void PutTable(ulong table, IReadOnlyList<ModelBuffer> buffers, int from)
    {
        for (int i = from; i < buffers.Count; i++)
        {
            ulong at = table + (16ul * (ulong)(i - from));
            Set64(at, buffers[i].Address);
            Set32(at + 8, buffers[i].Length);
            Set16(at + 12, _random.Next(65536)); // reserved: the device does not look
            Set16(at + 14, (buffers[i].IsWritable ? Write : 0) | (_random.Next(2) * Next));
        }
    }
}
