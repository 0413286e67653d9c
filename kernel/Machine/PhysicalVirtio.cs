using SharpVisor.Drivers;
using SharpVisor.Formats;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>
/// The machine's virtio-mmio devices. A board has many slots, of which few hold a device (QEMU's virt: 32 in a row). The
/// tree is long and to read it takes time, so that where slots stand in a row only those with a device are looked up.
/// </summary>
internal sealed class PhysicalVirtio
{
    private const int MostDevices = 32;
    private const ulong LargestRow = 64 * VirtioMmio.RegisterSize;

    private readonly VirtioMmio?[] _devices = new VirtioMmio?[MostDevices];

    /// <summary>Number of devices.</summary>
    internal int Count { get; private set; }

    /// <summary>Finds the devices, and maps their registers.</summary>
    internal static PhysicalVirtio Find(in PhysicalTree tree, PageTable map, InterruptController interrupts)
    {
        PhysicalVirtio slots = new();
        if (tree.TryGetVirtioRow(VirtioMmio.RegisterSize, out ulong start, out ulong rowLength) && rowLength <= LargestRow)
        {
            if (HypervisorMap.MapDevice(map, start, rowLength))
            {
                slots.AddRow(tree, interrupts, start, rowLength);
            }

            return slots;
        }

        ulong mapped = 1; // no page begins there
        for (bool more = tree.TryFirstVirtio(out FdtNode node); more; more = tree.TryNextVirtio(node, out node))
        {
            if (!tree.Reader.TryGetRegister(node, 0, out ulong address, out ulong length) || length < VirtioMmio.RegisterSize)
            {
                continue;
            }

            ulong page = address & ~(PageTable.PageSize - 1);
            if (page == mapped || HypervisorMap.MapDevice(map, page, PageTable.PageSize))
            {
                mapped = page;
                slots.Add(tree, interrupts, node, address);
            }
        }

        return slots;
    }

    /// <summary>The first device of a kind; null where there is none.</summary>
    internal VirtioMmio? First(uint deviceId)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_devices[i]!.DeviceId == deviceId)
            {
                return _devices[i];
            }
        }

        return null;
    }

    private void AddRow(in PhysicalTree tree, InterruptController interrupts, ulong start, ulong length)
    {
        for (ulong offset = 0; offset < length; offset += VirtioMmio.RegisterSize)
        {
            if (VirtioMmio.IsThere(start + offset, out _, out _)
                && tree.TryGetVirtio((int)(offset / VirtioMmio.RegisterSize), out FdtNode node)
                && tree.Reader.TryGetRegister(node, 0, out ulong address, out _) && address == start + offset)
            {
                Add(tree, interrupts, node, address);
            }
        }
    }

    private void Add(in PhysicalTree tree, InterruptController interrupts, FdtNode node, ulong address)
    {
        if (VirtioMmio.IsThere(address, out uint version, out uint deviceId)
            && Count < MostDevices
            && DeviceInterrupt.TryGet(tree.Reader, node, interrupts, out uint interrupt))
        {
            _devices[Count++] = VirtioMmio.Make(address, interrupt, version, deviceId);
        }
    }
}
