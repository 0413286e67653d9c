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
        FdtReader reader = tree.Reader;
        if (!tree.TryGetVirtioRow(VirtioMmio.RegisterSize, out ulong start, out ulong rowLength) || rowLength > LargestRow)
        {
            rowLength = 0;
        }

        bool isRow = rowLength != 0 && HypervisorMap.MapDevice(map, start, rowLength);
        if (isRow && !HasDevice(start, rowLength))
        {
            return slots;
        }

        for (bool more = tree.TryFirstVirtio(out FdtNode node); more; more = tree.TryNextVirtio(node, out node))
        {
            if (reader.TryGetRegister(node, 0, out ulong address, out ulong length)
                && length >= VirtioMmio.RegisterSize
                && (isRow || HypervisorMap.MapDevice(map, address, VirtioMmio.RegisterSize))
                && VirtioMmio.IsThere(address, out uint version, out uint deviceId)
                && slots.Count < MostDevices
                && DeviceInterrupt.TryGet(reader, node, interrupts, out uint interrupt))
            {
                slots._devices[slots.Count++] = VirtioMmio.Make(address, interrupt, version, deviceId);
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

    private static bool HasDevice(ulong start, ulong length)
    {
        for (ulong address = start; address < start + length; address += VirtioMmio.RegisterSize)
        {
            if (VirtioMmio.IsThere(address, out _, out _))
            {
                return true;
            }
        }

        return false;
    }
}
