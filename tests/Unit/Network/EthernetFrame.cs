using System;
using System.Buffers.Binary;
using System.Linq;
using System.Net;

namespace SharpVisor.Tests.Unit.Network;

/// <summary>Frames, written as the standards say.</summary>
internal static class EthernetFrame
{
    internal const ulong Broadcast = 0xffff_ffff_ffff;

    internal static byte[] Make(ulong destination, ulong source, int? tag, ushort type, byte[] payload) =>
        [.. Mac(destination), .. Mac(source), .. tag is int value ? [0x81, 0x00, (byte)(value >> 8), (byte)value] : Array.Empty<byte>(), .. Word(type), .. payload];

    internal static byte[] Arp(ulong source, ulong sender, string address, int? tag = null, ulong destination = Broadcast) =>
        Make(destination, source, tag, 0x0806, [0, 1, 8, 0, 6, 4, 0, 1, .. Mac(sender), .. IPAddress.Parse(address).GetAddressBytes(), .. new byte[6], 10, 0, 0, 99]);

    internal static byte[] Udp(ulong destination, ulong source, string from, int bytes, int? tag = null)
    {
        byte[] udp = [.. Word(1000), .. Word(2000), .. Word((ushort)(8 + bytes)), 0, 0, .. Enumerable.Range(0, bytes).Select(i => (byte)i)];
        return Make(destination, source, tag, 0x0800, [.. Head(17, from, "10.9.9.9", udp.Length, 7), .. udp]);
    }

    /// <summary>A TCP frame whose checksum is left to be filled in: it holds the pseudo header's sum.</summary>
    internal static byte[] Tcp(ulong destination, ulong source, bool isV6, int bytes, byte flags, int? tag = null, uint sequence = 1000)
    {
        byte[] head = [.. Word(1000), .. Word(2000), .. Long(sequence), .. Long(55), 0x80, flags, .. Word(500), 0, 0, 0, 0, 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8];
        head = head[..32];
        byte[] data = Enumerable.Range(0, bytes).Select(i => (byte)(i * 7)).ToArray();
        byte[] from = isV6 ? IPAddress.Parse("fd00::1").GetAddressBytes() : [10, 0, 0, 1];
        byte[] to = isV6 ? IPAddress.Parse("fd00::2").GetAddressBytes() : [10, 0, 0, 2];
        ushort pseudo = (ushort)~Checksum([.. from, .. to, .. Long((uint)(32 + bytes)), 0, 0, 0, 6]);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(16), pseudo);
        byte[] ip = isV6
            ? [0x60, 0, 0, 0, .. Word((ushort)(32 + bytes)), 6, 64, .. from, .. to]
            : Head(6, "10.0.0.1", "10.0.0.2", 32 + bytes, 7);
        return Make(destination, source, tag, (ushort)(isV6 ? 0x86dd : 0x0800), [.. ip, .. head, .. data]);
    }

    /// <summary>RFC 1071 as it is written: 16 bits at a time.</summary>
    internal static ushort Checksum(byte[] bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i += 2)
        {
            sum += (uint)(bytes[i] << 8) + (i + 1 < bytes.Length ? bytes[i + 1] : 0u);
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    private static byte[] Head(byte protocol, string from, string to, int length, ushort id)
    {
        byte[] head = [0x45, 0, .. Word((ushort)(20 + length)), .. Word(id), 0x40, 0, 64, protocol, 0, 0, .. IPAddress.Parse(from).GetAddressBytes(), .. IPAddress.Parse(to).GetAddressBytes()];
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(10), Checksum(head));
        return head;
    }

    private static byte[] Mac(ulong mac) => [(byte)(mac >> 40), (byte)(mac >> 32), (byte)(mac >> 24), (byte)(mac >> 16), (byte)(mac >> 8), (byte)mac];

    private static byte[] Word(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Long(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
