using System;
using Internal.Runtime;
using SharpVisor.Debug;
using SharpVisor.Devices.Virtio;
using SharpVisor.Drivers;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>
/// The machine's network devices: each is taken into use when the first network wants it, and belongs to that one from
/// then on.
/// </summary>
internal static unsafe class Uplinks
{
    private const int Maximum = 8;
    private const ulong SpaceOfObjects = 16 << 10;

    private static PhysicalVirtio? s_devices;
    private static Uplink?[]? s_all;

    /// <summary>Prepares, while the start-up region is open.</summary>
    internal static void Initialise() => s_all = new Uplink?[Maximum];

    /// <summary>What the machine has.</summary>
    internal static void Remember(PhysicalVirtio devices) => s_devices = devices;

    /// <summary>Connects a network to a device, unless it is already. No region of memory is open. Where it cannot be, a line says why.</summary>
    /// <param name="network">The network.</param>
    /// <param name="number">Number of the device, in the order of their addresses, from 0.</param>
    internal static void Connect(NetworkSwitch network, uint number)
    {
        if (number >= Maximum || s_all![number] != null)
        {
            return;
        }

        VirtioRegisters? registers = s_devices?.At(VirtioNet.DeviceId, (int)number);
        ReadOnlySpan<byte> problem = "the machine has no such device"u8;
        if (registers != null)
        {
            problem = TryConnect(network, registers, number) ? default : "the device does not work, or there is no memory for it"u8;
        }

        if (!problem.IsEmpty)
        {
            Log.Warning().Text("network "u8).Text(network.Name).Text(": no uplink virtio-net"u8).Decimal(number).Text(": "u8).Text(problem).End();
        }
    }

    /// <summary>An interrupt. False where it is none of theirs.</summary>
    internal static bool TryHandle(uint interrupt, ref bool hasMore)
    {
        for (int i = 0; i < Maximum; i++)
        {
            if (s_all![i] is Uplink uplink && uplink.Interrupt == interrupt)
            {
                hasMore |= uplink.Work();
                return true;
            }
        }

        return false;
    }

    /// <summary>Goes on with what was left. Whether there is still more.</summary>
    internal static bool Work()
    {
        bool hasMore = false;
        for (int i = 0; i < Maximum; i++)
        {
            hasMore |= s_all![i] is Uplink uplink && uplink.Work();
        }

        return hasMore;
    }

    private static bool TryConnect(NetworkSwitch network, VirtioRegisters registers, uint number)
    {
        const ulong memorySize = (VirtioNet.MemorySize + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);
        PageAllocator pages = Hypervisor.Pages;
        if (!pages.TryAllocate(memorySize + SpaceOfObjects, PageTable.PageSize, out ulong memory))
        {
            return false;
        }

        new Span<byte>((void*)memory, (int)VirtioNet.ZeroedSize).Clear();
        Heap.Open(memory + memorySize, SpaceOfObjects);
        Uplink? uplink = VirtioNet.TryStart(registers, memory, out VirtioNet? device) ? Uplink.Connect(device!, network) : null;
        Heap.Close();
        s_all![number] = uplink;
        if (uplink == null)
        {
            return false; // the device may still know the memory: it is not given back
        }

        Hypervisor.Interrupts.Enable(uplink.Interrupt);
        return true;
    }
}
