using System;

namespace SharpVisor.Drivers;

/// <summary>What the registers of an SD card say (SD Physical Layer Simplified Specification, 4.10 and 5).</summary>
public static class SdRegisters
{
    private const int SectorShift = 9;

    /// <summary>Number of 512-byte sectors by the card's CSD.</summary>
    /// <param name="csd">Bits 119 to 8 of the response, the highest first: CSD bits 127 to 8 less its first byte.</param>
    /// <param name="count">The number.</param>
    /// <returns>False where the structure is of an unknown version.</returns>
    public static bool TryGetSectorCount(ReadOnlySpan<uint> csd, out ulong count)
    {
        count = 0;
        switch (Bits(csd, 126, 2))
        {
            case 0:
                ulong blocks = Bits(csd, 62, 12) + 1;
                int shift = (int)Bits(csd, 47, 3) + 2 + (int)Bits(csd, 80, 4);
                count = blocks << shift >> SectorShift;
                return shift < 32;
            case 1:
                count = ((ulong)Bits(csd, 48, 22) + 1) << 10;
                return true;
            default:
                return false;
        }
    }

    /// <summary>A field of a 128-bit register of which bits 127 to 8 are given, the highest 8 in bits 23:16 of the first word.</summary>
    private static uint Bits(ReadOnlySpan<uint> register, int lowest, int count)
    {
        uint value = 0;
        for (int bit = lowest + count - 1; bit >= lowest; bit--)
        {
            int place = bit - 8;
            value = (value << 1) | (register[3 - (place / 32)] >> (place % 32) & 1);
        }

        return value;
    }
}
