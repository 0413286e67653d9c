using System;
using System.Buffers.Binary;

namespace SharpVisor.Formats;

/// <summary>CRC-32 as gzip, FIT and zip have it (RFC 1952, 8): polynomial 0xedb88320, reflected.</summary>
public static class Crc32
{
    private const int Entries = 16;

    // Line pair n: the checksum of each four bits with n more groups of four behind them. Eight look-ups that do not
    // wait for each other take four bytes, and half a KiB of read-only data stays in the cache.
    private static ReadOnlySpan<uint> Table =>
    [
        0x0000_0000, 0x1db7_1064, 0x3b6e_20c8, 0x26d9_30ac, 0x76dc_4190, 0x6b6b_51f4, 0x4db2_6158, 0x5005_713c,
        0xedb8_8320, 0xf00f_9344, 0xd6d6_a3e8, 0xcb61_b38c, 0x9b64_c2b0, 0x86d3_d2d4, 0xa00a_e278, 0xbdbd_f21c,
        0x0000_0000, 0x7707_3096, 0xee0e_612c, 0x9909_51ba, 0x076d_c419, 0x706a_f48f, 0xe963_a535, 0x9e64_95a3,
        0x0edb_8832, 0x79dc_b8a4, 0xe0d5_e91e, 0x97d2_d988, 0x09b6_4c2b, 0x7eb1_7cbd, 0xe7b8_2d07, 0x90bf_1d91,
        0x0000_0000, 0x4ac2_1251, 0x9584_24a2, 0xdf46_36f3, 0xf079_4f05, 0xbabb_5d54, 0x65fd_6ba7, 0x2f3f_79f6,
        0x3b83_984b, 0x7141_8a1a, 0xae07_bce9, 0xe4c5_aeb8, 0xcbfa_d74e, 0x8138_c51f, 0x5e7e_f3ec, 0x14bc_e1bd,
        0x0000_0000, 0x191b_3141, 0x3236_6282, 0x2b2d_53c3, 0x646c_c504, 0x7d77_f445, 0x565a_a786, 0x4f41_96c7,
        0xc8d9_8a08, 0xd1c2_bb49, 0xfaef_e88a, 0xe3f4_d9cb, 0xacb5_4f0c, 0xb5ae_7e4d, 0x9e83_2d8e, 0x8798_1ccf,
        0x0000_0000, 0x1c26_a370, 0x384d_46e0, 0x246b_e590, 0x709a_8dc0, 0x6cbc_2eb0, 0x48d7_cb20, 0x54f1_6850,
        0xe135_1b80, 0xfd13_b8f0, 0xd978_5d60, 0xc55e_fe10, 0x91af_9640, 0x8d89_3530, 0xa9e2_d0a0, 0xb5c4_73d0,
        0x0000_0000, 0x01c2_6a37, 0x0384_d46e, 0x0246_be59, 0x0709_a8dc, 0x06cb_c2eb, 0x048d_7cb2, 0x054f_1685,
        0x0e13_51b8, 0x0fd1_3b8f, 0x0d97_85d6, 0x0c55_efe1, 0x091a_f964, 0x08d8_9353, 0x0a9e_2d0a, 0x0b5c_473d,
        0x0000_0000, 0x5019_579f, 0xa032_af3e, 0xf02b_f8a1, 0x9b14_583d, 0xcb0d_0fa2, 0x3b26_f703, 0x6b3f_a09c,
        0xed59_b63b, 0xbd40_e1a4, 0x4d6b_1905, 0x1d72_4e9a, 0x764d_ee06, 0x2654_b999, 0xd67f_4138, 0x8666_16a7,
        0x0000_0000, 0xb8bc_6765, 0xaa09_c88b, 0x12b5_afee, 0x8f62_9757, 0x37de_f032, 0x256b_5fdc, 0x9dd7_38b9,
        0xc5b4_28ef, 0x7d08_4f8a, 0x6fbd_e064, 0xd701_8701, 0x4ad6_bfb8, 0xf26a_d8dd, 0xe0df_7733, 0x5863_1056,
    ];

    /// <summary>The checksum of all bytes.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The checksum of bytes that come in pieces.</summary>
    /// <param name="before">That of the pieces before; 0 where there are none.</param>
    /// <param name="bytes">The next piece.</param>
    public static uint Append(uint before, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> table = Table;
        uint crc = ~before;
        while (bytes.Length >= sizeof(uint))
        {
            crc ^= BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            crc = table[(7 * Entries) + (int)(crc & 15)] ^ table[(6 * Entries) + (int)(crc >> 4 & 15)]
                ^ table[(5 * Entries) + (int)(crc >> 8 & 15)] ^ table[(4 * Entries) + (int)(crc >> 12 & 15)]
                ^ table[(3 * Entries) + (int)(crc >> 16 & 15)] ^ table[(2 * Entries) + (int)(crc >> 20 & 15)]
                ^ table[Entries + (int)(crc >> 24 & 15)] ^ table[(int)(crc >> 28)];
            bytes = bytes.Slice(sizeof(uint));
        }

        for (int i = 0; i < bytes.Length; i++)
        {
            crc ^= bytes[i];
            crc = (crc >> 4) ^ table[(int)(crc & 15)];
            crc = (crc >> 4) ^ table[(int)(crc & 15)];
        }

        return ~crc;
    }
}
