namespace SharpVisor.Memory;

/// <summary>VTCR_EL2 and VTTBR_EL2 for tables that start at level 1 (Arm ARM D19.2.161, D8.2.9).</summary>
public readonly struct Stage2Configuration
{
    private const int MaximumInputBits = 40;
    private const ulong Reserved1 = 1ul << 31;
    private const ulong StartAtLevel1 = 1ul << 6;
    private const ulong WalksWriteBackInnerShareable = (1ul << 8) | (1ul << 10) | (3ul << 12);

    /// <summary>Chooses what the CPUs can do.</summary>
    /// <param name="physicalRange">ID_AA64MMFR0_EL1.PARange, the smallest of all CPUs.</param>
    public Stage2Configuration(int physicalRange)
    {
        int physicalBits = physicalRange switch
        {
            0 => 32,
            1 => 36,
            2 => 40,
            3 => 42,
            4 => 44,
            _ => 48,
        };
        InputBits = physicalBits < MaximumInputBits ? physicalBits : MaximumInputBits;
        ulong outputSize = (uint)(physicalRange < 5 ? physicalRange : 5);
        TranslationControl = Reserved1 | (outputSize << 16) | WalksWriteBackInnerShareable | StartAtLevel1 | (uint)(64 - InputBits);
    }

    /// <summary>Size of a guest's physical address space in bits: at most 40.</summary>
    public int InputBits { get; }

    /// <summary>VTCR_EL2.</summary>
    public ulong TranslationControl { get; }

    /// <summary>VTTBR_EL2 of a VM.</summary>
    /// <param name="root">Address of its first-level table.</param>
    /// <param name="vmid">1 to 255; 0 is for no VM.</param>
    public static ulong TableBase(ulong root, int vmid) => root | ((ulong)(uint)vmid << 48);
}
