using System;
using System.Buffers.Binary;

namespace SharpVisor.Network;

/// <summary>What a switch wants to know of an Ethernet frame, read from its first bytes.</summary>
public struct FrameHead
{
    /// <summary>Bytes of a frame that are looked at: addresses, tag, IPv6 and ports. A shorter frame has fewer.</summary>
    public const int Size = 64;

    /// <summary>Bytes of the two addresses and of the type.</summary>
    public const int EthernetSize = 14;

    /// <summary>Bytes of an 802.1Q tag; it stands behind the addresses.</summary>
    public const int TagSize = 4;

    /// <summary>Bytes of the two addresses.</summary>
    public const int AddressesSize = 12;

    /// <summary>The type of a frame with an 802.1Q tag.</summary>
    public const ushort TagType = 0x8100;

    internal const ushort IPv4 = 0x0800;
    internal const ushort Arp = 0x0806;
    internal const ushort IPv6 = 0x86dd;
    internal const ushort IdMask = 0xfff;

    private const ulong MulticastBit = 1ul << 40;
    private const int ArpSize = 28;
    private const int IPv4Size = 20;
    private const int IPv6Size = 40;
    private const ulong EthernetWithIPv4 = 0x0001_0800_0604; // hardware, protocol, lengths of both

    /// <summary>The address that it goes to, in the lower 48 bits; the first byte on the line is the highest.</summary>
    public ulong Destination;

    /// <summary>The address that it says it comes from.</summary>
    public ulong Source;

    /// <summary>Whether it has an 802.1Q tag.</summary>
    public bool HasTag;

    /// <summary>The tag's 16 bits: priority and VLAN.</summary>
    public ushort Tag;

    /// <summary>What it carries, behind the tag.</summary>
    public ushort Type;

    /// <summary>Where what it carries begins.</summary>
    public int Payload;

    /// <summary>Whether it carries ARP for IPv4 over Ethernet.</summary>
    public bool IsArp;

    /// <summary>The hardware address that an ARP message names as its sender's.</summary>
    public ulong ArpSender;

    /// <summary>The IPv4 address that it says it comes from: of ARP the sender's, of IPv4 the source; else 0.</summary>
    public uint SourceIPv4;

    /// <summary>The same for all frames of one connection in one direction.</summary>
    public uint Flow;

    /// <summary>VLAN of the tag; 0 where there is none, or one that has only a priority.</summary>
    public readonly uint Vlan => HasTag ? Tag & (uint)IdMask : 0;

    /// <summary>Whether it goes to more than one.</summary>
    public readonly bool IsMulticast => (Destination & MulticastBit) != 0;

    /// <summary>Whether an address is one that a single station can have.</summary>
    public static bool IsStation(ulong address) => address != 0 && (address & MulticastBit) == 0 && address >> 48 == 0;

    /// <summary>Reads it.</summary>
    /// <param name="bytes">The frame's first <see cref="Size"/> bytes, or all that it has.</param>
    /// <param name="head">What was found.</param>
    /// <returns>False where that is no Ethernet frame that a switch can pass on.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out FrameHead head)
    {
        head = default;
        if (bytes.Length < EthernetSize)
        {
            return false;
        }

        head.Destination = BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16;
        head.Source = BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(4)) & 0xffff_ffff_ffff;
        head.Type = BinaryPrimitives.ReadUInt16BigEndian(bytes.Slice(AddressesSize));
        head.Payload = EthernetSize;
        if (head.Type == TagType)
        {
            if (bytes.Length < EthernetSize + TagSize)
            {
                return false;
            }

            head.HasTag = true;
            head.Tag = BinaryPrimitives.ReadUInt16BigEndian(bytes.Slice(EthernetSize));
            head.Type = BinaryPrimitives.ReadUInt16BigEndian(bytes.Slice(EthernetSize + 2));
            head.Payload = EthernetSize + TagSize;
        }

        head.ReadPayload(bytes.Slice(head.Payload));
        return IsStation(head.Source);
    }

    private void ReadPayload(ReadOnlySpan<byte> bytes)
    {
        if (Type == Arp && bytes.Length >= ArpSize && BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16 == EthernetWithIPv4)
        {
            IsArp = true;
            ArpSender = BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(8)) >> 16;
            SourceIPv4 = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(14));
        }
        else if (Type == IPv4 && bytes.Length >= IPv4Size)
        {
            SourceIPv4 = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(12));
            uint flow = Mix(SourceIPv4, BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(16)));
            int length = (bytes[0] & 15) * sizeof(uint);
            bool isWhole = (BinaryPrimitives.ReadUInt16BigEndian(bytes.Slice(6)) & 0x3fff) == 0; // of fragments only the first has ports
            Flow = MixPorts(flow, bytes[9], isWhole ? bytes : default, length);
        }
        else if (Type == IPv6 && bytes.Length >= IPv6Size)
        {
            uint flow = 0;
            for (int i = 8; i < IPv6Size; i += sizeof(uint))
            {
                flow = Mix(flow, BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(i)));
            }

            Flow = MixPorts(flow, bytes[6], bytes, IPv6Size);
        }
    }

    private static uint MixPorts(uint flow, byte protocol, ReadOnlySpan<byte> bytes, int offset)
    {
        const byte tcp = 6;
        const byte udp = 17;
        bool hasPorts = protocol is tcp or udp && bytes.Length >= offset + sizeof(uint);
        return Mix(flow, hasPorts ? BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(offset)) : protocol);
    }

    private static uint Mix(uint a, uint b)
    {
        uint mixed = (a ^ (b * 0x9e37_79b1)) * 0x85eb_ca6b;
        return mixed ^ (mixed >> 15);
    }
}
