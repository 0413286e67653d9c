using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SharpVisor.Drivers;

namespace SharpVisor.Tests.Unit.Drivers;

/// <summary>A virtio console with ports, as QEMU's behaves, at the level of registers and queues.</summary>
internal sealed class ModelConsole : VirtioRegisters
{
    private const ulong VersionOne = 1ul << 32;

    private readonly Dictionary<int, ModelQueue> _queues = [];
    private uint _status;
    private ulong _accepted;

    /// <summary>Ports by their numbers: their names, null for none, "tty" for a console.</summary>
    public SortedDictionary<int, string?> Ports { get; } = [];

    public ulong Features { get; set; } = VersionOne | 2;

    public bool Legacy { get; init; }

    public uint MostPorts { get; init; } = 31;

    public int QueueSize { get; init; } = 64;

    public bool RefusesFeatures { get; init; }

    public HashSet<int> GuestOpen { get; } = [];

    public HashSet<int> HostOpen { get; } = [];

    public List<int> Notified { get; } = [];

    public bool IsInterrupting { get; set; }

    public bool IsRunning => (_status & 4) != 0;

    public bool HasFailed => (_status & 128) != 0;

    public override uint DeviceId => 3;

    public override uint Interrupt => 79;

    public override bool IsLegacy => Legacy;

    protected override uint Status
    {
        get => _status;
        set
        {
            _status = value;
            if (value == 0)
            {
                _queues.Clear();
            }

            if ((value & 8) != 0 && RefusesFeatures)
            {
                _status &= ~8u;
            }
        }
    }

    public ModelQueue Queue(int index) => _queues[index];

    /// <summary>A message to the driver.</summary>
    public void Tell(int port, ushort what, ushort value, string name = "")
    {
        byte[] message = [.. BitConverter.GetBytes(port), .. BitConverter.GetBytes(what), .. BitConverter.GetBytes(value), .. Encoding.ASCII.GetBytes(name)];
        if (!_queues[2].TryFill(message))
        {
            throw new InvalidOperationException("no buffer for a message");
        }

        IsInterrupting = true;
    }

    public override int LargestQueue(int queue) => queue < 2 + (2 * MostPorts) ? QueueSize : 0;

    public override void SetQueue(int index, SplitQueue queue) => _queues.Add(index, new ModelQueue(queue));

    public override void Notify(int queue)
    {
        Notified.Add(queue);
        if (!IsRunning)
        {
            throw new InvalidOperationException("notified before it runs");
        }

        while (queue == 3 && _queues[3].TryDrain() is { } message)
        {
            Handle(BitConverter.ToInt32(message), BitConverter.ToUInt16(message, 4), BitConverter.ToUInt16(message, 6));
        }
    }

    public override uint TakeInterrupt()
    {
        bool was = IsInterrupting;
        IsInterrupting = false;
        return was ? 1u : 0;
    }

    public override byte ReadConfiguration8(int offset) => (byte)(ReadConfiguration32(offset & ~3) >> (8 * (offset & 3)));

    public override uint ReadConfiguration32(int offset) => offset == 4 ? MostPorts : 0;

    public override ulong ReadConfiguration64(int offset) => ReadConfiguration32(offset) | ((ulong)ReadConfiguration32(offset + 4) << 32);

    protected override ulong ReadFeatures() => Features;

    protected override void WriteFeatures(ulong features)
    {
        _accepted = features;
        if ((_accepted & ~Features) != 0)
        {
            throw new InvalidOperationException("features that were not offered");
        }
    }

    private void Handle(int port, ushort what, ushort value)
    {
        switch (what)
        {
            case 0:
                foreach (int each in Ports.Keys)
                {
                    Tell(each, 1, 1);
                }

                break;
            case 3 when value == 1 && Ports.TryGetValue(port, out string? name):
                if (name == "tty")
                {
                    Tell(port, 4, 1);
                }
                else if (name is not null)
                {
                    Tell(port, 7, 1, name);
                }

                if (HostOpen.Contains(port))
                {
                    Tell(port, 6, 1);
                }

                break;
            case 6 when value == 1:
                GuestOpen.Add(port);
                break;
        }
    }
}
