namespace SharpVisor.Console;

/// <summary>A VCpu's registers, read while it does not run.</summary>
internal unsafe struct VCpuRegisters
{
    /// <summary>General registers X0 to X30.</summary>
    internal const int GeneralCount = 31;

    private fixed ulong _general[GeneralCount];

    /// <summary>Program counter.</summary>
    internal ulong Pc { get; set; }

    /// <summary>PSTATE as SPSR_EL2 holds it.</summary>
    internal ulong Pstate { get; set; }

    /// <summary>SP_EL0.</summary>
    internal ulong SpEl0 { get; set; }

    /// <summary>SP_EL1.</summary>
    internal ulong SpEl1 { get; set; }

    /// <summary>ELR_EL1.</summary>
    internal ulong ElrEl1 { get; set; }

    /// <summary>SPSR_EL1.</summary>
    internal ulong SpsrEl1 { get; set; }

    /// <summary>ESR_EL1.</summary>
    internal ulong EsrEl1 { get; set; }

    /// <summary>FAR_EL1.</summary>
    internal ulong FarEl1 { get; set; }

    /// <summary>SCTLR_EL1.</summary>
    internal ulong SctlrEl1 { get; set; }

    /// <summary>TCR_EL1.</summary>
    internal ulong TcrEl1 { get; set; }

    /// <summary>TTBR0_EL1.</summary>
    internal ulong Ttbr0El1 { get; set; }

    /// <summary>TTBR1_EL1.</summary>
    internal ulong Ttbr1El1 { get; set; }

    /// <summary>VBAR_EL1.</summary>
    internal ulong VbarEl1 { get; set; }

    /// <summary>A general register, 0 to 30.</summary>
    internal ulong this[int index]
    {
        readonly get => (uint)index < GeneralCount ? _general[index] : 0;
        set
        {
            if ((uint)index < GeneralCount)
            {
                _general[index] = value;
            }
        }
    }
}
