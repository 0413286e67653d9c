using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>
/// The driver's end of a virtqueue, written from the standard alone (virtio 1.2, 2.7 and 2.8), on plain memory. Counts
/// are unbounded here, so that every wrap-around is the format's affair.
/// </summary>
internal abstract class ModelDriver
{
    protected const int Next = 1;
    protected const int Write = 2;
    protected const int Indirect = 4;

    private readonly Queue<ulong> _freeTables = new();

    protected ModelDriver(ByteMemory memory, ulong area, int size, ulong tables, bool hasEventIndex)
    {
        Memory = memory;
        Size = size;
        HasEventIndex = hasEventIndex;
        DescriptorArea = area;
        for (int i = 0; i < size; i++)
        {
            _freeTables.Enqueue(tables + (ulong)(i * TableSize));
        }
    }

    /// <summary>Bytes kept for one indirect table.</summary>
    internal const int TableSize = 16 * 16;

    internal ulong DescriptorArea { get; }

    internal abstract ulong DriverArea { get; }

    internal abstract ulong DeviceArea { get; }

    internal int Size { get; }

    /// <summary>Requests made so far.</summary>
    internal long Made { get; set; }

    /// <summary>Used requests seen so far.</summary>
    internal long Seen { get; set; }

    protected ByteMemory Memory { get; }

    protected bool HasEventIndex { get; }

    /// <summary>Ring places that are free.</summary>
    internal abstract int Free { get; }

    /// <summary>Makes a request available.</summary>
    /// <param name="buffers">Readable ones first.</param>
    /// <param name="direct">How many of them go into the ring itself; the others into a table.</param>
    /// <returns>Its name.</returns>
    internal abstract int Add(IReadOnlyList<ModelBuffer> buffers, int direct);

    /// <summary>Looks for the next used request.</summary>
    internal abstract bool TryGetUsed(out int id, out uint written);

    /// <summary>Whether a notification is due for what was added since the last call.</summary>
    internal abstract bool MustNotify();

    /// <summary>
    /// Wants no interrupt, or one for each used request; with event indices one when the ring place is passed that lies
    /// so far ahead.
    /// </summary>
    internal abstract void WantInterrupt(bool isWanted, int ahead);

    /// <summary>
    /// Whether an interrupt is due when the places from one to before another were used. A wish that was never renewed is
    /// one again after a whole period.
    /// </summary>
    internal bool MustInterrupt(long from, long to)
    {
        if (WantedAt < 0)
        {
            return to > from && WantedAt == EachOne;
        }

        for (long place = from; place < to; place++)
        {
            if ((place - WantedAt) % Period == 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>After how many places an event's number comes again.</summary>
    protected abstract long Period { get; }

    protected const long EachOne = -1;

    protected const long NoOne = -2;

    /// <summary>A used ring place, counted without end, or one of the two above.</summary>
    protected long WantedAt { get; set; } = EachOne;

    /// <summary>Ring places that a request takes.</summary>
    internal int PlacesOf(IReadOnlyList<ModelBuffer> buffers, int direct) => direct + (direct < buffers.Count ? 1 : 0);

    protected ulong TakeTable() => _freeTables.Dequeue();

    protected void GiveTable(ulong table) => _freeTables.Enqueue(table);

    protected ushort Get16(ulong address) => BinaryPrimitives.ReadUInt16LittleEndian(At(address));

    protected uint Get32(ulong address) => BinaryPrimitives.ReadUInt32LittleEndian(At(address));

    protected ulong Get64(ulong address) => BinaryPrimitives.ReadUInt64LittleEndian(At(address));

    protected void Set16(ulong address, int value) => BinaryPrimitives.WriteUInt16LittleEndian(At(address), (ushort)value);

    protected void Set32(ulong address, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(At(address), value);

    protected void Set64(ulong address, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(At(address), value);

    private Span<byte> At(ulong address) => Memory.Bytes.AsSpan((int)(address - Memory.Start));
}
