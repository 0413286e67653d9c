// What test guests need of the instruction set and C# can't say: hypercalls, device accesses, system registers.

.section .text.runtime, "ax"

.macro routine name, instructions:vararg
.global \name
\name:
    \instructions
    ret
.endm

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

routine hypercall, hvc #0               // x0-x3 -> x0
routine secure_call, smc #0

.macro calls name, instruction
.global \name
\name:                                  // x0: seven registers, of which four come back
    mov     x9, x0
    ldp     x0, x1, [x9]
    ldp     x2, x3, [x9, #16]
    ldp     x4, x5, [x9, #32]
    ldr     x6, [x9, #48]
    str     x9, [sp, #-16]!             // SMCCC 1.0 lets a call change x4 to x17
    \instruction #0
    ldr     x9, [sp], #16
    stp     x0, x1, [x9]
    stp     x2, x3, [x9, #16]
    ret
.endm

calls hypercall_registers, hvc
calls secure_call_registers, smc

routine mmio_read8, ldrb w0, [x0]
routine mmio_read16, ldrh w0, [x0]
routine mmio_read32, ldr w0, [x0]
routine mmio_read64, ldr x0, [x0]
routine mmio_write8, strb w1, [x0]
routine mmio_write16, strh w1, [x0]
routine mmio_write32, str w1, [x0]
routine mmio_write64, str x1, [x0]
routine wait_for_interrupt, wfi
routine wait_for_event, wfe
routine yield_cpu, yield
routine enable_interrupts, msr daifclr, #2
routine disable_interrupts, msr daifset, #2
routine instruction_barrier, isb
routine data_barrier, dsb sy
routine send_event, sev

reads   cntvct_el0, cntvct_el0
reads   cntfrq_el0, cntfrq_el0
reads   cntv_ctl_el0, cntv_ctl_el0
writes  cntv_ctl_el0, cntv_ctl_el0
writes  cntv_cval_el0, cntv_cval_el0
writes  cntv_tval_el0, cntv_tval_el0
reads   cntp_ctl_el0, cntp_ctl_el0
writes  cntp_ctl_el0, cntp_ctl_el0
writes  cntp_cval_el0, cntp_cval_el0
reads   mpidr_el1, mpidr_el1
reads   midr_el1, midr_el1
reads   id_aa64pfr0_el1, id_aa64pfr0_el1
writes  icc_sre_el1, s3_0_c12_c12_5
writes  icc_ctlr_el1, s3_0_c12_c12_4
writes  icc_pmr_el1, s3_0_c4_c6_0
writes  icc_igrpen1_el1, s3_0_c12_c12_7
reads   icc_iar1_el1, s3_0_c12_c12_0
writes  icc_eoir1_el1, s3_0_c12_c12_1
writes  icc_dir_el1, s3_0_c12_c11_1
writes  icc_sgi1r_el1, s3_0_c12_c11_5

.global heap_start_address, heap_end_address, secondary_entry_address
heap_start_address:
    adrp    x0, heap_start
    add     x0, x0, :lo12:heap_start
    ret
heap_end_address:
    adrp    x0, heap_end
    add     x0, x0, :lo12:heap_end
    ret
secondary_entry_address:
    adrp    x0, secondary_entry
    add     x0, x0, :lo12:secondary_entry
    ret

// Benchmark loops: x0 rounds. A round is the measured instruction and a subtract-and-branch, so that what the
// loop itself costs is 2 instructions (and what sets up the operands).
.global loop_hypercall, loop_read32, loop_end_of_interrupt
loop_hypercall:                         // PSCI_VERSION by HVC
    stp     x29, x30, [sp, #-32]!
    str     x19, [sp, #16]
    mov     x19, x0
1:  mov     x0, #0x84000000
    hvc     #0
    subs    x19, x19, #1
    b.ne    1b
    ldr     x19, [sp, #16]
    ldp     x29, x30, [sp], #32
    ret
loop_read32:                            // x1: address
    ldr     w2, [x1]
    subs    x0, x0, #1
    b.ne    loop_read32
    ret
