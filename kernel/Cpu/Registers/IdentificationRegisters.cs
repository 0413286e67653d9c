namespace SharpVisor.Cpu;

/// <summary>
/// The ID registers of a VM (op0 3, op1 0, CRn 0, CRm 1 to 7; HCR_EL2.TID3 traps them): a machine like QEMU's virt
/// without virtualization, on this CPU, with nothing that the hypervisor neither switches nor traps.
/// </summary>
/// <remarks>
/// The rule is a list of what may be seen. Each row below names a field by its lowest bit; a field without a row, one
/// that the architecture has yet to define included, reads as 0. The Arm ARM has them by name in D19.2.
/// The values are worked out once, when the VM is made.
/// </remarks>
public sealed class IdentificationRegisters
{
    /// <summary>Length of the arrays: CRm 0 to 7 with eight registers each; CRm 0 is unused.</summary>
    public const int RegisterCount = 64;

    /// <summary>The GIC version that stands for a CPU interface in system registers.</summary>
    private const int GicWithSystemRegisters = 3;

    private const ulong Aarch64Only = 1;
    private const ulong Aarch64AndAarch32 = 2;
    private const ulong NotImplemented = 0xf;

    // CRm * 8 + Op2.
    private const int Pfr0 = 0x08;
    private const int Pfr1 = 0x09;
    private const int Dfr0 = 0x0a;
    private const int Mmfr4 = 0x16;
    private const int Pfr2 = 0x1c;
    private const int Mmfr5 = 0x1e;
    private const int LastAarch32 = 0x1f;
    private const int Aarch64Pfr0 = 0x20;
    private const int Aarch64Pfr1 = 0x21;
    private const int Aarch64Dfr0 = 0x28;
    private const int Aarch64Isar0 = 0x30;
    private const int Aarch64Isar1 = 0x31;
    private const int Aarch64Isar2 = 0x32;
    private const int Aarch64Mmfr0 = 0x38;
    private const int Aarch64Mmfr1 = 0x39;
    private const int Aarch64Mmfr2 = 0x3a;

    private readonly ulong[] _values = new ulong[RegisterCount];

    /// <summary>Works out what a VM sees.</summary>
    /// <param name="raw">
    /// The hardware's registers by CRm * 8 + Op2, <see cref="RegisterCount"/> of them; ones that were not read are 0.
    /// Where CPUs differ, the smallest value of each field of them all.
    /// </param>
    /// <param name="gicVersion">2 or 3: the VM's interrupt controller.</param>
    /// <param name="addressBits">Size of the guest's physical address space, 32 to 48: PARange says no more.</param>
    public IdentificationRegisters(ulong[] raw, int gicVersion, int addressBits = 48)
    {
        HasGicSystemRegisters = gicVersion >= GicWithSystemRegisters;
        bool hasAarch32 = (raw[Aarch64Pfr0] & 0xf) == Aarch64AndAarch32;
        for (int i = 0; i < RegisterCount; i++)
        {
            var filter = new FieldFilter(raw[i]);
            if (i > LastAarch32)
            {
                FilterAarch64(i, ref filter, addressBits);
            }
            else if (hasAarch32)
            {
                FilterAarch32(i, ref filter);
            }

            _values[i] = filter.Value;
        }
    }

    /// <summary>Whether the VM's GIC has its CPU interface in system registers (GICv3).</summary>
    public bool HasGicSystemRegisters { get; }

    /// <summary>The value of a register; 0 where none is allocated.</summary>
    /// <param name="crm">CRm, 0 to 15.</param>
    /// <param name="op2">Op2, 0 to 7.</param>
    public ulong Read(int crm, int op2) => (uint)crm < 8 && (uint)op2 < 8 ? _values[(crm * 8) + op2] : 0;

    private static ulong PhysicalRange(int addressBits) => addressBits switch
    {
        < 36 => 0,
        < 40 => 1,
        < 42 => 2,
        < 44 => 3,
        < 48 => 4,
        _ => 5,
    };

    private void FilterAarch64(int register, ref FieldFilter field, int addressBits)
    {
        switch (register)
        {
            case Aarch64Pfr0: // ID_AA64PFR0_EL1
                field.Limit(0, Aarch64AndAarch32); // EL0
                field.Set(4, Aarch64Only); // EL1: HCR_EL2.RW is 1
                //    8, 12: EL2 and EL3 are not the guest's
                field.Keep(16); // FP, signed
                field.Keep(20); // AdvSIMD, signed
                field.Set(24, HasGicSystemRegisters ? 1ul : 0); // GIC: the VM's, not the machine's
                //    28: RAS. Error records trap (HCR_EL2.TERR) and VDISR_EL2 is not switched
                //    32: SVE (CPTR_EL2.TZ), 36: SEL2, 40: MPAM, 44: AMU (CPTR_EL2.TAM)
                field.Keep(48); // DIT
                //    52: RME
                field.Limit(56, 1); // CSV2: 2 and 3 add SCXTNUM_ELx, which traps (HCR_EL2.EnSCXT)
                field.Keep(60); // CSV3
                break;

            case Aarch64Pfr1: // ID_AA64PFR1_EL1
                field.Keep(0); // BT
                field.Keep(4); // SSBS
                //    8: MTE. HCR_EL2.ATA is 0, so no tags; even the instructions alone would bring PSTATE.TCO
                //    12: RAS_frac, 16: MPAM_frac, 24: SME (CPTR_EL2.TSM), 28: RNDR_trap (EL3's)
                field.Limit(32, 1); // CSV2_frac: 2 adds SCXTNUM_ELx
                //    36: NMI, and later ones: they need HCRX_EL2
                break;

            case Aarch64Dfr0: // ID_AA64DFR0_EL1
                field.Set(0, 6); // DebugVer: Armv8.0; the later ones are about EL2 and external debug
                //    4: TraceVer (CPTR_EL2.TTA), 8: PMUVer (MDCR_EL2.TPM)
                field.Keep(12); // BRPs
                field.Keep(20); // WRPs
                field.Keep(28); // CTX_CMPs
                //    32: PMSVer (MDCR_EL2.TPMS)
                field.Set(36, NotImplemented); // DoubleLock, signed: OSDLR_EL1 is RAZ/WI
                //    40: TraceFilt (MDCR_EL2.TTRF), 44: TraceBuffer, 48: MTPMU (0 is right without a PMU), 52: BRBE
                break;

            case Aarch64Isar0: // ID_AA64ISAR0_EL1
                field.Keep(4); // AES
                field.Keep(8); // SHA1
                field.Keep(12); // SHA2
                field.Keep(16); // CRC32
                field.Limit(20, 2); // Atomic
                //    24: TME
                field.Keep(28); // RDM
                field.Keep(32); // SHA3
                field.Keep(36); // SM3
                field.Keep(40); // SM4
                field.Keep(44); // DP
                field.Keep(48); // FHM
                field.Keep(52); // TS
                field.Limit(56, 2); // TLB
                field.Keep(60); // RNDR
                break;

            case Aarch64Isar1: // ID_AA64ISAR1_EL1
                field.Keep(0); // DPB
                field.Keep(4); // APA: the keys are reset with the VCpu (HCR_EL2.APK, API)
                field.Keep(8); // API
                field.Keep(12); // JSCVT
                field.Keep(16); // FCMA
                field.Limit(20, 2); // LRCPC
                field.Keep(24); // GPA
                field.Keep(28); // GPI
                field.Keep(32); // FRINTTS
                field.Keep(36); // SB
                field.Limit(40, 1); // SPECRES
                field.Limit(44, 1); // BF16: 2 is about SVE and SME
                field.Keep(48); // DGH
                field.Keep(52); // I8MM
                //    56: XS and 60: LS64 need HCRX_EL2
                break;

            case Aarch64Isar2: // ID_AA64ISAR2_EL1
                //    0: WFxT. A trapped WFIT has a deadline that the hypervisor would have to keep
                field.Keep(4); // RPRES
                field.Keep(8); // GPA3
                field.Keep(12); // APA3
                //    16: MOPS needs HCRX_EL2
                field.Limit(20, 1); // BC
                field.Limit(24, 1); // PAC_frac
                field.Limit(28, 1); // CLRBHB
                field.Limit(52, 1); // CSSC
                break;

            case Aarch64Mmfr0: // ID_AA64MMFR0_EL1
                field.Limit(0, PhysicalRange(addressBits)); // PARange
                field.Keep(4); // ASIDBits
                field.Keep(8); // BigEnd
                field.Keep(12); // SNSMem
                field.Keep(16); // BigEndEL0
                field.Limit(20, 1); // TGran16: 2 is LPA2, whose 52-bit addresses stage 2 has not
                field.Keep(24); // TGran64, signed
                field.LimitSigned(28, 0); // TGran4, signed: 1 is LPA2
                //    32, 36, 40: TGran16_2, TGran64_2, TGran4_2 are stage 2's
                field.Keep(44); // ExS
                //    56: FGT, 60: ECV: EL2's; the self-synchronised counters that come with ECV are no loss
                break;

            case Aarch64Mmfr1: // ID_AA64MMFR1_EL1
                field.Limit(0, 2); // HAFDBS: stage 1's
                //    4: VMIDBits, 8: VH: EL2's
                field.Limit(12, 2); // HPDS
                //    16: LO (HCR_EL2.TLOR)
                field.Limit(20, 3); // PAN
                field.Keep(24); // SpecSEI
                //    28: XNX is stage 2's, 32: TWED
                field.Keep(36); // ETS
                //    40: HCX
                field.Keep(44); // AFP
                field.Keep(48); // nTLBPA
                //    52: TIDCP1, 56: CMOW need HCRX_EL2
                field.Limit(60, 1); // ECBHB
                break;

            case Aarch64Mmfr2: // ID_AA64MMFR2_EL1
                field.Keep(0); // CnP
                field.Keep(4); // UAO
                field.Keep(8); // LSM
                //    12: IESB goes with RAS
                field.Limit(16, 1); // VARange
                field.Keep(20); // CCIDX: CCSIDR_EL1 is the hardware's
                //    24: NV
                field.Keep(28); // ST
                field.Keep(32); // AT
                field.Limit(36, 1); // IDS
                //    40: FWB is stage 2's
                field.Keep(48); // TTL
                field.Keep(52); // BBM
                //    56: EVT: EL2's
                field.Keep(60); // E0PD
                break;

            // ID_AA64ZFR0, SMFR0: no SVE or SME. ID_AA64AFR0, AFR1: implementation defined. ID_AA64DFR1, MMFR3, MMFR4, PFR2,
            // ISAR3, FPFR0: of later features, all of which need HCRX_EL2, HDFGxTR_EL2 or switching.
        }
    }

    /// <summary>What 32-bit programs at EL0 are told; their kernel is 64-bit.</summary>
    private void FilterAarch32(int register, ref FieldFilter field)
    {
        switch (register)
        {
            case Pfr0: // ID_PFR0_EL1
                KeepLow(ref field, 16); // State0 to State3
                field.Limit(16, 1); // CSV2
                //    20: AMU
                field.Keep(24); // DIT
                //    28: RAS
                break;

            case Pfr1: // ID_PFR1_EL1
                field.Keep(0); // ProgMod
                //    4: Security, 12: Virtualization, 20 and 24: their fractions: EL3's and EL2's
                field.Keep(8); // MProgMod
                field.Keep(16); // GenTimer
                field.Set(28, HasGicSystemRegisters ? 1ul : 0); // GIC
                break;

            case Pfr2: // ID_PFR2_EL1
                field.Keep(0); // CSV3
                field.Keep(4); // SSBS
                //    8: RAS_frac
                break;

            case Dfr0: // ID_DFR0_EL1
                field.Set(0, 6); // CopDbg: Armv8.0
                //    4: CopSDbg is EL3's
                field.Keep(8); // MMapDbg
                //    12, 16: CopTrc and MMapTrc, 24: PerfMon, 28: TraceFilt
                break;

            case Mmfr4: // ID_MMFR4_EL1
                field.Keep(0); // SpecSEI
                field.Keep(4); // AC2
                //    8: XNX is stage 2's
                field.Keep(12); // CnP
                field.Keep(16); // HPDS
                field.Keep(20); // LSM
                field.Keep(24); // CCIDX
                //    28: EVT: EL2's
                break;

            case Mmfr5: // ID_MMFR5_EL1
                field.Keep(0); // ETS
                field.Keep(4); // nTLBPA
                break;

            case 0x0c: // ID_MMFR0_EL1
            case 0x0d: // ID_MMFR1_EL1
            case 0x0e: // ID_MMFR2_EL1
            case 0x0f: // ID_MMFR3_EL1
            case 0x10: // ID_ISAR0_EL1
            case 0x11: // ID_ISAR1_EL1
            case 0x12: // ID_ISAR2_EL1
            case 0x13: // ID_ISAR3_EL1
            case 0x14: // ID_ISAR4_EL1
            case 0x15: // ID_ISAR5_EL1
            case 0x17: // ID_ISAR6_EL1
            case 0x18: // MVFR0_EL1
            case 0x19: // MVFR1_EL1
            case 0x1a: // MVFR2_EL1
                KeepLow(ref field, 32);
                break;

            // ID_AFR0: implementation defined. ID_DFR1: MTPMU and HPMN0, of the PMU.
        }
    }

    private static void KeepLow(ref FieldFilter field, int bits)
    {
        for (int shift = 0; shift < bits; shift += 4)
        {
            field.Keep(shift);
        }
    }
}
