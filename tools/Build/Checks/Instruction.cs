namespace SharpVisor.Build.Checks;

/// <summary>
/// One A64 instruction, as far as the checks want to know: does it touch SIMD registers, and where does it branch
/// (Arm ARM C4.1, the encoding index).
/// </summary>
internal readonly struct Instruction(ulong address, uint word)
{
    /// <summary>Where the instruction lies.</summary>
    internal ulong Address { get; } = address;

    /// <summary>
    /// Any instruction of the classes "Data Processing -- Scalar Floating-Point and Advanced SIMD" (op0 x111) or of
    /// "Loads and Stores" with V = 1 (op0 x1x0, bit 26): exactly those have bits 27 and 26 set. SVE is op0 0010.
    /// </summary>
    internal bool UsesSimd => (word & 0x0c00_0000) == 0x0c00_0000 || (word & 0x1e00_0000) == 0x0400_0000;

    /// <summary>BL.</summary>
    internal bool IsCall => (word & 0xfc00_0000) == 0x9400_0000;

    /// <summary>BLR.</summary>
    internal bool IsIndirectCall => (word & 0xffff_fc1f) == 0xd63f_0000;

    /// <summary>BR.</summary>
    internal bool IsIndirectJump => (word & 0xffff_fc1f) == 0xd61f_0000;

    /// <summary>What does not go on to the next instruction: B, BR, RET, ERET, BRK.</summary>
    internal bool EndsFlow =>
        (word & 0xfc00_0000) == 0x1400_0000 || IsIndirectJump || (word & 0xffff_fc1f) == 0xd65f_0000 || word == 0xd69f_03e0 || (word & 0xffe0_001f) == 0xd420_0000;

    /// <summary>LDP or STP of general registers.</summary>
    internal bool IsPair => (word & 0x3e00_0000) == 0x2800_0000;

    /// <summary>Bits 14:10, the second register of a pair.</summary>
    internal uint Rt2 => (word >> 10) & 31;

    /// <summary>Bits 9:5, the register that is read first: the target of BR and BLR, the base of a load.</summary>
    internal uint Rn => (word >> 5) & 31;

    /// <summary>Bits 4:0, the register that is written.</summary>
    internal uint Rd => word & 31;

    /// <summary>ADD of two registers, 64 bits: the end of the address of a jump table's entry.</summary>
    internal bool IsAddRegisters => (word & 0xff00_0000) == 0x8b00_0000;

    /// <summary>LDR of 64 bits with an unsigned offset; the offset in bytes.</summary>
    internal bool IsLoad64(out uint offset)
    {
        offset = ((word >> 10) & 0xfff) * 8;
        return (word & 0xffc0_0000) == 0xf940_0000;
    }

    /// <summary>B, BL, B.cond, CBZ, CBNZ, TBZ, TBNZ; where to.</summary>
    internal bool IsDirectBranch(out ulong target)
    {
        int bits;
        int shift;
        if ((word & 0x7c00_0000) == 0x1400_0000)
        {
            (bits, shift) = (26, 0);
        }
        else if ((word & 0xff00_0000) == 0x5400_0000 || (word & 0x7e00_0000) == 0x3400_0000)
        {
            (bits, shift) = (19, 5);
        }
        else if ((word & 0x7e00_0000) == 0x3600_0000)
        {
            (bits, shift) = (14, 5);
        }
        else
        {
            target = 0;
            return false;
        }

        target = Address + (ulong)(SignExtend(word >> shift, bits) * 4);
        return true;
    }

    /// <summary>ADR; the address.</summary>
    internal bool IsAdr(out ulong target)
    {
        target = Address + (ulong)SignExtend(AdrImmediate, 21);
        return (word & 0x9f00_0000) == 0x1000_0000;
    }

    /// <summary>ADRP; the page.</summary>
    internal bool IsAdrp(out ulong page)
    {
        page = (Address & ~0xffful) + (ulong)(SignExtend(AdrImmediate, 21) << 12);
        return (word & 0x9f00_0000) == 0x9000_0000;
    }

    /// <summary>ADD of an immediate, 64 bits, not shifted: the second half of an address after ADRP.</summary>
    internal bool IsAddImmediate(out uint immediate)
    {
        immediate = (word >> 10) & 0xfff;
        return (word & 0xffc0_0000) == 0x9100_0000;
    }

    private uint AdrImmediate => ((word >> 3) & 0x1f_fffc) | ((word >> 29) & 3);

    private static long SignExtend(uint value, int bits) => (long)((ulong)value << (64 - bits)) >> (64 - bits);
}
