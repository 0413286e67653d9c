using System;
using System.Buffers.Binary;
using System.Text;

namespace SharpVisor.Tests.Machine;

/// <summary>Writes a GUID partition table (UEFI 2.10, 5.3) into an image, at its beginning and its end.</summary>
internal static class GuidTable
{
    private const int Sector = 512;
    private const int Entries = 128;
    private const int EntrySize = 128;
    private const int EntrySectors = Entries * EntrySize / Sector;

    internal static void Write(Span<byte> image, params ReadOnlySpan<(string Name, int First, int Count)> partitions)
    {
        ulong last = (ulong)(image.Length / Sector) - 1;
        byte[] entries = new byte[Entries * EntrySize];
        for (int i = 0; i < partitions.Length; i++)
        {
            Span<byte> entry = entries.AsSpan(i * EntrySize, EntrySize);
            new Guid("0fc63daf-8483-4772-8e79-3d69d8477de4").TryWriteBytes(entry);
            new Guid($"00000000-0000-0000-0000-{i + 1:d12}").TryWriteBytes(entry[16..]);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], (ulong)partitions[i].First);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[40..], (ulong)(partitions[i].First + partitions[i].Count - 1));
            Encoding.Unicode.GetBytes(partitions[i].Name).CopyTo(entry[56..]);
        }

        image[446 + 4] = 0xee;
        BinaryPrimitives.WriteUInt32LittleEndian(image[(446 + 8)..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(image[(446 + 12)..], (uint)last);
        BinaryPrimitives.WriteUInt16LittleEndian(image[510..], 0xaa55);
        entries.CopyTo(image[(2 * Sector)..]);
        entries.CopyTo(image[(int)((last - EntrySectors) * Sector)..]);
        WriteHeader(image, 1, last, 2, last, entries);
        WriteHeader(image, last, 1, last - EntrySectors, last, entries);
    }

    private static void WriteHeader(Span<byte> image, ulong place, ulong other, ulong entryPlace, ulong last, byte[] entries)
    {
        Span<byte> header = image.Slice((int)place * Sector, 92);
        "EFI PART"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], 0x10000);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], 92);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], place);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], other);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], 2 + EntrySectors);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], last - EntrySectors - 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header[72..], entryPlace);
        BinaryPrimitives.WriteUInt32LittleEndian(header[80..], Entries);
        BinaryPrimitives.WriteUInt32LittleEndian(header[84..], EntrySize);
        BinaryPrimitives.WriteUInt32LittleEndian(header[88..], Checksum(entries));
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Checksum(header));
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in bytes)
        {
            sum ^= value;
            for (int i = 0; i < 8; i++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * 0xedb8_8320);
            }
        }

        return ~sum;
    }
}
