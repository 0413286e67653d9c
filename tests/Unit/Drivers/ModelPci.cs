using System;
using System.Collections.Generic;
using SharpVisor.Drivers;

namespace SharpVisor.Tests.Unit.Drivers;

/// <summary>Configuration spaces of functions; those behind bridges are reached as the bridges' bus numbers say.</summary>
internal sealed class ModelPci : PciConfiguration
{
    /// <summary>A function's configuration space, and which of its bits can be written.</summary>
    internal sealed class Space
    {
        public byte[] Bytes { get; } = new byte[256];

        public byte[] Writable { get; } = new byte[256];

        /// <summary>What is on its other side, where it is a bridge.</summary>
        public Dictionary<(int Device, int Function), Space>? Behind { get; init; }

        public void Set32(int offset, uint value, uint writable = 0)
        {
            BitConverter.TryWriteBytes(Bytes.AsSpan(offset), value);
            BitConverter.TryWriteBytes(Writable.AsSpan(offset), writable);
        }

        public uint Get32(int offset) => BitConverter.ToUInt32(Bytes, offset);
    }

    public Dictionary<(int Device, int Function), Space> Root { get; } = [];

    public int Highest { get; init; } = 255;

    public Func<uint, uint>? Lie { get; set; }

    public override int FirstBus => 0;

    public override int LastBus => Highest;

    public override uint Read32(PciAddress address, int offset)
    {
        Check(address, offset);
        uint value = Find(address)?.Get32(offset) ?? uint.MaxValue;
        return Lie is null ? value : Lie(value);
    }

    public override void Write32(PciAddress address, int offset, uint value)
    {
        Check(address, offset);
        if (Find(address) is { } space)
        {
            for (int i = 0; i < 4; i++)
            {
                byte mask = space.Writable[offset + i];
                space.Bytes[offset + i] = (byte)((space.Bytes[offset + i] & ~mask) | ((byte)(value >> (8 * i)) & mask));
            }
        }
    }

    public override void Write16(PciAddress address, int offset, ushort value)
    {
        uint old = Find(address)?.Get32(offset & ~3) ?? 0;
        int shift = (offset & 2) * 8;
        Write32(address, offset & ~3, (old & ~(0xffffu << shift)) | ((uint)value << shift));
    }

    private void Check(PciAddress address, int offset)
    {
        if (address.Bus > Highest || offset is < 0 or > 4092 || (offset & 3) != 0)
        {
            throw new InvalidOperationException("an access outside of the configuration space");
        }
    }

    private Space? Find(PciAddress address) => Find(Root, 0, address);

    private static Space? Find(Dictionary<(int, int), Space> bus, int number, PciAddress address)
    {
        if (number == address.Bus)
        {
            return bus.GetValueOrDefault((address.Device, address.Function));
        }

        foreach (Space space in bus.Values)
        {
            if (space.Behind is not null && space.Bytes[0x19] <= address.Bus && address.Bus <= space.Bytes[0x1a] && space.Bytes[0x19] != 0)
            {
                return Find(space.Behind, space.Bytes[0x19], address);
            }
        }

        return null;
    }
}
