using System;
using System.Buffers.Binary;

namespace SharpVisor.Network;

/// <summary>The checksum of the Internet's protocols (RFC 1071).</summary>
public static class InternetChecksum
{
    /// <summary>Adds bytes to a sum; only the last ones may be odd in number.</summary>
    public static ulong Add(ulong sum, ReadOnlySpan<byte> bytes)
    {
        int i = 0;
        for (; i + sizeof(uint) <= bytes.Length; i += sizeof(uint))
        {
            sum += BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(i)); // what overflows 16 bits is folded back in the end
        }

        if (i + sizeof(ushort) <= bytes.Length)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes.Slice(i));
            i += sizeof(ushort);
        }

        return i < bytes.Length ? sum + ((uint)bytes[i] << 8) : sum;
    }

    /// <summary>The checksum of a sum.</summary>
    public static ushort Finish(ulong sum)
    {
        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    /// <summary>
    /// Fills in a checksum that was left to be filled in: where it is to stand is the sum of what is not in the frame.
    /// </summary>
    /// <param name="frame">The frame.</param>
    /// <param name="offload">Sound for a frame of that length.</param>
    public static void Fill(Span<byte> frame, in FrameOffload offload)
    {
        ushort checksum = Finish(Add(0, frame.Slice(offload.ChecksumStart)));
        const int udp = 6; // where UDP's checksum stands; 0 means there that there is none
        checksum = checksum == 0 && offload.ChecksumOffset == udp ? ushort.MaxValue : checksum;
        BinaryPrimitives.WriteUInt16BigEndian(frame.Slice(offload.ChecksumStart + offload.ChecksumOffset), checksum);
    }
}
