using System;
using System.Runtime.InteropServices;

namespace SharpVisor.Drivers;

/// <summary>
/// A virtio console with several ports (virtio 1.2, 5.3), of which one is used: the one with the name that is looked for,
/// else the first one without a name at whose other end somebody comes.
/// </summary>
/// <remarks>
/// Nothing is sent to a port unasked: QEMU stops the machine at a byte for a port at whose other end nobody is.
/// Its owner does the locking.
/// </remarks>
public sealed unsafe class VirtioConsole
{
    /// <summary>The device's number (virtio 1.2, 5).</summary>
    public const uint DeviceId = 3;

    /// <summary>Bytes of memory that it needs.</summary>
    public const ulong MemorySize = ZeroedSize + ControlMemory + ConsolePort.MemorySize;

    /// <summary>Bytes at the begin of them that must be zero.</summary>
    public const ulong ZeroedSize = (ulong)QueueCount * SplitQueue.MemorySize;

    private const ulong FeatureMultiport = 1 << 1;

    // Ports with higher numbers are not looked at.
    private const int MostPorts = 4;
    private const int QueueCount = 2 + (2 * MostPorts);
    private const int ControlQueue = 2;
    private const int ControlQueueSize = 32;
    private const int PortQueueSize = 8;
    private const ulong ControlMemory = 4096;
    private const int ReceiveSlot = 96;
    private const int TransmitSlot = 8;

    // struct virtio_console_control: id (4 bytes), event, value; a port's name behind it (5.3.6.2).
    private const int MessageSize = 8;
    private const ushort DeviceReady = 0;
    private const ushort PortAdd = 1;
    private const ushort PortRemove = 2;
    private const ushort PortReady = 3;
    private const ushort IsConsolePort = 4;
    private const ushort PortOpen = 6;
    private const ushort PortName = 7;

    private readonly SplitQueue[] _queues = new SplitQueue[QueueCount];
    private readonly bool[] _isForOthers = new bool[MostPorts];
    private readonly byte[] _name;
    private readonly ulong _controlMemory;
    private uint _nextTransmit;
    private bool _isBroken;

    private VirtioConsole(VirtioRegisters registers, byte[] name, ulong memory)
    {
        Registers = registers;
        _name = name;
        _controlMemory = memory + ((ulong)QueueCount * SplitQueue.MemorySize);
        Channel = new ConsolePort(this, _controlMemory + ControlMemory);
    }

    /// <summary>The port that is used.</summary>
    public ConsolePort Channel { get; }

    /// <summary>The device's registers.</summary>
    internal VirtioRegisters Registers { get; }

    private SplitQueue ControlReceive => _queues[ControlQueue];

    private SplitQueue ControlTransmit => _queues[ControlQueue + 1];

    /// <summary>Starts the device.</summary>
    /// <param name="registers">A device with the number <see cref="DeviceId"/>.</param>
    /// <param name="name">Name of the port to look for.</param>
    /// <param name="memory"><see cref="MemorySize"/> bytes, the first <see cref="ZeroedSize"/> zero, aligned to a page, at the same address for the device.</param>
    /// <param name="console">The driver.</param>
    /// <returns>False where it has no ports with names, or does not work.</returns>
    public static bool TryStart(VirtioRegisters registers, ReadOnlySpan<byte> name, ulong memory, out VirtioConsole? console)
    {
        console = null;
        if (!registers.TryBegin(FeatureMultiport, out ulong agreed) || (agreed & FeatureMultiport) == 0)
        {
            registers.GiveUp();
            return false;
        }

        byte[] wanted = new byte[name.Length];
        name.CopyTo(wanted);
        VirtioConsole made = new(registers, wanted, memory);
        if (!made.TrySetQueues(memory))
        {
            registers.GiveUp();
            return false;
        }

        registers.Start();
        for (int i = 0; i < ControlQueueSize; i++)
        {
            made.GiveControl((uint)i);
        }

        made.ControlTransmit.DisableInterrupt();
        made.PublishControl();
        made.Send(0, DeviceReady, 1);
        console = made;
        return true;
    }

    /// <summary>Index of the queue with what a port receives; the next one is the one that it sends (5.3.2).</summary>
    internal static int ReceiveQueue(int port) => port == 0 ? 0 : (2 * port) + 2;

    /// <summary>The device interrupts.</summary>
    internal void HandleInterrupt()
    {
        Registers.TakeInterrupt();
        TakeMessages();
    }

    /// <summary>Looks what the device says of its ports.</summary>
    internal void TakeMessages()
    {
        for (int i = 0; i < ControlQueueSize && !_isBroken && ControlReceive.TryTake(out uint slot, out uint length); i++)
        {
            // The device may write on while we read: take it once.
            Message message = *(Message*)ReceiveAddress(slot);
            int nameLength = Math.Min((int)Math.Min(length, ReceiveSlot), ReceiveSlot) - MessageSize;
            if (nameLength >= 0)
            {
                Handle(message, new ReadOnlySpan<byte>((byte*)ReceiveAddress(slot) + MessageSize, nameLength));
            }

            GiveControl(slot);
        }

        PublishControl();
    }

    private bool TrySetQueues(ulong memory)
    {
        uint ports = Registers.ReadConfiguration32(4); // max_nr_ports
        for (int i = 0; i < QueueCount; i++)
        {
            bool isControl = i is ControlQueue or ControlQueue + 1;
            int wanted = isControl ? ControlQueueSize : PortQueueSize;
            bool isThere = isControl || (uint)PortOf(i) < ports;
            if (isThere && Registers.LargestQueue(i) < wanted)
            {
                return false;
            }

            _queues[i] = new SplitQueue(memory + ((ulong)i * SplitQueue.MemorySize), wanted);
            if (isThere)
            {
                Registers.SetQueue(i, _queues[i]);
            }
            else
            {
                _isForOthers[PortOf(i)] = true;
            }
        }

        return true;
    }

    private static int PortOf(int queue) => queue < ControlQueue ? 0 : (queue / 2) - 1;

    private void Handle(Message message, ReadOnlySpan<byte> name)
    {
        if (message.Port >= MostPorts)
        {
            if (message.Event == PortAdd)
            {
                Send(message.Port, PortReady, 0);
            }

            return;
        }

        int port = (int)message.Port;
        switch (message.Event)
        {
            case PortAdd:
                Send(message.Port, PortReady, 1);
                break;
            case PortRemove when port == Channel.Port:
                Channel.SetOpen(false);
                break;
            case PortRemove:
                _isForOthers[port] = false;
                break;
            case IsConsolePort:
                _isForOthers[port] = true;
                break;
            case PortName:
                if (IsOurs(name))
                {
                    Use(port);
                }
                else
                {
                    _isForOthers[port] = true;
                }

                break;
            case PortOpen:
                if (message.Value != 0 && !_isForOthers[port])
                {
                    Use(port);
                }

                if (port == Channel.Port)
                {
                    Channel.SetOpen(message.Value != 0);
                }

                break;
        }
    }

    // Linux's driver takes a name with a zero behind it, QEMU sends one without.
    private bool IsOurs(ReadOnlySpan<byte> name)
    {
        int end = name.IndexOf((byte)0);
        return (end < 0 ? name : name.Slice(0, end)).SequenceEqual(_name);
    }

    private void Use(int port)
    {
        if (Channel.Port < 0)
        {
            int queue = ReceiveQueue(port);
            Channel.Bind(port, _queues[queue], _queues[queue + 1]);
            Send((uint)port, PortOpen, 1);
        }
    }

    private void Send(uint port, ushort what, ushort value)
    {
        while (ControlTransmit.TryTake(out _, out _))
        {
        }

        // As many slots as descriptors: in use until it comes back, and they come back in order.
        uint slot = _nextTransmit;
        Message* message = (Message*)(_controlMemory + (ControlQueueSize * ReceiveSlot) + (slot * TransmitSlot));
        if (ControlTransmit.FreeCount == 0)
        {
            return;
        }

        message->Port = port;
        message->Event = what;
        message->Value = value;
        ControlTransmit.TryAdd((ulong)message, MessageSize, isForDevice: false, slot);
        _nextTransmit = (slot + 1) % ControlQueueSize;
        if (ControlTransmit.Publish())
        {
            Registers.Notify(ControlQueue + 1);
        }
    }

    private ulong ReceiveAddress(uint slot) => _controlMemory + (slot * ReceiveSlot);

    private void GiveControl(uint slot) => ControlReceive.TryAdd(ReceiveAddress(slot), ReceiveSlot, isForDevice: true, slot);

    private void PublishControl()
    {
        if (ControlReceive.Publish())
        {
            Registers.Notify(ControlQueue);
        }

        _isBroken |= ControlReceive.IsBroken;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        internal uint Port;
        internal ushort Event;
        internal ushort Value;
    }
}
