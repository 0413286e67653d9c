using System.Collections.Generic;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>A driver with a split virtqueue.</summary>
internal sealed class ModelSplitDriver : ModelDriver
{
    private readonly List<int> _free = [];
    private readonly Dictionary<int, (List<int> Descriptors, ulong Table)> _busy = [];
    private readonly System.Random _random;
    private long _notified;

    internal ModelSplitDriver(ByteMemory memory, ulong area, int size, ulong tables, bool hasEventIndex, int seed)
        : base(memory, area, size, tables, hasEventIndex)
    {
        _random = new System.Random(seed);
        WantedAt = hasEventIndex ? 0 : EachOne; // what zeroed memory says
        for (int i = 0; i < size; i++)
        {
            _free.Add(i);
        }
    }

    internal override ulong DriverArea => DescriptorArea + (16ul * (ulong)Size);

    internal override ulong DeviceArea => (DriverArea + 6 + (2ul * (ulong)Size) + 3) & ~3ul;

    protected override long Period => 1 << 16;

    internal override int Free => _free.Count;

    internal override int Add(IReadOnlyList<ModelBuffer> buffers, int direct)
    {
        List<int> indices = [];
        for (int i = 0; i < PlacesOf(buffers, direct); i++)
        {
            int at = _random.Next(_free.Count);
            indices.Add(_free[at]);
            _free.RemoveAt(at);
        }

        ulong table = 0;
        for (int i = 0; i < indices.Count; i++)
        {
            bool isLast = i == indices.Count - 1;
            int next = isLast ? 0 : indices[i + 1];
            if (i < direct)
            {
                Put(DescriptorArea, indices[i], buffers[i].Address, buffers[i].Length, Flags(buffers[i], isLast), next);
                continue;
            }

            table = TakeTable();
            PutTable(table, buffers, direct);
            // The write flag of the descriptor that points to the table means nothing.
            int flags = Indirect | (_random.Next(2) * Write);
            Put(DescriptorArea, indices[i], table, (uint)(16 * (buffers.Count - direct)), flags, _random.Next(65536));
        }

        _busy.Add(indices[0], (indices, table));
        Set16(DriverArea + 4 + (2ul * (ulong)(Made % Size)), indices[0]);
        Made++;
        Set16(DriverArea + 2, (int)(Made & 0xffff));
        return indices[0];
    }

    internal override bool TryGetUsed(out int id, out uint written)
    {
        id = 0;
        written = 0;
        if (Get16(DeviceArea + 2) == (ushort)Seen)
        {
            return false;
        }

        ulong entry = DeviceArea + 4 + (8ul * (ulong)(Seen % Size));
        id = (int)Get32(entry);
        written = Get32(entry + 4);
        Seen++;
        (List<int> descriptors, ulong table) = _busy[id];
        _busy.Remove(id);
        _free.AddRange(descriptors);
        if (table != 0)
        {
            GiveTable(table);
        }

        return true;
    }

    internal override bool MustNotify()
    {
        long before = _notified;
        _notified = Made;
        if (!HasEventIndex)
        {
            return Made != before && (Get16(DeviceArea) & 1) == 0;
        }

        ushort asked = Get16(DeviceArea + 4 + (8ul * (ulong)Size));
        for (long i = before; i < Made; i++)
        {
            if ((ushort)i == asked)
            {
                return true;
            }
        }

        return false;
    }

    internal override void WantInterrupt(bool isWanted, int ahead)
    {
        if (HasEventIndex)
        {
            // There is no "never": the index just passed comes last of all.
            WantedAt = isWanted ? Seen + ahead : Seen + Period - 1;
            Set16(DriverArea + 4 + (2ul * (ulong)Size), (int)(WantedAt & 0xffff));
        }
        else
        {
            WantedAt = isWanted ? EachOne : NoOne;
            Set16(DriverArea, isWanted ? 0 : 1);
        }
    }

    private static int Flags(ModelBuffer buffer, bool isLast) => (isLast ? 0 : Next) | (buffer.IsWritable ? Write : 0);

    /// <summary>The descriptors of a table, as most drivers write them or in any order.</summary>
    private void PutTable(ulong table, IReadOnlyList<ModelBuffer> buffers, int from)
    {
        int count = buffers.Count - from;
        List<int> order = [];
        for (int i = 1; i < count; i++)
        {
            order.Add(i);
        }

        if (_random.Next(3) == 0)
        {
            for (int i = order.Count - 1; i > 0; i--)
            {
                int j = _random.Next(i + 1);
                (order[i], order[j]) = (order[j], order[i]);
            }
        }

        order.Insert(0, 0);
        for (int i = 0; i < count; i++)
        {
            bool isLast = i == count - 1;
            ModelBuffer buffer = buffers[from + i];
            Put(table, order[i], buffer.Address, buffer.Length, Flags(buffer, isLast), isLast ? 0 : order[i + 1]);
        }
    }

    private void Put(ulong table, int index, ulong address, uint length, int flags, int next)
    {
        ulong at = table + (16ul * (ulong)index);
        Set64(at, address);
        Set32(at + 8, length);
        Set16(at + 12, flags);
        Set16(at + 14, next);
    }
}
