using System;
using System.Buffers.Binary;

namespace SharpVisor.Build.Cards;

/// <summary>Writes the first sector of a card: where its partitions are (UEFI 2.10, 5.2.1).</summary>
internal static class MasterBootRecord
{
    /// <summary>Bytes of a sector.</summary>
    internal const int SectorSize = 512;

    private const int EntriesOffset = 446;
    private const int EntrySize = 16;
    private const int SignatureOffset = 510;

    /// <summary>The sector.</summary>
    /// <param name="partitions">Type, first sector and number of sectors of each of at most four partitions.</param>
    internal static byte[] Create(params ReadOnlySpan<(byte Type, uint Start, uint Length)> partitions)
    {
        byte[] sector = new byte[SectorSize];
        for (int i = 0; i < partitions.Length; i++)
        {
            Span<byte> entry = sector.AsSpan(EntriesOffset + (i * EntrySize), EntrySize);

            // Cylinders, heads and sectors are beyond what the fields can say.
            entry[1] = entry[5] = 0xfe;
            entry[2] = entry[3] = entry[6] = entry[7] = 0xff;
            entry[4] = partitions[i].Type;
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], partitions[i].Start);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], partitions[i].Length);
        }

        sector[SignatureOffset] = 0x55;
        sector[SignatureOffset + 1] = 0xaa;
        return sector;
    }
}
