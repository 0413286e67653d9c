using System;

namespace SharpVisor.Cpu;

/// <summary>
/// Registers of features that no guest has (<see cref="IdentificationRegisters"/>) and that are undefined for it
/// therefore. The trap that catches them stands beside each group; the names are for the line in the log.
/// </summary>
internal static class HiddenRegister
{
    private const uint Op0 = SystemRegister.Op0;
    private const uint Op1 = SystemRegister.Op1;
    private const uint CRn = SystemRegister.CRn;
    private const uint CRm = SystemRegister.CRm;
    private const uint Op2 = SystemRegister.Op2;

    // Families of counters: op0 3, op1 3, CRn 14, CRm 8 to 15.
    private const uint CounterMask = (3 * Op0) + (7 * Op1) + (15 * CRn) + (8 * CRm);
    private const uint Counters = (3 * Op0) + (3 * Op1) + (14 * CRn) + (8 * CRm);

    private const uint TraceMask = (3 * Op0) + (7 * Op1);
    private const uint Trace = (2 * Op0) + (1 * Op1);

    private const uint ActivityMask = (3 * Op0) + (7 * Op1) + (15 * CRn);
    private const uint Activity = (3 * Op0) + (3 * Op1) + (13 * CRn);

    /// <summary>The name by which the Arm manual calls a register; empty where it is not one of these.</summary>
    /// <param name="encoding">As in <see cref="SystemRegister"/>.</param>
    internal static ReadOnlySpan<byte> NameOf(uint encoding) => encoding switch
    {
        // Performance monitors: MDCR_EL2.TPM, TPMCR.
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (12 * CRm) + (0 * Op2) => "PMCR_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (12 * CRm) + (1 * Op2) => "PMCNTENSET_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (12 * CRm) + (2 * Op2) => "PMCNTENCLR_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (12 * CRm) + (3 * Op2) => "PMOVSCLR_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (12 * CRm) + (4 * Op2) => "PMSWINC_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (12 * CRm) + (5 * Op2) => "PMSELR_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (12 * CRm) + (6 * Op2) => "PMCEID0_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (12 * CRm) + (7 * Op2) => "PMCEID1_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (13 * CRm) + (0 * Op2) => "PMCCNTR_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (13 * CRm) + (1 * Op2) => "PMXEVTYPER_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (13 * CRm) + (2 * Op2) => "PMXEVCNTR_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (14 * CRm) + (0 * Op2) => "PMUSERENR_EL0"u8,
        (3 * Op0) + (3 * Op1) + (9 * CRn) + (14 * CRm) + (3 * Op2) => "PMOVSSET_EL0"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (14 * CRm) + (1 * Op2) => "PMINTENSET_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (14 * CRm) + (2 * Op2) => "PMINTENCLR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (14 * CRm) + (6 * Op2) => "PMMIR_EL1"u8,
        (3 * Op0) + (3 * Op1) + (14 * CRn) + (15 * CRm) + (7 * Op2) => "PMCCFILTR_EL0"u8,

        // Statistical profiling: MDCR_EL2.TPMS, E2PB.
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (9 * CRm) + (0 * Op2) => "PMSCR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (9 * CRm) + (1 * Op2) => "PMSNEVFR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (9 * CRm) + (2 * Op2) => "PMSICR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (9 * CRm) + (3 * Op2) => "PMSIRR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (9 * CRm) + (4 * Op2) => "PMSFCR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (9 * CRm) + (5 * Op2) => "PMSEVFR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (9 * CRm) + (6 * Op2) => "PMSLATFR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (9 * CRm) + (7 * Op2) => "PMSIDR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (10 * CRm) + (0 * Op2) => "PMBLIMITR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (10 * CRm) + (1 * Op2) => "PMBPTR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (10 * CRm) + (3 * Op2) => "PMBSR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (9 * CRn) + (10 * CRm) + (7 * Op2) => "PMBIDR_EL1"u8,

        // Trace filter: MDCR_EL2.TTRF.
        (3 * Op0) + (0 * Op1) + (1 * CRn) + (2 * CRm) + (1 * Op2) => "TRFCR_EL1"u8,

        // Limited ordering regions: HCR_EL2.TLOR.
        (3 * Op0) + (0 * Op1) + (10 * CRn) + (4 * CRm) + (0 * Op2) => "LORSA_EL1"u8,
        (3 * Op0) + (0 * Op1) + (10 * CRn) + (4 * CRm) + (1 * Op2) => "LOREA_EL1"u8,
        (3 * Op0) + (0 * Op1) + (10 * CRn) + (4 * CRm) + (2 * Op2) => "LORN_EL1"u8,
        (3 * Op0) + (0 * Op1) + (10 * CRn) + (4 * CRm) + (3 * Op2) => "LORC_EL1"u8,
        (3 * Op0) + (0 * Op1) + (10 * CRn) + (4 * CRm) + (7 * Op2) => "LORID_EL1"u8,

        // Error records: HCR_EL2.TERR.
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (3 * CRm) + (0 * Op2) => "ERRIDR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (3 * CRm) + (1 * Op2) => "ERRSELR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (4 * CRm) + (0 * Op2) => "ERXFR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (4 * CRm) + (1 * Op2) => "ERXCTLR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (4 * CRm) + (2 * Op2) => "ERXSTATUS_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (4 * CRm) + (3 * Op2) => "ERXADDR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (4 * CRm) + (4 * Op2) => "ERXPFGF_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (4 * CRm) + (5 * Op2) => "ERXPFGCTL_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (4 * CRm) + (6 * Op2) => "ERXPFGCDN_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (5 * CRm) + (0 * Op2) => "ERXMISC0_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (5 * CRm) + (1 * Op2) => "ERXMISC1_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (5 * CRm) + (2 * Op2) => "ERXMISC2_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (5 * CRm) + (3 * Op2) => "ERXMISC3_EL1"u8,

        // Memory tagging: HCR_EL2.ATA = 0, TID5.
        (3 * Op0) + (0 * Op1) + (1 * CRn) + (0 * CRm) + (5 * Op2) => "RGSR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (1 * CRn) + (0 * CRm) + (6 * Op2) => "GCR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (6 * CRm) + (0 * Op2) => "TFSR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (5 * CRn) + (6 * CRm) + (1 * Op2) => "TFSRE0_EL1"u8,
        (3 * Op0) + (1 * Op1) + (0 * CRn) + (0 * CRm) + (4 * Op2) => "GMID_EL1"u8,

        // Software context numbers: HCR_EL2.EnSCXT = 0.
        (3 * Op0) + (0 * Op1) + (13 * CRn) + (0 * CRm) + (7 * Op2) => "SCXTNUM_EL1"u8,
        (3 * Op0) + (3 * Op1) + (13 * CRn) + (0 * CRm) + (7 * Op2) => "SCXTNUM_EL0"u8,

        // SVE and SME: CPTR_EL2.TZ, TSM and HCR_EL2.TID1.
        (3 * Op0) + (0 * Op1) + (1 * CRn) + (2 * CRm) + (0 * Op2) => "ZCR_EL1"u8,
        (3 * Op0) + (0 * Op1) + (1 * CRn) + (2 * CRm) + (4 * Op2) => "SMPRI_EL1"u8,
        (3 * Op0) + (0 * Op1) + (1 * CRn) + (2 * CRm) + (6 * Op2) => "SMCR_EL1"u8,
        (3 * Op0) + (1 * Op1) + (0 * CRn) + (0 * CRm) + (6 * Op2) => "SMIDR_EL1"u8,

        // The GIC's system registers, in a VM whose GIC has none: ICC_SRE_EL2.Enable = 0, HCR_EL2.IMO and FMO.
        SystemRegister.IccSre => "ICC_SRE_EL1"u8,
        SystemRegister.IccSgi0r => "ICC_SGI0R_EL1"u8,
        SystemRegister.IccSgi1r => "ICC_SGI1R_EL1"u8,
        SystemRegister.IccAsgi1r => "ICC_ASGI1R_EL1"u8,

        _ => FamilyOf(encoding),
    };

    private static ReadOnlySpan<byte> FamilyOf(uint encoding)
    {
        if ((encoding & CounterMask) == Counters)
        {
            return (encoding & (4 * CRm)) == 0 ? "PMEVCNTR<n>_EL0"u8 : "PMEVTYPER<n>_EL0"u8;
        }

        if ((encoding & TraceMask) == Trace)
        {
            return "a trace register (TRC)"u8; // CPTR_EL2.TTA
        }

        if ((encoding & ActivityMask) == Activity && SystemRegister.CRmOf(encoding) is >= 2 and <= 15)
        {
            return "an activity monitor (AM)"u8; // CPTR_EL2.TAM
        }

        return default;
    }
}
