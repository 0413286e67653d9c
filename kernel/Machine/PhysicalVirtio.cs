using SharpVisor.Drivers;
using SharpVisor.Formats;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>
/// The machine's virtio devices, behind virtio-mmio and then on PCI, each in the order of addresses. A board has many slots, of which few hold a device (QEMU's virt: 32 in a row). The
/// tree is long and to read it takes time, so that where slots stand in a row only those with a device are looked up.
/// </summary>
internal sealed class PhysicalVirtio
{
    private const int MostDevices = 32;
    private const ulong LargestRow = 64 * VirtioMmio.RegisterSize;

    private readonly VirtioRegisters?[] _devices = new VirtioRegisters?[MostDevices];

    /// <summary>Number of devices.</summary>
    internal int Count { get; private set; }

    /// <summary>Finds the devices, and maps their registers.</summary>
    internal static PhysicalVirtio Find(in PhysicalTree tree, PageTable map, InterruptController interrupts)
    {
        PhysicalVirtio devices = FindMmio(tree, map, interrupts);
        devices.AddPci(tree, map, interrupts);
        return devices;
    }

    private static PhysicalVirtio FindMmio(in PhysicalTree tree, PageTable map, InterruptController interrupts)
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

    /// <summary>A device, 0 to <see cref="Count"/> - 1.</summary>
    internal VirtioRegisters this[int index] => _devices[index]!;

    /// <summary>A device of a kind; null where there is none.</summary>
    /// <param name="deviceId">What kind.</param>
    /// <param name="number">Which of them, from 0, as they were found.</param>
    internal VirtioRegisters? At(uint deviceId, int number)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_devices[i]!.DeviceId == deviceId && number-- == 0)
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

    /// <summary>
    /// Looks behind a PCI host. Under the early map, which has all registers: in the final one are only those of the devices
    /// that are driven, and the configuration space where there are some.
    /// </summary>
    private void AddPci(in PhysicalTree tree, PageTable map, InterruptController interrupts)
    {
        const ulong reach = 1ul << HypervisorMap.AddressBits;
        if (!tree.Reader.TryFindCompatible(tree.Reader.Root, "pci-host-ecam-generic"u8, out FdtNode host)
            || !PciHost.TryProbe(tree.Reader, host, reach, out ulong address, out PciTree? pci))
        {
            return;
        }

        pci!.Find();
        int before = Count;
        for (int i = 0; i < pci.Count && Count < MostDevices; i++)
        {
            PciFunction function = pci[i];
            if (VirtioPciLayout.Identify(function) != 0 && VirtioPciLayout.TryFind(function, out VirtioPciLayout layout)
                && PciHost.TryGetInterrupt(tree.Reader, host, function.RootDevice, function.RootPin, out System.ReadOnlySpan<byte> specifier)
                && interrupts.TryTranslate(specifier, out uint interrupt) && TryMapBars(map, function))
            {
                function.Interrupt = interrupt;
                function.Enable();
                _devices[Count++] = new VirtioPci(function, layout);
            }
        }

        if (Count != before && !HypervisorMap.MapDevice(map, address, pci.ConfigurationSize))
        {
            Count = before;
        }
    }

    private static bool TryMapBars(PageTable map, PciFunction function)
    {
        bool isMapped = true;
        for (int i = 0; i < PciFunction.MostBars; i++)
        {
            if (function.TryGetBar(i, out ulong address, out ulong size))
            {
                isMapped &= HypervisorMap.MapDevice(map, address, size);
            }
        }

        return isMapped;
    }
}
