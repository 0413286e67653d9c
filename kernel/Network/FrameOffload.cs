using System;
using System.Buffers.Binary;

namespace SharpVisor.Network;

/// <summary>
/// What a sender has left to be done with a frame: the header that travels before it (struct virtio_net_hdr, virtio 1.2,
/// 5.1.6), all of it checked only by <see cref="IsSound"/>.
/// </summary>
public struct FrameOffload
{
    /// <summary>Bytes of the header, the number of buffers included.</summary>
    public const int Size = 12;

    /// <summary>Bytes of it before the number of buffers.</summary>
    public const int SizeWithoutBuffers = 10;

    /// <summary>VIRTIO_NET_HDR_F_NEEDS_CSUM.</summary>
    public const byte NeedsChecksum = 1;

    /// <summary>VIRTIO_NET_HDR_F_DATA_VALID: somebody has seen that the checksums are right.</summary>
    public const byte DataValid = 2;

    /// <summary>VIRTIO_NET_HDR_GSO_TCPV4.</summary>
    public const byte TcpV4 = 1;

    /// <summary>VIRTIO_NET_HDR_GSO_TCPV6.</summary>
    public const byte TcpV6 = 4;

    /// <summary>VIRTIO_NET_HDR_GSO_ECN, beside one of these: the first segment has CWR.</summary>
    public const byte Ecn = 0x80;

    /// <summary>What is asked for.</summary>
    public byte Flags;

    /// <summary>How the frame is to be cut up; 0: not at all.</summary>
    public byte Segmentation;

    /// <summary>Bytes of the heads: a hint, which is passed on and not used.</summary>
    public ushort HeadLength;

    /// <summary>Bytes of a segment behind the heads.</summary>
    public ushort SegmentSize;

    /// <summary>Where the checksum begins, from the frame's begin.</summary>
    public ushort ChecksumStart;

    /// <summary>Where it is to be put, from there.</summary>
    public ushort ChecksumOffset;

    /// <summary>Whether the checksum is still to be filled in.</summary>
    public readonly bool HasPartialChecksum => (Flags & NeedsChecksum) != 0;

    /// <summary>How the frame is to be cut up, without the flag.</summary>
    public readonly int Kind => Segmentation & ~Ecn;

    /// <summary>Whether what is asked for can be done with a frame of that length.</summary>
    public readonly bool IsSound(uint length) =>
        (!HasPartialChecksum || (uint)ChecksumStart + ChecksumOffset + sizeof(ushort) <= length)
        && (Segmentation == 0 || (HasPartialChecksum && SegmentSize != 0 && Kind is TcpV4 or TcpV6));

    /// <summary>Reads it from <see cref="SizeWithoutBuffers"/> bytes.</summary>
    public static FrameOffload Read(ReadOnlySpan<byte> bytes) => new()
    {
        Flags = bytes[0],
        Segmentation = bytes[1],
        HeadLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(2)),
        SegmentSize = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(4)),
        ChecksumStart = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(6)),
        ChecksumOffset = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(8)),
    };

    /// <summary>Writes it to <see cref="SizeWithoutBuffers"/> bytes.</summary>
    /// <param name="bytes">Where to.</param>
    /// <param name="moved">Bytes by which the frame has grown before its checksum begins.</param>
    public readonly void Write(Span<byte> bytes, int moved)
    {
        bytes[0] = Flags;
        bytes[1] = Segmentation;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(2), (ushort)(Segmentation == 0 ? HeadLength : HeadLength + moved));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(4), SegmentSize);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(6), (ushort)(HasPartialChecksum ? ChecksumStart + moved : ChecksumStart));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(8), ChecksumOffset);
    }
}
