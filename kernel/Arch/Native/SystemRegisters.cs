using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Arch;

/// <summary>
/// System registers by their names in the Arm manual (Arm ARM D19). A method is one MRS or MSR in boot/registers.S;
/// synchronisation (ISB) is the caller's.
/// </summary>
public static class SystemRegisters
{
    // Hypervisor control.
    [RuntimeImport("*", "read_hcr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadHcrEl2();

    [RuntimeImport("*", "write_hcr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteHcrEl2(ulong value);

    [RuntimeImport("*", "write_cptr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteCptrEl2(ulong value);

    [RuntimeImport("*", "write_mdcr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteMdcrEl2(ulong value);

    [RuntimeImport("*", "write_hstr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteHstrEl2(ulong value);

    [RuntimeImport("*", "write_hcrx_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteHcrxEl2(ulong value);

    [RuntimeImport("*", "write_hfgrtr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteHfgrtrEl2(ulong value);

    [RuntimeImport("*", "write_hfgwtr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteHfgwtrEl2(ulong value);

    [RuntimeImport("*", "write_hfgitr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteHfgitrEl2(ulong value);

    [RuntimeImport("*", "write_hdfgrtr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteHdfgrtrEl2(ulong value);

    [RuntimeImport("*", "write_hdfgwtr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteHdfgwtrEl2(ulong value);

    [RuntimeImport("*", "write_vtcr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteVtcrEl2(ulong value);

    [RuntimeImport("*", "read_vttbr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadVttbrEl2();

    [RuntimeImport("*", "write_vttbr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteVttbrEl2(ulong value);

    [RuntimeImport("*", "write_cnthctl_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteCnthctlEl2(ulong value);

    [RuntimeImport("*", "write_cntvoff_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteCntvoffEl2(ulong value);

    [RuntimeImport("*", "write_vpidr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteVpidrEl2(ulong value);

    [RuntimeImport("*", "read_far_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadFarEl2();

    [RuntimeImport("*", "read_hpfar_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadHpfarEl2();

    [RuntimeImport("*", "read_sctlr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadSctlrEl2();

    [RuntimeImport("*", "read_tcr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadTcrEl2();

    [RuntimeImport("*", "read_mair_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadMairEl2();

    [RuntimeImport("*", "read_tpidr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadTpidrEl2();

    [RuntimeImport("*", "write_tpidr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteTpidrEl2(ulong value);

    [RuntimeImport("*", "read_sp_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadSpEl1();

    [RuntimeImport("*", "write_sp_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteSpEl1(ulong value);

    // Identification.
    [RuntimeImport("*", "read_midr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadMidrEl1();

    [RuntimeImport("*", "read_mpidr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadMpidrEl1();

    [RuntimeImport("*", "read_revidr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadRevidrEl1();

    [RuntimeImport("*", "read_clidr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadClidrEl1();

    [RuntimeImport("*", "read_ccsidr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadCcsidrEl1();

    [RuntimeImport("*", "read_id_aa64pfr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64pfr0El1();

    [RuntimeImport("*", "read_id_aa64pfr1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64pfr1El1();

    [RuntimeImport("*", "read_id_aa64zfr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64zfr0El1();

    [RuntimeImport("*", "read_id_aa64dfr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64dfr0El1();

    [RuntimeImport("*", "read_id_aa64dfr1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64dfr1El1();

    [RuntimeImport("*", "read_id_aa64afr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64afr0El1();

    [RuntimeImport("*", "read_id_aa64afr1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64afr1El1();

    [RuntimeImport("*", "read_id_aa64isar0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64isar0El1();

    [RuntimeImport("*", "read_id_aa64isar1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64isar1El1();

    [RuntimeImport("*", "read_id_aa64isar2_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64isar2El1();

    [RuntimeImport("*", "read_id_aa64mmfr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64mmfr0El1();

    [RuntimeImport("*", "read_id_aa64mmfr1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64mmfr1El1();

    [RuntimeImport("*", "read_id_aa64mmfr2_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAa64mmfr2El1();

    [RuntimeImport("*", "read_id_pfr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdPfr0El1();

    [RuntimeImport("*", "read_id_pfr1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdPfr1El1();

    [RuntimeImport("*", "read_id_pfr2_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdPfr2El1();

    [RuntimeImport("*", "read_id_dfr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdDfr0El1();

    [RuntimeImport("*", "read_id_dfr1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdDfr1El1();

    [RuntimeImport("*", "read_id_afr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdAfr0El1();

    [RuntimeImport("*", "read_id_mmfr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdMmfr0El1();

    [RuntimeImport("*", "read_id_mmfr1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdMmfr1El1();

    [RuntimeImport("*", "read_id_mmfr2_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdMmfr2El1();

    [RuntimeImport("*", "read_id_mmfr3_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdMmfr3El1();

    [RuntimeImport("*", "read_id_mmfr4_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdMmfr4El1();

    [RuntimeImport("*", "read_id_mmfr5_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdMmfr5El1();

    [RuntimeImport("*", "read_id_isar0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdIsar0El1();

    [RuntimeImport("*", "read_id_isar1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdIsar1El1();

    [RuntimeImport("*", "read_id_isar2_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdIsar2El1();

    [RuntimeImport("*", "read_id_isar3_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdIsar3El1();

    [RuntimeImport("*", "read_id_isar4_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdIsar4El1();

    [RuntimeImport("*", "read_id_isar5_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdIsar5El1();

    [RuntimeImport("*", "read_id_isar6_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIdIsar6El1();

    [RuntimeImport("*", "read_mvfr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadMvfr0El1();

    [RuntimeImport("*", "read_mvfr1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadMvfr1El1();

    [RuntimeImport("*", "read_mvfr2_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadMvfr2El1();

    [RuntimeImport("*", "read_csselr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadCsselrEl1();

    [RuntimeImport("*", "write_csselr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteCsselrEl1(ulong value);

    // Guest context.
    [RuntimeImport("*", "read_sctlr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadSctlrEl1();

    [RuntimeImport("*", "write_esr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteEsrEl1(ulong value);

    [RuntimeImport("*", "write_far_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteFarEl1(ulong value);

    [RuntimeImport("*", "read_elr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadElrEl1();

    [RuntimeImport("*", "write_elr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteElrEl1(ulong value);

    [RuntimeImport("*", "write_spsr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteSpsrEl1(ulong value);

    [RuntimeImport("*", "read_vbar_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadVbarEl1();

    [RuntimeImport("*", "read_sp_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadSpEl0();

    [RuntimeImport("*", "write_sp_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteSpEl0(ulong value);

    [RuntimeImport("*", "read_par_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadParEl1();

    [RuntimeImport("*", "write_par_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteParEl1(ulong value);

    [RuntimeImport("*", "read_mdscr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadMdscrEl1();

    [RuntimeImport("*", "write_mdscr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteMdscrEl1(ulong value);

    [RuntimeImport("*", "write_oslar_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteOslarEl1(ulong value);

    [RuntimeImport("*", "read_oslsr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadOslsrEl1();

    // Timers.
    [RuntimeImport("*", "read_pmcr_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadPmcrEl0();

    [RuntimeImport("*", "read_cntfrq_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadCntfrqEl0();

    [RuntimeImport("*", "read_cntpct_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadCntpctEl0();

    [RuntimeImport("*", "read_cntv_ctl_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadCntvCtlEl0();

    [RuntimeImport("*", "write_cntv_ctl_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteCntvCtlEl0(ulong value);

    [RuntimeImport("*", "write_cnthp_ctl_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteCnthpCtlEl2(ulong value);

    [RuntimeImport("*", "write_cnthp_cval_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteCnthpCvalEl2(ulong value);

    // Interrupt controller.
    [RuntimeImport("*", "read_icc_sre_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIccSreEl2();

    [RuntimeImport("*", "write_icc_sre_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIccSreEl2(ulong value);

    [RuntimeImport("*", "read_icc_sre_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIccSreEl1();

    [RuntimeImport("*", "write_icc_sre_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIccSreEl1(ulong value);

    [RuntimeImport("*", "write_icc_ctlr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIccCtlrEl1(ulong value);

    [RuntimeImport("*", "write_icc_pmr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIccPmrEl1(ulong value);

    [RuntimeImport("*", "write_icc_bpr1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIccBpr1El1(ulong value);

    [RuntimeImport("*", "write_icc_igrpen1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIccIgrpen1El1(ulong value);

    [RuntimeImport("*", "read_icc_iar1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIccIar1El1();

    [RuntimeImport("*", "write_icc_eoir1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIccEoir1El1(ulong value);

    [RuntimeImport("*", "write_icc_dir_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIccDirEl1(ulong value);

    [RuntimeImport("*", "write_icc_sgi1r_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIccSgi1rEl1(ulong value);

    [RuntimeImport("*", "read_ich_vtr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIchVtrEl2();

    [RuntimeImport("*", "read_ich_hcr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIchHcrEl2();

    [RuntimeImport("*", "write_ich_hcr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIchHcrEl2(ulong value);

    [RuntimeImport("*", "read_ich_vmcr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIchVmcrEl2();

    [RuntimeImport("*", "write_ich_vmcr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIchVmcrEl2(ulong value);

    [RuntimeImport("*", "read_ich_eisr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIchEisrEl2();

    [RuntimeImport("*", "read_ich_elrsr_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIchElrsrEl2();

    [RuntimeImport("*", "read_ich_lr")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIchLr(int index);

    [RuntimeImport("*", "write_ich_lr")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIchLr(int index, ulong value);

    [RuntimeImport("*", "read_ich_ap0r_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIchAp0rEl2(int index);

    [RuntimeImport("*", "write_ich_ap0r_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIchAp0rEl2(int index, ulong value);

    [RuntimeImport("*", "read_ich_ap1r_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong ReadIchAp1rEl2(int index);

    [RuntimeImport("*", "write_ich_ap1r_el2")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WriteIchAp1rEl2(int index, ulong value);
}
