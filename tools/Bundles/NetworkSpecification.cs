using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using SharpVisor.Formats;

namespace SharpVisor.Bundles;

/// <summary>A network device of a virtual machine; <see cref="BundleNetwork"/> is what the hypervisor makes of it.</summary>
public sealed record NetworkSpecification
{
    /// <summary>Group that reaches only those in no group.</summary>
    public const uint Alone = uint.MaxValue;

    /// <summary>Name of the network.</summary>
    public required string Network { get; init; }

    /// <summary>MAC address, in the lower 48 bits.</summary>
    public required ulong Mac { get; init; }

    /// <summary>VLAN of frames without a tag; 0 for none.</summary>
    public uint Vlan { get; init; } = 1;

    /// <summary>VLANs of frames with a tag.</summary>
    public IReadOnlyList<ushort> Trunk { get; init; } = [];

    /// <summary>Most bytes in a second; 0: any number.</summary>
    public ulong Rate { get; init; }

    /// <summary>Bytes that may be sent at once.</summary>
    public ulong Burst { get; init; }

    /// <summary>Isolation group; 0 for none, or <see cref="Alone"/>.</summary>
    public uint Isolation { get; init; }

    /// <summary>MTU.</summary>
    public uint Mtu { get; init; } = 1500;

    /// <summary>Pairs of queues.</summary>
    public uint Queues { get; init; } = 1;

    /// <summary>Whether others' addresses may be used.</summary>
    public bool AllowsSpoofing { get; init; }

    /// <summary>IPv4 addresses that it is held to; none: any that is free.</summary>
    public IReadOnlyList<uint> Addresses { get; init; } = [];

    /// <summary>The network's uplink: number of a physical network device + 1; 0 for none.</summary>
    public uint Uplink { get; init; }

    /// <summary>Feature bits that the device does not offer.</summary>
    public ulong Withheld { get; init; }

    /// <summary>Writes a record of a bundle.</summary>
    internal void Write(Span<byte> record)
    {
        byte[] trunk = new byte[Trunk.Count * sizeof(ushort)];
        for (int i = 0; i < Trunk.Count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(trunk.AsSpan(i * sizeof(ushort)), Trunk[i]);
        }

        byte[] addresses = new byte[Addresses.Count * sizeof(uint)];
        for (int i = 0; i < Addresses.Count; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(addresses.AsSpan(i * sizeof(uint)), Addresses[i]);
        }

        new BundleNetwork
        {
            Name = Encoding.UTF8.GetBytes(Network),
            Mac = Mac,
            Vlan = Vlan,
            Trunk = trunk,
            Rate = Rate,
            Burst = Burst,
            Isolation = Isolation,
            Mtu = Mtu,
            Queues = Queues,
            Flags = AllowsSpoofing ? BundleNetwork.AllowsSpoofing : (byte)0,
            Addresses = addresses,
            Uplink = Uplink,
            Withheld = Withheld,
        }.Write(record);
    }
}
