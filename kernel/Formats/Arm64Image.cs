using System;
using System.Buffers.Binary;

namespace SharpVisor.Formats;

/// <summary>
/// The header of an arm64 Linux <c>Image</c> (Linux documentation, arm64/booting): also used by U-Boot, EDK2's
/// loaders, Zephyr and test kernels.
/// </summary>
public readonly struct Arm64Image
{
    private const int HeaderSize = 64;
    private const uint Magic = 0x644d_5241; // "ARM\x64"
    private const int PeSignature = 0x0000_4550; // "PE\0\0"
    private const int PeHeaderPointer = 0x3c;
    private const int PeFileHeaderSize = 24;
    private const int PeSectionSize = 40;

    private Arm64Image(ulong textOffset, ulong imageSize)
    {
        TextOffset = textOffset;
        ImageSize = imageSize;
    }

    /// <summary>Bytes from a 2 MiB boundary at which the image wants to lie.</summary>
    public ulong TextOffset { get; }

    /// <summary>Bytes of memory that it takes from there, bss included; 0 in kernels before 3.17.</summary>
    public ulong ImageSize { get; }

    /// <summary>Whether the bytes begin with the header.</summary>
    public static bool IsImage(ReadOnlySpan<byte> file) =>
        file.Length >= HeaderSize && BinaryPrimitives.ReadUInt32LittleEndian(file.Slice(56)) == Magic;

    /// <summary>Reads the header of bytes for which <see cref="IsImage"/> is true.</summary>
    public static Arm64Image Read(ReadOnlySpan<byte> file) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(8)),
        BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(16)));

    /// <summary>
    /// Whether the file is shorter than its own contents. Only a PE header (which Linux has for EFI) tells: the
    /// size in the header above counts memory, not bytes of the file.
    /// </summary>
    /// <param name="file">The whole file.</param>
    /// <param name="needed">Bytes that the sections need.</param>
    public static bool IsTruncated(ReadOnlySpan<byte> file, out ulong needed) => IsTruncated(file, (ulong)file.Length, out needed);

    /// <summary>As above, of a file of which not all need be at hand.</summary>
    /// <param name="file">The file, or as much of its beginning as is at hand; sections that are described behind that are not looked at.</param>
    /// <param name="length">Bytes of the whole file.</param>
    /// <param name="needed">Bytes that the sections need.</param>
    public static bool IsTruncated(ReadOnlySpan<byte> file, ulong length, out ulong needed)
    {
        needed = 0;
        uint pe = BinaryPrimitives.ReadUInt32LittleEndian(file.Slice(PeHeaderPointer));
        if (pe == 0 || file[0] != (byte)'M' || file[1] != (byte)'Z')
        {
            return false;
        }

        if ((ulong)pe + PeFileHeaderSize > (ulong)file.Length)
        {
            needed = (ulong)pe + PeFileHeaderSize;
            return needed > length;
        }

        ReadOnlySpan<byte> header = file.Slice((int)pe);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != PeSignature)
        {
            return false;
        }

        int sections = BinaryPrimitives.ReadUInt16LittleEndian(header.Slice(6));
        long table = (long)pe + PeFileHeaderSize + BinaryPrimitives.ReadUInt16LittleEndian(header.Slice(20));
        for (int i = 0; i < sections; i++)
        {
            long section = table + ((long)i * PeSectionSize);
            if (section + PeSectionSize > file.Length)
            {
                needed = Math.Max(needed, (ulong)(section + PeSectionSize));
                break;
            }

            uint size = BinaryPrimitives.ReadUInt32LittleEndian(file.Slice((int)section + 16));
            uint start = BinaryPrimitives.ReadUInt32LittleEndian(file.Slice((int)section + 20));
            needed = Math.Max(needed, (ulong)start + size);
        }

        return needed > length;
    }
}
