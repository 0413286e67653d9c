using System;
using SharpVisor.Formats;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>What the machine's own device tree says of memory, CPUs and firmware.</summary>
internal static unsafe class PhysicalTree
{
    // The early map of boot/entry.S covers this much from the tree's start on as Normal memory.
    private const uint LargestTree = 2 << 20;

    /// <summary>Makes a reader of the tree at an address that firmware gave.</summary>
    internal static bool TryRead(ulong address, out FdtReader tree, out FdtError error)
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

        error = size > LargestTree ? FdtError.BadLayout : FdtReader.TryCreate(new ReadOnlySpan<byte>((void*)address, (int)size), out tree);
        return error == FdtError.None;
    }

    /// <summary>Entry <paramref name="index"/> over all <c>reg</c> entries of the memory nodes.</summary>
    internal static bool TryGetMemory(FdtReader tree, int index, out ulong start, out ulong length)
    {
        start = 0;
        length = 0;
        bool more = tree.TryFirstChild(tree.Root, out FdtNode node);
        while (more)
        {
            if (IsType(tree, node, "memory"u8) && tree.IsEnabled(node))
            {
                for (int i = 0; tree.TryGetRegister(node, i, out start, out length); i++)
                {
                    if (index-- == 0)
                    {
                        return true;
                    }
                }
            }

            more = tree.TryNextSibling(node, out node);
        }

        return false;
    }

    /// <summary>Takes what the tree reserves out of the free memory.</summary>
    internal static void ReserveMemory(FdtReader tree, PageAllocator pages)
    {
        for (int i = 0; tree.TryGetReservation(i, out ulong start, out ulong length); i++)
        {
            pages.TryReserve(start, length);
        }

        if (!tree.TryFindPath("/reserved-memory"u8, out FdtNode parent))
        {
            return;
        }

        bool more = tree.TryFirstChild(parent, out FdtNode node);
        while (more)
        {
            for (int i = 0; tree.TryGetRegister(node, i, out ulong start, out ulong length); i++)
            {
                pages.TryReserve(start, length);
            }

            more = tree.TryNextSibling(node, out node);
        }
    }

    /// <summary>Affinity of CPU <paramref name="index"/> in the order of the tree.</summary>
    internal static bool TryGetCpu(FdtReader tree, int index, out ulong affinity)
    {
        affinity = 0;
        if (!tree.TryFindPath("/cpus"u8, out FdtNode parent))
        {
            return false;
        }

        bool more = tree.TryFirstChild(parent, out FdtNode node);
        while (more)
        {
            if (IsType(tree, node, "cpu"u8) && tree.IsEnabled(node) && TryGetAffinity(tree, node, out affinity) && index-- == 0)
            {
                return true;
            }

            more = tree.TryNextSibling(node, out node);
        }

        return false;
    }

    /// <summary>Whether firmware takes PSCI calls by SMC.</summary>
    internal static bool HasFirmware(FdtReader tree) =>
        (tree.TryFindCompatible(tree.Root, "arm,psci-0.2"u8, out FdtNode node) || tree.TryFindCompatible(tree.Root, "arm,psci-1.0"u8, out node))
        && tree.TryGetString(node, "method"u8, out ReadOnlySpan<byte> method) && method.SequenceEqual("smc"u8);

    /// <summary>The initial ramdisk that the boot loader left: the boot bundle.</summary>
    internal static bool TryGetRamdisk(FdtReader tree, out ulong start, out ulong length)
    {
        start = 0;
        length = 0;
        if (!tree.TryFindPath("/chosen"u8, out FdtNode chosen)
            || !tree.TryGetNumber(chosen, "linux,initrd-start"u8, out start) || !tree.TryGetNumber(chosen, "linux,initrd-end"u8, out ulong end)
            || end <= start)
        {
            return false;
        }

        length = end - start;
        return true;
    }

    private static bool IsType(FdtReader tree, FdtNode node, ReadOnlySpan<byte> type) =>
        tree.TryGetString(node, "device_type"u8, out ReadOnlySpan<byte> value) && value.SequenceEqual(type);

    // Not TryGetRegister: what stands below /cpus is no address of the bus.
    private static bool TryGetAffinity(FdtReader tree, FdtNode node, out ulong affinity) => tree.TryGetNumber(node, "reg"u8, out affinity);
}
