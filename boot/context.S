// A guest's EL1 state: saved when its VCpu leaves a CPU, loaded when it comes onto one. kernel/Cpu/SystemContext.cs
// has the same layout.

#include "simd.inc"

.set CONTEXT_SIMD, 32 * 8

.section .text.runtime, "ax"

.macro save_pair first, second, index
    mrs     x1, \first
    mrs     x2, \second
    stp     x1, x2, [x0, #\index * 8]
.endm

.macro load_pair first, second, index
    ldp     x1, x2, [x0, #\index * 8]
    msr     \first, x1
    msr     \second, x2
.endm

// system_context_save(x0: the block): its 32 words, then the SIMD state. Leaves the virtual timer off, and stage 1 so that every walk fails, speculative ones
// too: with stage 2 off later, what a walk finds would be kept under this guest's VMID (Cortex-A57 1319537, A72 1319367,
// A76 1165522). With stage 1 off instead a flat translation would be kept.
.global system_context_save, close_stage1
system_context_save:
    save_pair sctlr_el1, tcr_el1, 0
    save_pair ttbr0_el1, ttbr1_el1, 2
    save_pair mair_el1, amair_el1, 4
    save_pair esr_el1, far_el1, 6
    save_pair afsr0_el1, afsr1_el1, 8
    save_pair elr_el1, spsr_el1, 10
    save_pair vbar_el1, contextidr_el1, 12
    save_pair tpidr_el0, tpidrro_el0, 14
    save_pair tpidr_el1, sp_el0, 16
    save_pair sp_el1, cpacr_el1, 18
    save_pair cntkctl_el1, par_el1, 20
    save_pair csselr_el1, mdscr_el1, 22
    save_pair cntv_ctl_el0, cntv_cval_el0, 24
    mrs     x1, oslsr_el1
    ubfx    x1, x1, #1, #1
    str     x1, [x0, #26 * 8]
    msr     cntv_ctl_el0, xzr
    add     x0, x0, #CONTEXT_SIMD
    simd_store x0
// close_stage1(): every walk of stage 1 fails from now on, as above.
close_stage1:
    mrs     x1, tcr_el1
    orr     x1, x1, #(1 << 7)           // EPD0
    orr     x1, x1, #(1 << 23)          // EPD1
    msr     tcr_el1, x1
    isb
    mrs     x1, sctlr_el1
    orr     x1, x1, #1                  // M
    msr     sctlr_el1, x1
    isb
    ret

// system_context_load(x0: the block). Every walk of stage 1 fails, as close_stage1 left it, until all that belongs to it is
// there: no walk may see half of a context.
.global system_context_load
system_context_load:
    load_pair ttbr0_el1, ttbr1_el1, 2
    load_pair mair_el1, amair_el1, 4
    load_pair esr_el1, far_el1, 6
    load_pair afsr0_el1, afsr1_el1, 8
    load_pair elr_el1, spsr_el1, 10
    load_pair vbar_el1, contextidr_el1, 12
    load_pair tpidr_el0, tpidrro_el0, 14
    load_pair tpidr_el1, sp_el0, 16
    load_pair sp_el1, cpacr_el1, 18
    load_pair cntkctl_el1, par_el1, 20
    load_pair csselr_el1, mdscr_el1, 22
    ldp     x1, x2, [x0, #26 * 8]
    msr     oslar_el1, x1
    msr     hcr_el2, x2
    load_pair vttbr_el2, vmpidr_el2, 28
    load_pair cntvoff_el2, mdcr_el2, 30
    ldp     x1, x2, [x0, #24 * 8]       // CNTV_CTL after CNTV_CVAL: no interrupt by an older value
    msr     cntv_cval_el0, x2
    msr     cntv_ctl_el0, x1
    ldp     x3, x4, [x0]                // SCTLR, TCR
    isb
    msr     sctlr_el1, x3
    isb
    msr     tcr_el1, x4
    isb
    add     x0, x0, #CONTEXT_SIMD
    simd_load x0
    ret

// virtual_interface_save(x0: nine words): the guest's side of a GICv3 with one register of active priorities a group;
// nothing is delivered any more. virtual_interface_load(x0): delivers again.
.global virtual_interface_save, virtual_interface_load
virtual_interface_save:
    mrs     x1, s3_4_c12_c11_7          // ICH_VMCR_EL2
    mrs     x2, s3_4_c12_c8_0           // ICH_AP0R0_EL2
    mrs     x3, s3_4_c12_c9_0           // ICH_AP1R0_EL2
    msr     s3_4_c12_c11_0, xzr         // ICH_HCR_EL2
    stp     x1, x2, [x0]
    str     x3, [x0, #5 * 8]
    isb
    ret
virtual_interface_load:
    ldp     x1, x2, [x0]
    ldr     x3, [x0, #5 * 8]
    msr     s3_4_c12_c11_7, x1
    msr     s3_4_c12_c8_0, x2
    msr     s3_4_c12_c9_0, x3
    mov     x1, #1                      // En
    msr     s3_4_c12_c11_0, x1
    isb
    ret

// The same of a GICv2. virtual_interface2_save(x0: two words, x1: GICH), virtual_interface2_load(x0, x1, w2: GICH_HCR).
.global virtual_interface2_save, virtual_interface2_load
virtual_interface2_save:
    ldr     w2, [x1, #0x8]              // GICH_VMCR
    ldr     w3, [x1, #0xf0]             // GICH_APR
    str     wzr, [x1]                   // GICH_HCR
    stp     x2, x3, [x0]
    ret
virtual_interface2_load:
    ldp     x3, x4, [x0]
    str     w3, [x1, #0x8]
    str     w4, [x1, #0xf0]
    str     w2, [x1]
    ret

// pointer_keys_save(x0: ten words), pointer_keys_load: only where the CPU has them.
.global pointer_keys_save, pointer_keys_load
pointer_keys_save:
    save_pair s3_0_c2_c1_0, s3_0_c2_c1_1, 0
    save_pair s3_0_c2_c1_2, s3_0_c2_c1_3, 2
    save_pair s3_0_c2_c2_0, s3_0_c2_c2_1, 4
    save_pair s3_0_c2_c2_2, s3_0_c2_c2_3, 6
    save_pair s3_0_c2_c3_0, s3_0_c2_c3_1, 8
    ret
pointer_keys_load:
    load_pair s3_0_c2_c1_0, s3_0_c2_c1_1, 0
    load_pair s3_0_c2_c1_2, s3_0_c2_c1_3, 2
    load_pair s3_0_c2_c2_0, s3_0_c2_c2_1, 4
    load_pair s3_0_c2_c2_2, s3_0_c2_c2_3, 6
    load_pair s3_0_c2_c3_0, s3_0_c2_c3_1, 8
    ret

// debug_registers_save(x0: 64 words: value and control of each, 16 breakpoints, then 16 watchpoints; x1, x2: number of
// the last breakpoint and watchpoint that exist): switches them off, as the next guest may have none of its own;
// debug_registers_load: likewise.
.global debug_registers_save, debug_registers_load
debug_registers_save:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    cmp     x1, #\n
    b.lo    1f
    mrs     x3, dbgbvr\n\()_el1
    mrs     x4, dbgbcr\n\()_el1
    msr     dbgbcr\n\()_el1, xzr
    stp     x3, x4, [x0, #\n * 16]
    .endr
1:
    add     x0, x0, #256
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    cmp     x2, #\n
    b.lo    1f
    mrs     x3, dbgwvr\n\()_el1
    mrs     x4, dbgwcr\n\()_el1
    msr     dbgwcr\n\()_el1, xzr
    stp     x3, x4, [x0, #\n * 16]
    .endr
1:
    ret
debug_registers_load:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    cmp     x1, #\n
    b.lo    1f
    ldp     x3, x4, [x0, #\n * 16]
    msr     dbgbvr\n\()_el1, x3
    msr     dbgbcr\n\()_el1, x4
    .endr
1:
    add     x0, x0, #256
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    cmp     x2, #\n
    b.lo    1f
    ldp     x3, x4, [x0, #\n * 16]
    msr     dbgwvr\n\()_el1, x3
    msr     dbgwcr\n\()_el1, x4
    .endr
1:
    ret

// flush_guest_on_this_cpu(): what the VM's other VCpus left in this CPU's TLB and instruction cache, as private to
// them (ASIDs that only one of them uses for that purpose).
.global flush_guest_on_this_cpu
flush_guest_on_this_cpu:
    tlbi    vmalle1
    dsb     nsh
    isb
    ret

// clean_invalidate_set_way(x0: the operand of DC CISW): done for a guest in place of any set/way operation.
.global clean_invalidate_set_way
clean_invalidate_set_way:
    dc      cisw, x0
    ret
