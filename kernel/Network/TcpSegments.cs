using System;
using System.Buffers.Binary;

namespace SharpVisor.Network;

/// <summary>Cuts a large TCP frame into segments as a network card would, for a receiver that wants none that are large.</summary>
public ref struct TcpSegments
{
    /// <summary>Most segments of a frame: with less in each nobody sends.</summary>
    public const int MostSegments = 256;

    private const int TcpHead = 20;
    private const int ChecksumOffset = 16;
    private const byte Tcp = 6;
    private const byte Fin = 1;
    private const byte Push = 8;
    private const byte Cwr = 0x80;

    private readonly ReadOnlySpan<byte> _frame;
    private readonly int _network;
    private readonly int _transport;
    private readonly int _head;
    private readonly int _size;
    private int _next;

    private TcpSegments(ReadOnlySpan<byte> frame, int network, int transport, int head, int size)
    {
        _frame = frame;
        _network = network;
        _transport = transport;
        _head = head;
        _size = size;
        _next = head;
        Largest = head + size;
    }

    /// <summary>Bytes of the largest segment, heads included.</summary>
    public int Largest { get; }

    /// <summary>Prepares.</summary>
    /// <param name="frame">The frame: constant until all segments were taken.</param>
    /// <param name="offload">Sound for a frame of that length.</param>
    /// <param name="segments">What gives them.</param>
    /// <returns>False where the frame is not what it should be.</returns>
    public static bool TryBegin(ReadOnlySpan<byte> frame, in FrameOffload offload, out TcpSegments segments)
    {
        segments = default;
        if (!FrameHead.TryRead(frame, out FrameHead ethernet))
        {
            return false;
        }

        bool isV4 = offload.Kind == FrameOffload.TcpV4;
        int network = ethernet.Payload;
        int transport = offload.ChecksumStart;
        if (ethernet.Type != (isV4 ? FrameHead.IPv4 : FrameHead.IPv6) || offload.ChecksumOffset != ChecksumOffset
            || transport + TcpHead > frame.Length || transport < network + (isV4 ? 20 : 40))
        {
            return false;
        }

        if (isV4 ? frame[network + 9] != Tcp || network + ((frame[network] & 15) * 4) != transport : transport == network + 40 && frame[network + 6] != Tcp)
        {
            return false;
        }

        int tcp = frame[transport + 12] >> 4 << 2;
        int head = transport + tcp;
        if (tcp < TcpHead || head >= frame.Length || (frame.Length - head - 1) / offload.SegmentSize >= MostSegments)
        {
            return false;
        }

        segments = new TcpSegments(frame, network, transport, head, offload.SegmentSize);
        return true;
    }

    /// <summary>Makes the next segment, all of its checksums filled in.</summary>
    /// <param name="segment">Where to; at least <see cref="Largest"/>.</param>
    /// <returns>Its bytes; 0 behind the last.</returns>
    public int Next(Span<byte> segment)
    {
        int size = Math.Min(_size, _frame.Length - _next);
        if (size <= 0)
        {
            return 0;
        }

        int length = _head + size;
        bool isFirst = _next == _head;
        bool isLast = _next + size == _frame.Length;
        segment = segment.Slice(0, length);
        _frame.Slice(0, _head).CopyTo(segment);
        _frame.Slice(_next, size).CopyTo(segment.Slice(_head));
        Span<byte> network = segment.Slice(_network);
        Span<byte> transport = segment.Slice(_transport);
        uint sequence = BinaryPrimitives.ReadUInt32BigEndian(transport.Slice(4));
        BinaryPrimitives.WriteUInt32BigEndian(transport.Slice(4), sequence + (uint)(_next - _head));
        int flags = transport[13];
        flags &= isLast ? 0xff : ~(Fin | Push);
        flags &= isFirst ? 0xff : ~Cwr;
        transport[13] = (byte)flags;
        ulong sum = (network[0] >> 4) == 4 ? FinishV4(network, (_next - _head) / _size) : FinishV6(network);
        BinaryPrimitives.WriteUInt16BigEndian(transport.Slice(ChecksumOffset), 0);
        sum = InternetChecksum.Add(sum + Tcp + (uint)transport.Length, transport);
        BinaryPrimitives.WriteUInt16BigEndian(transport.Slice(ChecksumOffset), InternetChecksum.Finish(sum));
        _next += size;
        return length;
    }

    // Both give the sum of the addresses, which are in TCP's checksum.
    private readonly ulong FinishV4(Span<byte> network, int index)
    {
        BinaryPrimitives.WriteUInt16BigEndian(network.Slice(2), (ushort)network.Length);
        BinaryPrimitives.WriteUInt16BigEndian(network.Slice(4), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(network.Slice(4)) + index));
        BinaryPrimitives.WriteUInt16BigEndian(network.Slice(10), 0);
        ReadOnlySpan<byte> head = network.Slice(0, _transport - _network);
        BinaryPrimitives.WriteUInt16BigEndian(network.Slice(10), InternetChecksum.Finish(InternetChecksum.Add(0, head)));
        return InternetChecksum.Add(0, head.Slice(12, 8));
    }

    private static ulong FinishV6(Span<byte> network)
    {
        BinaryPrimitives.WriteUInt16BigEndian(network.Slice(4), (ushort)(network.Length - 40));
        return InternetChecksum.Add(0, network.Slice(8, 32));
    }
}
