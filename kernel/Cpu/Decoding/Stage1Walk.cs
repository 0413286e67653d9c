using SharpVisor.Devices;

namespace SharpVisor.Cpu;

/// <summary>
/// Stage 1 of a guest walked in software (Arm ARM D8.2, D8.3), for one whose registers are on no CPU. Addresses of 48 bits,
/// granules of 4, 16 and 64 KiB; permissions are told, not enforced.
/// </summary>
public static class Stage1Walk
{
    private const ulong MmuEnabled = 1;
    private const ulong Valid = 1;
    private const ulong TableOrPage = 2;
    private const ulong UserAccess = 1 << 6; // AP[1]
    private const ulong ReadOnly = 1 << 7; // AP[2]
    private const ulong NoUserAccessBelow = 1ul << 61; // APTable
    private const ulong ReadOnlyBelow = 1ul << 62;
    private const ulong AddressMask = 0x0000_ffff_ffff_ffff;
    private const int UpperSelect = 55;
    private const int LastLevel = 3;
    private const int EntryShift = 3;

    /// <summary>Translates an address.</summary>
    /// <param name="address">Virtual address.</param>
    /// <param name="sctlr">SCTLR_EL1.</param>
    /// <param name="tcr">TCR_EL1.</param>
    /// <param name="ttbr0">TTBR0_EL1.</param>
    /// <param name="ttbr1">TTBR1_EL1.</param>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="ipa">Intermediate physical address.</param>
    /// <param name="isWritable">Whether EL1 may write there.</param>
    /// <param name="isForUser">Whether EL0 may access it.</param>
    public static bool TryTranslate(
        ulong address, ulong sctlr, ulong tcr, ulong ttbr0, ulong ttbr1, DeviceMemory memory, out ulong ipa, out bool isWritable, out bool isForUser)
    {
        ipa = address;
        isWritable = true;
        isForUser = true;
        if ((sctlr & MmuEnabled) == 0)
        {
            return address <= AddressMask;
        }

        bool isUpper = (address >> UpperSelect & 1) != 0;
        int inputBits = 64 - (int)(tcr >> (isUpper ? 16 : 0) & 63);
        int granuleBits = GranuleBits(tcr >> (isUpper ? 30 : 14) & 3, isUpper);
        bool isOff = (tcr >> (isUpper ? 23 : 7) & 1) != 0;
        int top = (tcr >> (isUpper ? 38 : 37) & 1) != 0 ? 56 : 64;
        if (isOff || granuleBits == 0 || inputBits > 48 || inputBits <= granuleBits)
        {
            return false;
        }

        ulong upper = address << (64 - top) >> (64 - top) >> inputBits;
        if (upper != (isUpper ? ulong.MaxValue << (64 - top) >> (64 - top) >> inputBits : 0))
        {
            return false;
        }

        int stride = granuleBits - EntryShift;
        int levels = (inputBits - granuleBits + stride - 1) / stride;
        ulong table = (isUpper ? ttbr1 : ttbr0) & AddressMask & ~1ul;
        ulong input = address & (ulong.MaxValue >> (64 - inputBits));
        ulong below = 0;
        for (int level = LastLevel + 1 - levels; level <= LastLevel; level++)
        {
            int shift = granuleBits + (stride * (LastLevel - level));
            if (!memory.TryReadUInt64(table + (input >> shift << EntryShift), out ulong entry) || (entry & Valid) == 0)
            {
                return false;
            }

            ulong output = entry & AddressMask & ~((1ul << (level == LastLevel || (entry & TableOrPage) == 0 ? shift : granuleBits)) - 1);
            input &= (1ul << shift) - 1;
            if (level == LastLevel ? (entry & TableOrPage) != 0 : (entry & TableOrPage) == 0 && level != 0)
            {
                ipa = output | input;
                isWritable = ((entry & ReadOnly) | (below & ReadOnlyBelow)) == 0;
                isForUser = (entry & UserAccess) != 0 && (below & NoUserAccessBelow) == 0;
                return true;
            }

            if (level == LastLevel || (entry & TableOrPage) == 0)
            {
                return false;
            }

            below |= entry;
            table = output;
        }

        return false;
    }

    /// <summary>TG0 and TG1, which count differently; 0 for what is reserved.</summary>
    private static int GranuleBits(ulong field, bool isUpper) => field switch
    {
        0 => isUpper ? 0 : 12,
        1 => isUpper ? 14 : 16,
        2 => isUpper ? 12 : 14,
        _ => isUpper ? 16 : 0,
    };
}
