using System;
using SharpVisor.Formats;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>
/// What the machine's own device tree says of memory, CPUs and firmware. The root's children are looked through once,
/// when it is made: firmware's trees are long.
/// </summary>
internal readonly unsafe ref struct PhysicalTree
{
    /// <summary>Where QEMU's virt machine has the tree when it does not say so in X0 (an image started at EL3).</summary>
    internal const ulong WhereQemuPutsIt = 0x4000_0000;

    // The early map of boot/entry.S covers this much from the tree's start on as Normal memory.
    private const uint LargestTree = 2 << 20;

    private readonly FdtNode _firstMemory;
    private readonly FdtNode _lastMemory;
    private readonly FdtNode _reserved;
    private readonly FdtNode _cpus;
    private readonly FdtNode _chosen;
    private readonly FdtNode _firstVirtio;
    private readonly FdtNode _lastVirtio;
    private readonly int _virtioCount;
    private readonly bool _hasMemory;
    private readonly bool _hasReserved;
    private readonly bool _hasCpus;
    private readonly bool _hasChosen;

    private PhysicalTree(FdtReader reader)
    {
        Reader = reader;
        bool more = reader.TryFirstChild(reader.Root, out FdtNode node);
        while (more)
        {
            ReadOnlySpan<byte> name = reader.Name(node);
            if (IsMemory(reader, node))
            {
                _firstMemory = _hasMemory ? _firstMemory : node;
                _lastMemory = node;
                _hasMemory = true;
            }
            else if (name.StartsWith("virtio"u8))
            {
                _firstVirtio = _virtioCount++ == 0 ? node : _firstVirtio;
                _lastVirtio = node;
            }
            else if (name.SequenceEqual("reserved-memory"u8))
            {
                _reserved = node;
                _hasReserved = true;
            }
            else if (name.SequenceEqual("cpus"u8))
            {
                _cpus = node;
                _hasCpus = true;
            }
            else if (name.SequenceEqual("chosen"u8))
            {
                _chosen = node;
                _hasChosen = true;
            }

            more = reader.TryNextSibling(node, out node);
        }
    }

    /// <summary>The whole tree.</summary>
    internal readonly FdtReader Reader;

    /// <summary>Reads the tree at an address that firmware gave.</summary>
    /// <param name="address">Where it begins.</param>
    /// <param name="index">Room for an index of its <c>compatible</c> strings; may be empty.</param>
    /// <param name="top">Room for the same of the root's children.</param>
    /// <param name="tree">Usable where the result is true, for as long as both are.</param>
    /// <param name="error">Why it cannot be read.</param>
    internal static bool TryRead(ulong address, Span<FdtCompatible> index, Span<FdtNode> top, out PhysicalTree tree, out FdtError error)
    {
        tree = default;
        error = FdtError.BadMagic;
        if (address == 0 || (address & 7) != 0)
        {
            return false;
        }

        if (!FdtReader.TryGetTotalSize(new ReadOnlySpan<byte>((void*)address, 8), out uint size))
        {
            return false;
        }

        error = FdtError.BadLayout;
        if (size > LargestTree)
        {
            return false;
        }

        error = FdtReader.TryCreate(new ReadOnlySpan<byte>((void*)address, (int)size), out FdtReader reader);
        if (error != FdtError.None)
        {
            return false;
        }

        tree = new PhysicalTree(reader.WithIndex(index, top));
        return true;
    }

    /// <summary>Calls a method for every range of memory.</summary>
    internal void ForEachMemory<T>(T target, delegate*<T, ulong, ulong, void> method)
        where T : class
    {
        FdtNode node = _firstMemory;
        for (bool more = _hasMemory; more; more = node.Offset != _lastMemory.Offset && Reader.TryNextSibling(node, out node))
        {
            if (!IsMemory(Reader, node) || !Reader.IsEnabled(node))
            {
                continue;
            }

            for (int i = 0; Reader.TryGetRegister(node, i, out ulong start, out ulong length); i++)
            {
                method(target, start, length);
            }
        }
    }

    /// <summary>Takes what the tree reserves out of the free memory.</summary>
    internal void ReserveMemory(PageAllocator pages)
    {
        for (int i = 0; Reader.TryGetReservation(i, out ulong start, out ulong length); i++)
        {
            pages.TryReserve(start, length);
        }

        FdtNode node = default;
        for (bool more = _hasReserved && Reader.TryFirstChild(_reserved, out node); more; more = Reader.TryNextSibling(node, out node))
        {
            for (int i = 0; Reader.TryGetRegister(node, i, out ulong start, out ulong length); i++)
            {
                pages.TryReserve(start, length);
            }
        }
    }

    /// <summary>The CPUs in the order of the tree.</summary>
    /// <param name="affinities">Where their affinities go; the ones that find no place are left out.</param>
    /// <param name="releaseAddresses">As long: where each waits for its start, 0 for those that firmware starts.</param>
    /// <returns>How many.</returns>
    internal int GetCpus(Span<ulong> affinities, Span<ulong> releaseAddresses)
    {
        int count = 0;
        FdtNode node = default;
        for (bool more = _hasCpus && Reader.TryFirstChild(_cpus, out node); more; more = Reader.TryNextSibling(node, out node))
        {
            // Not TryGetRegister: what stands below /cpus is no address of the bus.
            if (count < affinities.Length && IsType(Reader, node, "cpu"u8) && Reader.IsEnabled(node)
                && Reader.TryGetNumber(node, "reg"u8, out affinities[count]))
            {
                releaseAddresses[count] = ReleaseAddress(node);
                count++;
            }
        }

        return count;
    }

    /// <summary>Whether firmware takes PSCI calls by SMC.</summary>
    internal bool HasFirmware() =>
        (Reader.TryFindCompatible(Reader.Root, "arm,psci-0.2"u8, out FdtNode node) || Reader.TryFindCompatible(Reader.Root, "arm,psci-1.0"u8, out node))
        && Reader.TryGetString(node, "method"u8, out ReadOnlySpan<byte> method) && method.SequenceEqual("smc"u8);

    /// <summary>The initial ramdisk that the boot loader left: the boot bundle.</summary>
    internal bool TryGetRamdisk(out ulong start, out ulong length)
    {
        start = 0;
        length = 0;
        if (!_hasChosen
            || !Reader.TryGetNumber(_chosen, "linux,initrd-start"u8, out start) || !Reader.TryGetNumber(_chosen, "linux,initrd-end"u8, out ulong end)
            || end <= start)
        {
            return false;
        }

        length = end - start;
        return true;
    }

    /// <summary>Whether there are slots for virtio devices.</summary>
    internal bool HasVirtio => _virtioCount != 0;

    /// <summary>Whether all slots for virtio devices stand one behind the other, by the first, the last and their number.</summary>
    /// <param name="stride">Bytes of a slot.</param>
    /// <param name="start">First byte of the first one.</param>
    /// <param name="length">Bytes of all.</param>
    internal bool TryGetVirtioRow(ulong stride, out ulong start, out ulong length)
    {
        start = 0;
        length = (ulong)_virtioCount * stride;
        return _virtioCount != 0 && IsVirtio(_firstVirtio) && IsVirtio(_lastVirtio)
            && Reader.TryGetRegister(_firstVirtio, 0, out start, out _) && Reader.TryGetRegister(_lastVirtio, 0, out ulong last, out _)
            && last == start + length - stride;
    }

    /// <summary>A slot by its place in the tree. It is taken for one by its name: who asks knows the row.</summary>
    internal bool TryGetVirtio(int place, out FdtNode node)
    {
        bool isLast = place == _virtioCount - 1; // where QEMU puts the first device
        node = isLast ? _lastVirtio : _firstVirtio;
        for (int i = isLast ? place : 0; i < place;)
        {
            if (!Reader.TryNextSibling(node, out node))
            {
                return false;
            }

            i += Reader.Name(node).StartsWith("virtio"u8) ? 1 : 0;
        }

        return place < _virtioCount;
    }

    /// <summary>The first slot for a virtio device.</summary>
    internal bool TryFirstVirtio(out FdtNode node)
    {
        node = _firstVirtio;
        return _virtioCount != 0 && (IsVirtio(node) || TryNextVirtio(node, out node));
    }

    /// <summary>The one after it.</summary>
    internal bool TryNextVirtio(FdtNode node, out FdtNode next)
    {
        next = node;
        while (next.Offset != _lastVirtio.Offset && Reader.TryNextSibling(next, out next))
        {
            if (IsVirtio(next))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsVirtio(FdtNode node) => Reader.Name(node).StartsWith("virtio"u8) && Reader.IsCompatible(node, "virtio,mmio"u8);

    /// <summary>A random number from the boot loader, 0 where it gave none.</summary>
    internal ulong Seed() => _hasChosen && Reader.TryGetNumber(_chosen, "kaslr-seed"u8, out ulong seed) ? seed : 0;

    /// <summary>Random bytes from the boot loader, none where it gave none.</summary>
    internal ReadOnlySpan<byte> Entropy() =>
        _hasChosen && Reader.TryGetProperty(_chosen, "rng-seed"u8, out ReadOnlySpan<byte> entropy) ? entropy : default;

    private ulong ReleaseAddress(FdtNode cpu) =>
        Reader.TryGetString(cpu, "enable-method"u8, out ReadOnlySpan<byte> method) && method.SequenceEqual("spin-table"u8)
        && Reader.TryGetNumber(cpu, "cpu-release-addr"u8, out ulong address) ? address : 0;

    private static bool IsMemory(FdtReader reader, FdtNode node) => reader.Name(node).StartsWith("memory"u8) && IsType(reader, node, "memory"u8);

    private static bool IsType(FdtReader reader, FdtNode node, ReadOnlySpan<byte> type) =>
        reader.TryGetString(node, "device_type"u8, out ReadOnlySpan<byte> value) && value.SequenceEqual(type);
}
