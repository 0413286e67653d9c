// Register and memory accessors for C#: kernel/Arch/Native holds the other side, one row for each row here.
// MRS and MSR only; barriers are the caller's.

.macro reads name, register
.global read_\name
read_\name:
    mrs     x0, \register
    ret
.endm

.macro writes name, register
.global write_\name
write_\name:
    msr     \register, x0
    ret
.endm

// Registers with an index: a jump into a table of two-instruction rows.
.macro reads_indexed name, registers:vararg
.global read_\name
read_\name:
    adr     x1, 1f
    add     x1, x1, x0, lsl #3
    br      x1
1:
    .irp register, \registers
    mrs     x0, \register
    ret
    .endr
.endm

.macro writes_indexed name, registers:vararg       // x0: index, x1: value
.global write_\name
write_\name:
    adr     x2, 1f
    add     x2, x2, x0, lsl #3
    br      x2
1:
    .irp register, \registers
    msr     \register, x1
    ret
    .endr
.endm

.section .text.runtime, "ax"

// Hypervisor control
reads   hcr_el2, hcr_el2
writes  hcr_el2, hcr_el2
writes  cptr_el2, cptr_el2
writes  mdcr_el2, mdcr_el2
writes  hstr_el2, hstr_el2
writes  hcrx_el2, s3_4_c1_c2_2
writes  hfgrtr_el2, s3_4_c1_c1_4
writes  hfgwtr_el2, s3_4_c1_c1_5
writes  hfgitr_el2, s3_4_c1_c1_6
writes  hdfgrtr_el2, s3_4_c3_c1_4
writes  hdfgwtr_el2, s3_4_c3_c1_5
writes  vtcr_el2, vtcr_el2
reads   vttbr_el2, vttbr_el2
writes  vttbr_el2, vttbr_el2
writes  cnthctl_el2, cnthctl_el2
writes  cntvoff_el2, cntvoff_el2
writes  vpidr_el2, vpidr_el2
reads   far_el2, far_el2
reads   hpfar_el2, hpfar_el2
reads   sctlr_el2, sctlr_el2
reads   tcr_el2, tcr_el2
reads   mair_el2, mair_el2
reads   tpidr_el2, tpidr_el2
writes  tpidr_el2, tpidr_el2
reads   sp_el1, sp_el1
writes  sp_el1, sp_el1

// Identification
reads   midr_el1, midr_el1
reads   mpidr_el1, mpidr_el1
reads   revidr_el1, revidr_el1
reads   clidr_el1, clidr_el1
reads   ccsidr_el1, ccsidr_el1
reads   id_aa64pfr0_el1, s3_0_c0_c4_0
reads   id_aa64pfr1_el1, s3_0_c0_c4_1
reads   id_aa64zfr0_el1, s3_0_c0_c4_4
reads   id_aa64dfr0_el1, s3_0_c0_c5_0
reads   id_aa64dfr1_el1, s3_0_c0_c5_1
reads   id_aa64afr0_el1, s3_0_c0_c5_4
reads   id_aa64afr1_el1, s3_0_c0_c5_5
reads   id_aa64isar0_el1, s3_0_c0_c6_0
reads   id_aa64isar1_el1, s3_0_c0_c6_1
reads   id_aa64isar2_el1, s3_0_c0_c6_2
reads   id_aa64mmfr0_el1, s3_0_c0_c7_0
reads   id_aa64mmfr1_el1, s3_0_c0_c7_1
reads   id_aa64mmfr2_el1, s3_0_c0_c7_2
reads   id_pfr0_el1, s3_0_c0_c1_0
reads   id_pfr1_el1, s3_0_c0_c1_1
reads   id_pfr2_el1, s3_0_c0_c3_4
reads   id_dfr0_el1, s3_0_c0_c1_2
reads   id_dfr1_el1, s3_0_c0_c3_5
reads   id_afr0_el1, s3_0_c0_c1_3
reads   id_mmfr0_el1, s3_0_c0_c1_4
reads   id_mmfr1_el1, s3_0_c0_c1_5
reads   id_mmfr2_el1, s3_0_c0_c1_6
reads   id_mmfr3_el1, s3_0_c0_c1_7
reads   id_mmfr4_el1, s3_0_c0_c2_6
reads   id_mmfr5_el1, s3_0_c0_c3_6
reads   id_isar0_el1, s3_0_c0_c2_0
reads   id_isar1_el1, s3_0_c0_c2_1
reads   id_isar2_el1, s3_0_c0_c2_2
reads   id_isar3_el1, s3_0_c0_c2_3
reads   id_isar4_el1, s3_0_c0_c2_4
reads   id_isar5_el1, s3_0_c0_c2_5
reads   id_isar6_el1, s3_0_c0_c2_7
reads   mvfr0_el1, s3_0_c0_c3_0
reads   mvfr1_el1, s3_0_c0_c3_1
reads   mvfr2_el1, s3_0_c0_c3_2
reads   csselr_el1, csselr_el1
writes  csselr_el1, csselr_el1

// Guest context
reads   sctlr_el1, sctlr_el1
writes  esr_el1, esr_el1
writes  far_el1, far_el1
reads   elr_el1, elr_el1
writes  elr_el1, elr_el1
writes  spsr_el1, spsr_el1
reads   vbar_el1, vbar_el1
reads   sp_el0, sp_el0
writes  sp_el0, sp_el0
reads   par_el1, par_el1
writes  par_el1, par_el1
reads   mdscr_el1, mdscr_el1
writes  mdscr_el1, mdscr_el1
writes  oslar_el1, oslar_el1
reads   oslsr_el1, oslsr_el1

// Timers
reads   pmcr_el0, pmcr_el0
reads   cntfrq_el0, cntfrq_el0
reads   cntpct_el0, cntpct_el0
reads   cntv_ctl_el0, cntv_ctl_el0
writes  cntv_ctl_el0, cntv_ctl_el0
writes  cnthp_ctl_el2, cnthp_ctl_el2
writes  cnthp_cval_el2, cnthp_cval_el2

// Interrupt controller
reads   icc_sre_el2, s3_4_c12_c9_5
writes  icc_sre_el2, s3_4_c12_c9_5
reads   icc_sre_el1, s3_0_c12_c12_5
writes  icc_sre_el1, s3_0_c12_c12_5
writes  icc_ctlr_el1, s3_0_c12_c12_4
writes  icc_pmr_el1, s3_0_c4_c6_0
writes  icc_bpr1_el1, s3_0_c12_c12_3
writes  icc_igrpen1_el1, s3_0_c12_c12_7
reads   icc_iar1_el1, s3_0_c12_c12_0
writes  icc_eoir1_el1, s3_0_c12_c12_1
writes  icc_dir_el1, s3_0_c12_c11_1
writes  icc_sgi1r_el1, s3_0_c12_c11_5
reads   ich_vtr_el2, s3_4_c12_c11_1
reads   ich_hcr_el2, s3_4_c12_c11_0
writes  ich_hcr_el2, s3_4_c12_c11_0
reads   ich_vmcr_el2, s3_4_c12_c11_7
writes  ich_vmcr_el2, s3_4_c12_c11_7
reads   ich_eisr_el2, s3_4_c12_c11_3
reads   ich_elrsr_el2, s3_4_c12_c11_5

reads_indexed ich_lr, s3_4_c12_c12_0, s3_4_c12_c12_1, s3_4_c12_c12_2, s3_4_c12_c12_3, s3_4_c12_c12_4, s3_4_c12_c12_5, s3_4_c12_c12_6, s3_4_c12_c12_7, s3_4_c12_c13_0, s3_4_c12_c13_1, s3_4_c12_c13_2, s3_4_c12_c13_3, s3_4_c12_c13_4, s3_4_c12_c13_5, s3_4_c12_c13_6, s3_4_c12_c13_7
writes_indexed ich_lr, s3_4_c12_c12_0, s3_4_c12_c12_1, s3_4_c12_c12_2, s3_4_c12_c12_3, s3_4_c12_c12_4, s3_4_c12_c12_5, s3_4_c12_c12_6, s3_4_c12_c12_7, s3_4_c12_c13_0, s3_4_c12_c13_1, s3_4_c12_c13_2, s3_4_c12_c13_3, s3_4_c12_c13_4, s3_4_c12_c13_5, s3_4_c12_c13_6, s3_4_c12_c13_7
reads_indexed ich_ap0r_el2, s3_4_c12_c8_0, s3_4_c12_c8_1, s3_4_c12_c8_2, s3_4_c12_c8_3
writes_indexed ich_ap0r_el2, s3_4_c12_c8_0, s3_4_c12_c8_1, s3_4_c12_c8_2, s3_4_c12_c8_3
reads_indexed ich_ap1r_el2, s3_4_c12_c9_0, s3_4_c12_c9_1, s3_4_c12_c9_2, s3_4_c12_c9_3
writes_indexed ich_ap1r_el2, s3_4_c12_c9_0, s3_4_c12_c9_1, s3_4_c12_c9_2, s3_4_c12_c9_3

// Device memory: one access of the width asked for, never merged or dropped.
.macro mmio width, load, store, register
.global mmio_read\width, mmio_write\width
mmio_read\width:
    \load    \register\()0, [x0]
    ret
mmio_write\width:
    \store    \register\()1, [x0]
    ret
.endm

mmio 8, ldrb, strb, w
mmio 16, ldrh, strh, w
mmio 32, ldr, str, w
mmio 64, ldr, str, x

// Barriers and translation maintenance.
.macro instruction name, operations:vararg
.global \name
\name:
    \operations
    ret
.endm

instruction dsb_ish, dsb ish
instruction dsb_ishst, dsb ishst
instruction isb_, isb
instruction yield_hint, yield
instruction send_event, sev
instruction tlbi_ipas2e1is, tlbi ipas2e1is, x0
instruction tlbi_vmalle1is, tlbi vmalle1is
instruction tlbi_vmalls12e1is, tlbi vmalls12e1is
instruction tlbi_vae2is, tlbi vae2is, x0
instruction tlbi_alle2is, tlbi alle2is
instruction at_s1e1r, at s1e1r, x0
instruction at_s1e1w, at s1e1w, x0
instruction at_s1e0r, at s1e0r, x0
instruction at_s1e0w, at s1e0w, x0
