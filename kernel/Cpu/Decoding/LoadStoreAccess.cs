namespace SharpVisor.Cpu;

/// <summary>A load or store, taken apart. Only <see cref="Kind"/> counts where it is not a transfer.</summary>
public struct LoadStoreAccess
{
    /// <summary>Number of the base register that stands for the instruction's own address.</summary>
    public const byte BaseIsPc = 32;

    /// <summary>Number of the index register where there is none.</summary>
    public const byte NoIndex = 32;

    /// <summary>What it does.</summary>
    public LoadStoreKind Kind;

    /// <summary>From memory into registers.</summary>
    public bool IsLoad;

    /// <summary>Rt and Rt2 are V registers.</summary>
    public bool IsSimd;

    /// <summary>Bytes of each register in memory: 1, 2, 4, 8 or (SIMD alone) 16.</summary>
    public byte ElementSize;

    /// <summary>Registers: 1 or 2. The second stands right behind the first in memory.</summary>
    public byte Count;

    /// <summary>First register; 31 is XZR (or V31).</summary>
    public byte Rt;

    /// <summary>Second register where there are two.</summary>
    public byte Rt2;

    /// <summary>What is loaded is sign-extended to the register's width.</summary>
    public bool IsSignExtended;

    /// <summary>A general register is written as 64 bits; otherwise its upper half becomes 0.</summary>
    public bool Is64;

    /// <summary>Base register; 31 is SP, <see cref="BaseIsPc"/> the PC.</summary>
    public byte Base;

    /// <summary>Index register, 31 is XZR; <see cref="NoIndex"/> where the offset is a constant.</summary>
    public byte Index;

    /// <summary>How many bits of the index count: 32 or 64.</summary>
    public byte IndexBits;

    /// <summary>A 32-bit index is signed.</summary>
    public bool IsIndexSigned;

    /// <summary>Left shift of the index, 0 to 4.</summary>
    public byte IndexShift;

    /// <summary>Constant offset in bytes.</summary>
    public long Offset;

    /// <summary>What becomes of the base.</summary>
    public IndexMode Mode;

    /// <summary>LDTR or STTR: at EL1 the access has EL0's permissions.</summary>
    public bool IsUnprivileged;

    /// <summary>Acquire or release.</summary>
    public bool IsOrdered;

    /// <summary>Length of the whole access in bytes.</summary>
    public readonly int Length => ElementSize * Count;

    /// <summary>Whether the base register is written.</summary>
    public readonly bool HasWriteBack => Mode != IndexMode.Offset;

    /// <summary>The address of the first byte.</summary>
    /// <param name="baseValue">Value of the base register.</param>
    /// <param name="indexValue">Value of the index register, all 64 bits; ignored where there is none.</param>
    public readonly ulong AddressOf(ulong baseValue, ulong indexValue) =>
        Mode == IndexMode.PostIndex ? baseValue : baseValue + OffsetOf(indexValue);

    /// <summary>The base register afterwards.</summary>
    public readonly ulong WriteBackOf(ulong baseValue) => HasWriteBack ? baseValue + (ulong)Offset : baseValue;

    /// <summary>What a load puts into a general register.</summary>
    /// <param name="value">What was read; bits above <see cref="ElementSize"/> bytes are ignored.</param>
    public readonly ulong Extend(ulong value)
    {
        int unused = 64 - (ElementSize * 8);
        ulong extended = IsSignExtended ? (ulong)((long)(value << unused) >> unused) : value << unused >> unused;
        return Is64 ? extended : (uint)extended;
    }

    private readonly ulong OffsetOf(ulong indexValue)
    {
        if (Index == NoIndex)
        {
            return (ulong)Offset;
        }

        ulong index = IndexBits == 64 ? indexValue : IsIndexSigned ? (ulong)(int)(uint)indexValue : (uint)indexValue;
        return index << IndexShift;
    }
}
