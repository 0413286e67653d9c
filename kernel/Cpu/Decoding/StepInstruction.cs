namespace SharpVisor.Cpu;

/// <summary>What an instruction is to a single step: most are alike, some are not (Arm ARM C4.1, C6.2).</summary>
public readonly struct StepInstruction
{
    private const uint Wfi = 0xd503_207f;
    private const uint Wfe = 0xd503_205f;
    private const uint WaitWithTimeout = 0xd503_1000; // WFET; WFIT has bit 5
    private const uint WaitWithTimeoutMask = 0xffff_ffc0;
    private const uint ReadMask = 0xd53b_4220; // MRS Xt, DAIF
    private const uint RegisterMask = 0xffff_ffe0;
    private const uint SetMask = 0xd503_40df; // MSR DAIFSet, #imm
    private const uint ClearMask = 0xd503_40ff;
    private const uint ImmediateMask = 0xffff_f0ff;
    private const uint ExceptionReturn = 0xd69f_03e0;
    private const uint ExceptionReturnA = 0xd69f_0bff;
    private const uint ExceptionReturnB = 0xd69f_0fff;
    private const uint ClearExclusive = 0xd503_305f;
    private const uint Exclusive = 0x0800_0000;
    private const uint ExclusiveMask = 0x3f80_0000; // size left out; bit 23: not exclusive, only ordered
    private const uint Load = 1 << 22;
    private const uint Pair = 1 << 21;
    private const uint SmallestPair = 2;

    private readonly uint _instruction;

    /// <summary>Wraps an instruction; 0, which is undefined, where it is not known.</summary>
    public StepInstruction(uint instruction) => _instruction = instruction;

    /// <summary>Whether it may wait: WFI, WFE. To do nothing is allowed, too.</summary>
    public bool IsWait => _instruction is Wfi or Wfe || (_instruction & WaitWithTimeoutMask) == WaitWithTimeout;

    /// <summary>Whether it reads the interrupt masks into <see cref="Target"/>.</summary>
    public bool ReadsMasks => (_instruction & RegisterMask) == ReadMask;

    /// <summary>Whether it sets masks (<see cref="Masks"/>) and leaves others.</summary>
    public bool SetsMasks => (_instruction & ImmediateMask) == SetMask;

    /// <summary>Whether it clears masks (<see cref="Masks"/>) and leaves others.</summary>
    public bool ClearsMasks => (_instruction & ImmediateMask) == ClearMask;

    /// <summary>The masks that it sets or clears, as they stand in PSTATE.</summary>
    public ulong Masks => (_instruction >> 8 & 15) << 6;

    /// <summary>Whether it gives all masks new values, whatever they were.</summary>
    public bool ReplacesMasks => IsExceptionReturn || (_instruction & RegisterMask) == (ReadMask & ~(1u << 21));

    /// <summary>ERET and its kin.</summary>
    public bool IsExceptionReturn => _instruction is ExceptionReturn or ExceptionReturnA or ExceptionReturnB;

    /// <summary>LDXR, LDAXR, LDXP, LDAXP and the narrower ones.</summary>
    public bool IsLoadExclusive => IsExclusive && (_instruction & Load) != 0;

    /// <summary>STXR, STLXR, STXP, STLXP and the narrower ones.</summary>
    public bool IsStoreExclusive => IsExclusive && (_instruction & Load) == 0;

    /// <summary>CLREX.</summary>
    public bool ClearsMonitor => (_instruction & ImmediateMask) == (ClearExclusive & ImmediateMask);

    /// <summary>Of an exclusive access: bytes of one register, 1 to 8.</summary>
    public int Size => 1 << (int)(_instruction >> 30);

    /// <summary>Of an exclusive access: whether there are two registers.</summary>
    public bool IsPair => (_instruction & Pair) != 0;

    /// <summary>Rt.</summary>
    public uint Target => _instruction & 31;

    /// <summary>Rt2.</summary>
    public uint SecondTarget => _instruction >> 10 & 31;

    /// <summary>Rn, where 31 is SP.</summary>
    public uint Base => _instruction >> 5 & 31;

    /// <summary>Rs, the status of a store.</summary>
    public uint Status => _instruction >> 16 & 31;

    private bool IsExclusive => (_instruction & ExclusiveMask) == Exclusive && (!IsPair || _instruction >> 30 >= SmallestPair);
}
