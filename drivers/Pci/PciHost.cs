using System;
using System.Buffers.Binary;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>
/// A PCI host bridge whose configuration space is in memory, as the device tree describes it (Linux bindings,
/// pci-host-ecam-generic; IEEE 1275 PCI bus binding 2.1).
/// </summary>
public static class PciHost
{
    private const int AddressCells = 3;
    private const int SizeCells = 2;
    private const int CellSize = sizeof(uint);
    private const int SpaceShift = 24;
    private const uint SpaceMask = 3;
    private const uint Memory32 = 2;
    private const uint Memory64 = 3;
    private const ulong FourGib = 1ul << 32;
    private const int MostInterruptEntries = 256;

    /// <summary>Reads where things are. The host's functions are not looked for yet.</summary>
    /// <param name="tree">The machine's device tree.</param>
    /// <param name="node">The host.</param>
    /// <param name="reach">Addresses from here on the hypervisor cannot map.</param>
    /// <param name="address">First byte of the configuration space.</param>
    /// <param name="pci">What finds its functions.</param>
    /// <returns>False where it is another kind of host, or makes no sense.</returns>
    public static bool TryProbe(FdtReader tree, FdtNode node, ulong reach, out ulong address, out PciTree? pci)
    {
        pci = null;
        address = 0;
        if (!tree.IsCompatible(node, "pci-host-ecam-generic"u8) || !tree.IsEnabled(node)
            || !tree.TryGetRegister(node, 0, out address, out ulong length)
            || !tree.TryGetProperty(node, "ranges"u8, out ReadOnlySpan<byte> ranges)
            || address >= reach || length > reach - address)
        {
            return false;
        }

        uint firstBus = 0;
        uint lastBus = 255;
        if (tree.TryGetProperty(node, "bus-range"u8, out ReadOnlySpan<byte> buses) && buses.Length == 2 * CellSize)
        {
            firstBus = Cell(buses, 0);
            lastBus = Cell(buses, 1);
        }

        lastBus = (uint)Math.Min(Math.Min(lastBus, 255), firstBus + (length / EcamConfiguration.BusSize) - 1);
        if (length < EcamConfiguration.BusSize || firstBus > lastBus)
        {
            return false;
        }

        PciWindow? low = null;
        PciWindow? high = null;
        FindWindows(tree, node, ranges, reach, ref low, ref high);
        pci = new PciTree(new EcamConfiguration(address, (int)firstBus, (int)lastBus), low, high);
        return true;
    }

    /// <summary>
    /// Finds the entry of a function's interrupt in a host's interrupt-map: its specifier, in the words of the interrupt
    /// controller that the whole machine has.
    /// </summary>
    /// <param name="tree">The machine's device tree.</param>
    /// <param name="node">The host.</param>
    /// <param name="device">Device on the root bus.</param>
    /// <param name="pin">1 to 4.</param>
    /// <param name="specifier">As in a node's <c>interrupts</c>.</param>
    public static bool TryGetInterrupt(FdtReader tree, FdtNode node, int device, int pin, out ReadOnlySpan<byte> specifier)
    {
        specifier = default;
        if (pin == 0 || !tree.TryGetProperty(node, "interrupt-map"u8, out ReadOnlySpan<byte> map)
            || !tree.TryGetProperty(node, "interrupt-map-mask"u8, out ReadOnlySpan<byte> mask) || mask.Length != 4 * CellSize)
        {
            return false;
        }

        uint slot = (uint)device << 11 & Cell(mask, 0);
        uint wanted = (uint)pin & Cell(mask, 3);
        uint known = 0; // phandles begin with 1
        int parentCells = 0;
        int interruptCells = 0;
        for (int i = 0; i < MostInterruptEntries && map.Length > 5 * CellSize; i++)
        {
            uint phandle = Cell(map, 4);
            if (phandle != known)
            {
                if (!TryFindController(tree, phandle, out parentCells, out interruptCells))
                {
                    return false;
                }

                known = phandle;
            }

            int start = (5 + parentCells) * CellSize;
            int end = start + (interruptCells * CellSize);
            if (map.Length < end)
            {
                return false;
            }

            if ((Cell(map, 0) & Cell(mask, 0)) == slot && (Cell(map, 3) & Cell(mask, 3)) == wanted)
            {
                specifier = map.Slice(start, interruptCells * CellSize);
                return true;
            }

            map = map.Slice(end);
        }

        return false;
    }

    private static void FindWindows(FdtReader tree, FdtNode node, ReadOnlySpan<byte> ranges, ulong reach, ref PciWindow? low, ref PciWindow? high)
    {
        int parentCells = tree.TryParent(node, out FdtNode parent) ? tree.AddressCells(parent) : 0;
        if (parentCells is not (1 or 2))
        {
            return;
        }

        int entry = (AddressCells + parentCells + SizeCells) * CellSize;
        for (; ranges.Length >= entry; ranges = ranges.Slice(entry))
        {
            uint space = Cell(ranges, 0) >> SpaceShift & SpaceMask;
            ulong address = Number(ranges, 1);
            ulong cpuAddress = parentCells == 1 ? Cell(ranges, AddressCells) : Number(ranges, AddressCells);
            ulong length = Number(ranges, AddressCells + parentCells);
            if (space is not (Memory32 or Memory64) || !tree.TryTranslate(parent, ref cpuAddress)
                || length > ulong.MaxValue - address || cpuAddress >= reach || length > reach - cpuAddress)
            {
                continue;
            }

            if (address < FourGib && length <= FourGib - address)
            {
                low ??= new PciWindow(address, cpuAddress, length);
            }
            else
            {
                high ??= new PciWindow(address, cpuAddress, length);
            }
        }
    }

    private static bool TryFindController(FdtReader tree, uint phandle, out int addressCells, out int interruptCells)
    {
        addressCells = 0;
        interruptCells = 0;
        if (!tree.TryFindPhandle(phandle, out FdtNode node))
        {
            return false;
        }

        // Without the property there are none here, other than for a bus.
        addressCells = tree.TryGetCell(node, "#address-cells"u8, out uint cells) ? (int)Math.Min(cells, 4) : 0;
        interruptCells = tree.TryGetCell(node, "#interrupt-cells"u8, out cells) ? (int)Math.Min(cells, 4) : 0;
        return interruptCells != 0;
    }

    private static uint Cell(ReadOnlySpan<byte> cells, int index) => BinaryPrimitives.ReadUInt32BigEndian(cells.Slice(index * CellSize));

    private static ulong Number(ReadOnlySpan<byte> cells, int index) => ((ulong)Cell(cells, index) << 32) | Cell(cells, index + 1);
}
