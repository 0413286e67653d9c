namespace SharpVisor.Cpu;

/// <summary>
/// Decodes the A64 loads and stores (Arm ARM C4.1.93): for accesses to devices that a syndrome does not describe.
/// </summary>
/// <remarks>
/// One method for each encoding class, in the order of the manual's table; the comment above a class shows its fields
/// from bit 31 down.
/// </remarks>
public static class LoadStoreDecoder
{
    private const uint SizeQuad = 4;

    /// <summary>Decodes an instruction.</summary>
    /// <param name="instruction">As fetched.</param>
    /// <param name="access">What it does; only meaningful where the result is true.</param>
    /// <returns>False where it neither loads nor stores nor maintains a cache, or is not allocated.</returns>
    public static bool TryDecode(uint instruction, out LoadStoreAccess access)
    {
        access = default;
        access.Index = LoadStoreAccess.NoIndex;
        access.Count = 1;
        access.Rt = (byte)(instruction & 31);
        access.Base = (byte)(instruction >> 5 & 31);

        // Loads and stores have 1 in bit 27 and 0 in bit 25.
        if ((instruction & 0x0a00_0000) != 0x0800_0000)
        {
            return TryDecodeSystem(instruction, ref access);
        }

        switch (instruction >> 27 & 7)
        {
            case 1:
                return IsSimd(instruction)
                    ? TryDecodeStructure(instruction, ref access)
                    : (instruction & (1 << 24)) == 0 && TryDecodeExclusive(instruction, ref access);
            case 3:
                return (instruction & (1 << 24)) == 0 ? TryDecodeLiteral(instruction, ref access)
                    : !IsSimd(instruction) && TryDecodeUnscaledOrdered(instruction, ref access);
            case 5:
                return TryDecodePair(instruction, ref access);
            default:
                return TryDecodeSingle(instruction, ref access);
        }
    }

    private static bool IsSimd(uint instruction) => (instruction & (1 << 26)) != 0;

    private static long SignedField(uint instruction, int shift, int width) =>
        (long)((ulong)instruction << (64 - shift - width)) >> (64 - width);

    private static bool NotEmulated(ref LoadStoreAccess access)
    {
        access.Kind = LoadStoreKind.NotEmulated;
        return true;
    }

    // 0 Q 001100 p L ... AdvSIMD structures: LD1 to LD4, ST1 to ST4.
    private static bool TryDecodeStructure(uint instruction, ref LoadStoreAccess access) =>
        instruction >> 31 == 0 && NotEmulated(ref access);

    // size 001000 o2 L o1 Rs o0 Rt2 Rn Rt: exclusives, CAS, and the ordered accesses (o2 = 1, o1 = 0).
    private static bool TryDecodeExclusive(uint instruction, ref LoadStoreAccess access)
    {
        bool isOrdered = (instruction & (1 << 23)) != 0 && (instruction & (1 << 21)) == 0;
        if (!isOrdered)
        {
            return NotEmulated(ref access);
        }

        access.IsOrdered = true;
        access.IsLoad = (instruction & (1 << 22)) != 0;
        access.ElementSize = (byte)(1 << (int)(instruction >> 30));
        access.Is64 = access.ElementSize == 8;
        return true;
    }

    // opc 011 V 00 imm19 Rt.
    private static bool TryDecodeLiteral(uint instruction, ref LoadStoreAccess access)
    {
        uint opc = instruction >> 30;
        access.Base = LoadStoreAccess.BaseIsPc;
        access.Offset = SignedField(instruction, 5, 19) * 4;
        access.IsLoad = true;
        access.IsSimd = IsSimd(instruction);
        if (opc == 3)
        {
            access.Kind = LoadStoreKind.Prefetch;
            return !access.IsSimd;
        }

        if (access.IsSimd)
        {
            access.ElementSize = (byte)(4 << (int)opc);
            return true;
        }

        access.ElementSize = (byte)(opc == 1 ? 8 : 4);
        access.IsSignExtended = opc == 2;
        access.Is64 = opc != 0;
        return true;
    }

    // size 011001 opc 0 imm9 00 Rn Rt: LDAPUR, STLUR. With 1 in bit 21 tags, with 01 in 11:10 memory copies.
    private static bool TryDecodeUnscaledOrdered(uint instruction, ref LoadStoreAccess access)
    {
        if ((instruction & (1 << 21)) != 0)
        {
            return instruction >> 30 == 3 && NotEmulated(ref access);
        }

        if ((instruction >> 10 & 3) == 1)
        {
            return NotEmulated(ref access);
        }

        access.IsOrdered = true;
        access.Offset = SignedField(instruction, 12, 9);
        return (instruction >> 10 & 3) == 0 && TryDecodeGeneral(instruction, ref access) && access.Kind == LoadStoreKind.Transfer;
    }

    // opc 101 V 0 mode L imm7 Rt2 Rn Rt; mode 0 is the no-allocate pair.
    private static bool TryDecodePair(uint instruction, ref LoadStoreAccess access)
    {
        uint opc = instruction >> 30;
        uint mode = instruction >> 23 & 3;
        access.IsLoad = (instruction & (1 << 22)) != 0;
        access.IsSimd = IsSimd(instruction);
        access.Count = 2;
        access.Rt2 = (byte)(instruction >> 10 & 31);
        access.Mode = mode == 1 ? IndexMode.PostIndex : mode == 3 ? IndexMode.PreIndex : IndexMode.Offset;
        if (opc == 3)
        {
            return false;
        }

        if (access.IsSimd)
        {
            access.ElementSize = (byte)(4 << (int)opc);
        }
        else if (opc == 1)
        {
            if (mode == 0)
            {
                return false;
            }

            if (!access.IsLoad)
            {
                return NotEmulated(ref access); // STGP
            }

            access.ElementSize = 4;
            access.IsSignExtended = true;
            access.Is64 = true;
        }
        else
        {
            access.ElementSize = (byte)(opc == 0 ? 4 : 8);
            access.Is64 = opc == 2;
        }

        access.Offset = SignedField(instruction, 15, 7) * access.ElementSize;
        return true;
    }

    // size 111 V 01 opc imm12 Rn Rt; size 111 V 00 opc 0 imm9 xx Rn Rt; size 111 V 00 opc 1 Rm option S 10 Rn Rt.
    private static bool TryDecodeSingle(uint instruction, ref LoadStoreAccess access)
    {
        bool isSimd = IsSimd(instruction);
        if ((instruction & (1 << 24)) != 0)
        {
            if (!TryDecodeTransfer(instruction, ref access))
            {
                return false;
            }

            access.Offset = (long)(instruction >> 10 & 0xfff) * access.ElementSize;
            return true;
        }

        uint form = instruction >> 10 & 3;
        if ((instruction & (1 << 21)) != 0)
        {
            switch (form)
            {
                case 2:
                    return TryDecodeRegisterOffset(instruction, ref access);
                case 0:
                    return !isSimd && TryDecodeAtomic(instruction, ref access);
                default:
                    return instruction >> 30 == 3 && !isSimd && NotEmulated(ref access); // LDRAA, LDRAB
            }
        }

        access.Offset = SignedField(instruction, 12, 9);
        access.Mode = form == 1 ? IndexMode.PostIndex : form == 3 ? IndexMode.PreIndex : IndexMode.Offset;
        access.IsUnprivileged = form == 2;
        if (!TryDecodeTransfer(instruction, ref access))
        {
            return false;
        }

        // PRFUM is there; unprivileged or indexed prefetches and unprivileged SIMD accesses are not.
        return (access.Kind == LoadStoreKind.Transfer || form == 0) && !(isSimd && access.IsUnprivileged);
    }

    private static bool TryDecodeRegisterOffset(uint instruction, ref LoadStoreAccess access)
    {
        uint option = instruction >> 13 & 7;
        if ((option & 2) == 0 || !TryDecodeTransfer(instruction, ref access))
        {
            return false;
        }

        access.Index = (byte)(instruction >> 16 & 31);
        access.IndexBits = (byte)((option & 1) != 0 ? 64 : 32);
        access.IsIndexSigned = (option & 4) != 0;
        if ((instruction & (1 << 12)) != 0)
        {
            access.IndexShift = (byte)SizeShift(access.ElementSize);
        }

        return true;
    }

    // size 111000 A R 1 Rs o3 opc 00 Rn Rt: LSE, LD64B; LDAPR is among them.
    private static bool TryDecodeAtomic(uint instruction, ref LoadStoreAccess access)
    {
        if ((instruction & 0x3fff_fc00) != 0x38bf_c000)
        {
            return NotEmulated(ref access);
        }

        access.IsLoad = true;
        access.IsOrdered = true;
        access.ElementSize = (byte)(1 << (int)(instruction >> 30));
        access.Is64 = access.ElementSize == 8;
        return true;
    }

    private static bool TryDecodeTransfer(uint instruction, ref LoadStoreAccess access) =>
        IsSimd(instruction) ? TryDecodeVector(instruction, ref access) : TryDecodeGeneral(instruction, ref access);

    // size and opc of a general register: opc 0 store, 1 load, 2 and 3 load with sign, to 64 and 32 bits.
    private static bool TryDecodeGeneral(uint instruction, ref LoadStoreAccess access)
    {
        uint size = instruction >> 30;
        uint opc = instruction >> 22 & 3;
        access.ElementSize = (byte)(1 << (int)size);
        access.IsLoad = opc != 0;
        if (opc < 2)
        {
            access.Is64 = size == 3;
            return true;
        }

        if (size == 3)
        {
            access.Kind = LoadStoreKind.Prefetch;
            return opc == 2;
        }

        access.IsSignExtended = true;
        access.Is64 = opc == 2;
        return opc == 2 || size < 2;
    }

    // size and opc of a V register: the upper bit of opc goes with size.
    private static bool TryDecodeVector(uint instruction, ref LoadStoreAccess access)
    {
        uint size = instruction >> 30 | (instruction >> 23 & 1) << 2;
        access.IsSimd = true;
        access.IsLoad = (instruction & (1 << 22)) != 0;
        access.ElementSize = (byte)(1 << (int)(size & 7));
        return size <= SizeQuad;
    }

    // 1101010100 0 01 op1 CRn CRm op2 Rt: SYS, of which CRn 7 is caches and translation.
    private static bool TryDecodeSystem(uint instruction, ref LoadStoreAccess access)
    {
        if ((instruction & 0xfff8_f000) != 0xd508_7000)
        {
            return false;
        }

        uint op1 = instruction >> 16 & 7;
        uint crm = instruction >> 8 & 15;
        uint op2 = instruction >> 5 & 7;
        access.Base = access.Rt;
        access.Kind = op1 == 3 && crm == 4 && op2 is 1 or 3 or 4 ? LoadStoreKind.CacheZero : LoadStoreKind.CacheMaintenance;
        return true;
    }

    private static int SizeShift(byte size) => size switch
    {
        1 => 0,
        2 => 1,
        4 => 2,
        8 => 3,
        _ => 4,
    };
}
