using System;

namespace SharpVisor.Interrupts;

/// <summary>
/// The last registers of each frame: PIDR4 to PIDR7, PIDR0 to PIDR3, CIDR0 to CIDR3, a byte in each word. PIDR2
/// names the architecture version. They are those of QEMU's virt machine.
/// </summary>
internal static class GicIdentification
{
    /// <summary>Where they stand in the 4 KiB frames of a GICv2.</summary>
    internal const uint OffsetVersion2 = 0xfd0;

    /// <summary>Where they stand in the 64 KiB frames of a GICv3.</summary>
    internal const uint OffsetVersion3 = 0xffd0;

    internal static ReadOnlySpan<byte> Version2 => [0x04, 0, 0, 0, 0x90, 0xb4, 0x2b, 0, 0x0d, 0xf0, 0x05, 0xb1];

    internal static ReadOnlySpan<byte> Version3Distributor => [0x44, 0, 0, 0, 0x92, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1];

    internal static ReadOnlySpan<byte> Version3Redistributor => [0x44, 0, 0, 0, 0x93, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1];

    /// <summary>Reads one, by word or by part of it; zero outside.</summary>
    internal static ulong Read(ReadOnlySpan<byte> registers, uint offset, uint start, int size)
    {
        uint index = (offset - start) / 4;
        return index < (uint)registers.Length && (offset & 3) == 0 && size <= 4 ? registers[(int)index] : 0u;
    }
}
