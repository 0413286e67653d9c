using System;
using SharpVisor.Debug;
using SharpVisor.Drivers;
using SharpVisor.Formats;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>What the machine has for the control channel: a port of a virtio console, else a UART to spare, else nothing.</summary>
internal readonly struct PhysicalChannel
{
    private readonly VirtioRegisters? _device;
    private readonly Uart? _uart;

    private PhysicalChannel(VirtioRegisters? device, Uart? uart)
    {
        _device = device;
        _uart = uart;
    }

    /// <summary>Looks for it in the device tree, and maps its registers.</summary>
    /// <param name="tree">The machine's device tree.</param>
    /// <param name="map">The hypervisor's map.</param>
    /// <param name="interrupts">The machine's interrupt controller.</param>
    /// <param name="console">Node of the console's UART.</param>
    /// <param name="virtio">The machine's virtio devices.</param>
    internal static PhysicalChannel Find(in PhysicalTree tree, PageTable map, InterruptController interrupts, FdtNode console, PhysicalVirtio virtio)
    {
        if (tree.HasVirtio)
        {
            return new PhysicalChannel(virtio.At(VirtioConsole.DeviceId, 0), null);
        }

        if (!SecondUart.TryProbe(tree.Reader, console, out Uart? uart, out FdtNode node)
            || !DeviceInterrupt.TryGet(tree.Reader, node, interrupts, out uint interrupt)
            || !HypervisorMap.MapDevice(map, uart!.Address, PageTable.PageSize))
        {
            return default;
        }

        uart!.Interrupt = interrupt;
        return new PhysicalChannel(null, uart);
    }

    /// <summary>Takes it into use; its interrupt is for the caller to enable. Null where there is none.</summary>
    internal unsafe ByteChannel? Open(in PhysicalTree tree, PageAllocator pages)
    {
        if (_uart != null)
        {
            SecondUart.Open(tree.Reader, _uart);
            return new UartChannel(_uart);
        }

        const ulong length = (VirtioConsole.MemorySize + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);
        if (_device == null || !pages.TryAllocate(length, PageTable.PageSize, out ulong memory))
        {
            return null;
        }

        new Span<byte>((void*)memory, (int)VirtioConsole.ZeroedSize).Clear();

        if (VirtioConsole.TryStart(_device, "sharpvisor.control"u8, memory, out VirtioConsole? console))
        {
            return console!.Channel;
        }

        Log.Line("the virtio console has no ports with names: no control channel"u8);
        pages.Free(memory, length);
        return null;
    }
}
