using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace SharpVisor.Drivers;

/// <summary>
/// The driver's side of a split virtqueue (virtio 1.2, 2.7): chains of buffers go to the device, and come back with
/// the number of bytes that it has written. A chain has a token of the driver's choice.
/// </summary>
/// <remarks>
/// <para>
/// All of a queue stands in one page: descriptors, available ring, used ring. Only the rings are read back, and what
/// they say is checked: a device that errs breaks its queue, not the driver.
/// </para>
/// <para>
/// Memory is taken as coherent with the device, which holds for every virtio-mmio device that an emulator offers; a board
/// whose device tree lacks <c>dma-coherent</c> would need its caches cleaned before <see cref="Publish"/> and invalidated
/// before <see cref="TryTake"/>. Indices are stored with release and loaded with acquire semantics; between an index and a
/// flag of the other side stands a full barrier.
/// </para>
/// <para>Its owner does the locking.</para>
/// </remarks>
public sealed unsafe class SplitQueue
{
    /// <summary>Most descriptors of a queue.</summary>
    public const int LargestSize = 128;

    /// <summary>Bytes of memory of a queue: a page, aligned to its size.</summary>
    public const int MemorySize = 4096;

    /// <summary>Alignment of the used ring. A legacy device is told (QueueAlign).</summary>
    public const int UsedAlignment = 64;

    private const int DescriptorSize = 16;
    private const int RingHeader = 4;
    private const int UsedElementSize = 8;
    private const ushort FlagNext = 1;
    private const ushort FlagWrite = 2;
    private const ushort FlagIndirect = 4;
    private const ushort NoInterrupt = 1;
    private const ushort NoNotify = 1;
    private const ushort End = ushort.MaxValue;

    private readonly ulong _memory;
    private readonly ushort[] _next;
    private readonly uint[] _tokens;
    private readonly bool[] _isHead;
    private ushort _firstFree;
    private ushort _available;
    private ushort _published;
    private ushort _taken;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="memory">A zeroed page (<see cref="MemorySize"/>), at the same address for the device.</param>
    /// <param name="size">Number of descriptors, a power of two, at most <see cref="LargestSize"/>.</param>
    public SplitQueue(ulong memory, int size)
    {
        _memory = memory;
        _next = new ushort[size];
        _tokens = new uint[size];
        _isHead = new bool[size];
        for (int i = 0; i < size; i++)
        {
            _next[i] = i + 1 < size ? (ushort)(i + 1) : End;
        }

        FreeCount = size;
    }

    /// <summary>
    /// Whether each side says by an index when it wants to be told, in place of a flag (VIRTIO_F_RING_EVENT_IDX, 2.7.7.2 and 2.7.10).
    /// Set before the first buffer is added, where it was agreed on.
    /// </summary>
    public bool HasEventIndex { get; set; }

    /// <summary>Number of descriptors.</summary>
    public int Size => _next.Length;

    /// <summary>Descriptors that are free.</summary>
    public int FreeCount { get; private set; }

    /// <summary>Whether the device has said what cannot be. Nothing comes back any more; the device must be reset.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Address of the descriptor table.</summary>
    public ulong DescriptorAddress => _memory;

    /// <summary>Address of the available ring.</summary>
    public ulong AvailableAddress => _memory + (ulong)(Size * DescriptorSize);

    /// <summary>Address of the used ring.</summary>
    public ulong UsedAddress =>
        (AvailableAddress + RingHeader + ((ulong)Size * sizeof(ushort)) + sizeof(ushort) + UsedAlignment - 1) & ~(ulong)(UsedAlignment - 1);

    /// <summary>Adds a buffer. False where no descriptor is free.</summary>
    public bool TryAdd(ulong address, uint length, bool isForDevice, uint token)
    {
        VirtioBuffer buffer = new(address, length, isForDevice);
        return TryAdd(new ReadOnlySpan<VirtioBuffer>(ref buffer), token);
    }

    /// <summary>Adds a chain of buffers: those that the device reads first. It sees them with the next <see cref="Publish"/>.</summary>
    /// <returns>False where too few descriptors are free.</returns>
    public bool TryAdd(ReadOnlySpan<VirtioBuffer> buffers, uint token)
    {
        if (buffers.IsEmpty || buffers.Length > FreeCount)
        {
            return false;
        }

        ushort head = _firstFree;
        ushort index = head;
        ushort last = head;
        for (int i = 0; i < buffers.Length; i++)
        {
            byte* descriptor = (byte*)(_memory + ((ulong)index * DescriptorSize));
            bool isLast = i + 1 == buffers.Length;
            last = index;
            index = _next[index];
            Write(descriptor, buffers[i], isLast, index);
        }

        _firstFree = index;
        _next[last] = End;
        MakeAvailable(head, buffers.Length, token);
        return true;
    }

    /// <summary>
    /// As <see cref="TryAdd(ReadOnlySpan{VirtioBuffer}, uint)"/>, but the chain stands in a table outside of the queue and takes
    /// one descriptor (VIRTIO_F_INDIRECT_DESC, 2.7.5.3; where it was agreed on).
    /// </summary>
    /// <param name="table">16 bytes for each buffer, aligned to 16, the chain's until it comes back.</param>
    /// <param name="buffers">At least one.</param>
    /// <param name="token">As there.</param>
    public bool TryAddIndirect(ulong table, ReadOnlySpan<VirtioBuffer> buffers, uint token)
    {
        if (buffers.IsEmpty || FreeCount == 0)
        {
            return false;
        }

        for (int i = 0; i < buffers.Length; i++)
        {
            Write((byte*)table + (i * DescriptorSize), buffers[i], i + 1 == buffers.Length, (ushort)(i + 1));
        }

        ushort head = _firstFree;
        byte* descriptor = (byte*)(_memory + ((ulong)head * DescriptorSize));
        *(ulong*)descriptor = table;
        *(uint*)(descriptor + 8) = (uint)(buffers.Length * DescriptorSize);
        *(uint*)(descriptor + 12) = FlagIndirect;
        _firstFree = _next[head];
        _next[head] = End;
        MakeAvailable(head, 1, token);
        return true;
    }

    /// <summary>Shows the device what was added.</summary>
    /// <returns>Whether the device wants to be notified of it.</returns>
    public bool Publish()
    {
        if (_published == _available)
        {
            return false;
        }

        ushort before = _published;
        _published = _available;
        Volatile.Write(ref Word(AvailableAddress + 2), _available);
        Interlocked.MemoryBarrier(); // the device sets its flag, then looks at the index; we the other way round
        if (HasEventIndex)
        {
            ushort wanted = Volatile.Read(ref Word(UsedAddress + RingHeader + ((ulong)Size * UsedElementSize)));
            return (ushort)(_available - wanted - 1) < (ushort)(_available - before);
        }

        return (Volatile.Read(ref Word(UsedAddress)) & NoNotify) == 0;
    }

    /// <summary>Takes a chain that the device has finished with.</summary>
    /// <param name="token">What it was added with.</param>
    /// <param name="length">Bytes that the device has written, as it says.</param>
    /// <returns>False where there is none.</returns>
    public bool TryTake(out uint token, out uint length)
    {
        token = 0;
        length = 0;
        if (IsBroken || Volatile.Read(ref Word(UsedAddress + 2)) == _taken)
        {
            return false;
        }

        ulong element = UsedAddress + RingHeader + ((ulong)(_taken & (Size - 1)) * UsedElementSize);
        uint head = *(uint*)element;
        length = *(uint*)(element + sizeof(uint));
        if (head >= (uint)Size || !_isHead[head])
        {
            IsBroken = true;
            return false;
        }

        _taken++;
        _isHead[head] = false;
        token = _tokens[head];
        ushort last = (ushort)head;
        FreeCount++;
        while (_next[last] != End)
        {
            last = _next[last];
            FreeCount++;
        }

        _next[last] = _firstFree;
        _firstFree = (ushort)head;
        return true;
    }

    /// <summary>Asks for an interrupt when the next chain comes back.</summary>
    /// <returns>False where one has come back meanwhile, for which there may be none.</returns>
    public bool TryEnableInterrupt()
    {
        if (HasEventIndex)
        {
            Volatile.Write(ref UsedEvent, _taken);
        }
        else
        {
            Volatile.Write(ref Word(AvailableAddress), (ushort)0);
        }

        Interlocked.MemoryBarrier();
        return Volatile.Read(ref Word(UsedAddress + 2)) == _taken;
    }

    /// <summary>Wants no interrupts. Some may come nevertheless.</summary>
    public void DisableInterrupt()
    {
        if (HasEventIndex)
        {
            Volatile.Write(ref UsedEvent, (ushort)(_taken - 1)); // which has been: not before 65,535 more
        }
        else
        {
            Volatile.Write(ref Word(AvailableAddress), NoInterrupt);
        }
    }

    private ref ushort UsedEvent => ref Word(AvailableAddress + RingHeader + ((ulong)Size * sizeof(ushort)));

    private void MakeAvailable(ushort head, int count, uint token)
    {
        _tokens[head] = token;
        _isHead[head] = true;
        FreeCount -= count;
        *(ushort*)(AvailableAddress + RingHeader + ((ulong)(_available & (Size - 1)) * sizeof(ushort))) = head;
        _available++;
    }

    private static void Write(byte* descriptor, in VirtioBuffer buffer, bool isLast, ushort next)
    {
        *(ulong*)descriptor = buffer.Address;
        *(uint*)(descriptor + 8) = buffer.Length;
        *(ushort*)(descriptor + 12) = (ushort)((buffer.IsForDevice ? FlagWrite : 0) | (isLast ? 0 : FlagNext));
        *(ushort*)(descriptor + 14) = isLast ? (ushort)0 : next;
    }

    private static ref ushort Word(ulong address) => ref Unsafe.AsRef<ushort>((void*)address);
}
