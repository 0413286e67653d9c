using System;

namespace SharpVisor.Formats;

/// <summary>CRC-32 as gzip, FIT and zip have it (RFC 1952, 8): polynomial 0xedb88320, reflected.</summary>
public static class Crc32
{
    // Four bits a step: a table of 16 words is read-only data and stays in the cache.
    private static ReadOnlySpan<uint> Table =>
    [
        0x0000_0000, 0x1db7_1064, 0x3b6e_20c8, 0x26d9_30ac, 0x76dc_4190, 0x6b6b_51f4, 0x4db2_6158, 0x5005_713c,
        0xedb8_8320, 0xf00f_9344, 0xd6d6_a3e8, 0xcb61_b38c, 0x9b64_c2b0, 0x86d3_d2d4, 0xa00a_e278, 0xbdbd_f21c,
    ];

    /// <summary>The checksum of all bytes.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> table = Table;
        uint crc = uint.MaxValue;
        for (int i = 0; i < bytes.Length; i++)
        {
            crc ^= bytes[i];
            crc = (crc >> 4) ^ table[(int)crc & 15];
            crc = (crc >> 4) ^ table[(int)crc & 15];
        }

        return ~crc;
    }
}
