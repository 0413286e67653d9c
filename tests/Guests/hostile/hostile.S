// Tries single instructions, made at run time, and comes back whatever they do; the instructions that access memory; the
// ways in which a guest can ruin itself.

.arch_extension lse
.arch_extension rcpc
.section .text.runtime, "ax"

// attempt(x0: code, which ends with a branch to recover; x1: X0 to X3 for it, then what it left in X0) -> whether it came
// through without an exception is for the caller to find out. Everything that AAPCS64 wants kept is kept here.
.global attempt, recover, recover_address, synchronise_code
attempt:
    stp     x29, x30, [sp, #-112]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    str     x1, [sp, #96]
    mrs     x9, mpidr_el1
    and     x9, x9, #7
    adrp    x10, contexts
    add     x10, x10, :lo12:contexts
    mov     x11, sp
    str     x11, [x10, x9, lsl #3]
    mov     x16, x0
    mov     x17, x1
    ldp     x0, x1, [x17]
    ldp     x2, x3, [x17, #16]
    br      x16

recover:
    msr     daifset, #0xf
    mrs     x9, mpidr_el1
    and     x9, x9, #7
    adrp    x10, contexts
    add     x10, x10, :lo12:contexts
    ldr     x11, [x10, x9, lsl #3]
    mov     sp, x11
    ldr     x1, [sp, #96]
    str     x0, [x1]
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #112
    ret

recover_address:
    adr     x0, recover
    ret

synchronise_code:                       // x0: a page in which code has been written
    add     x1, x0, #4096
    mov     x2, x0
1:  dc      cvau, x2
    add     x2, x2, #16
    cmp     x2, x1
    b.lo    1b
    dsb     ish
2:  ic      ivau, x0
    add     x0, x0, #16
    cmp     x0, x1
    b.lo    2b
    dsb     ish
    isb
    ret

.global access_instructions, access_count
access_instructions:                    // -> where they are, each with a branch to recover: they access [x1], with x0 and x2
    adr     x0, accesses
    ret
access_count:
    mov     x0, #(accesses_end - accesses) / 8
    ret

.macro access instruction:vararg
    \instruction
    b       recover
.endm

accesses:
    access  ldrb w0, [x1]
    access  ldrh w0, [x1]
    access  ldr w0, [x1]
    access  ldr x0, [x1]
    access  strb w0, [x1]
    access  strh w0, [x1]
    access  str w0, [x1]
    access  str x0, [x1]
    // The first eight are every width, read and write; what follows is tried here and there.
    access  ldrsb x0, [x1]
    access  ldrsh w0, [x1]
    access  ldrsw x0, [x1]
    access  ldp w0, w2, [x1]
    access  ldp x0, x2, [x1]
    access  stp w0, w2, [x1]
    access  stp x0, x2, [x1]
    access  ldnp x0, x2, [x1]
    access  ldp x0, x2, [x1], #16
    access  stp x0, x2, [x1, #-16]!
    access  ldpsw x0, x2, [x1]
    access  ldr x0, [x1], #8
    access  ldr w0, [x1, #4]!
    access  str xzr, [x1], #-8
    access  ldur x0, [x1, #1]
    access  stur w0, [x1, #-3]
    access  ldtr x0, [x1]
    access  sttr w0, [x1]
    access  ldxr w0, [x1]
    access  ldxr x0, [x1]
    access  stxr w3, x0, [x1]
    access  ldaxr w0, [x1]
    access  stlxr w3, w0, [x1]
    access  ldxp x0, x2, [x1]
    access  stxp w3, x0, x2, [x1]
    access  ldar w0, [x1]
    access  ldarb w0, [x1]
    access  stlr x0, [x1]
    access  ldadd w2, w0, [x1]
    access  swpal x2, x0, [x1]
    access  cas x2, x0, [x1]
    access  casp x2, x3, x4, x5, [x1]
    access  ldsmaxb w2, w0, [x1]
    access  ldapr w0, [x1]
    access  .inst 0xf8200420            // ldraa x0, [x1]: not every assembler knows it
    access  ldr b0, [x1]
    access  ldr s0, [x1]
    access  ldr d0, [x1]
    access  ldr q0, [x1]
    access  str b0, [x1]
    access  str s0, [x1]
    access  str q0, [x1]
    access  ldp q0, q2, [x1]
    access  stp d0, d2, [x1]
    access  ldp s0, s2, [x1], #8
    access  ld1 {v0.16b}, [x1]
    access  st1 {v0.16b}, [x1]
    access  ld1 {v0.16b-v3.16b}, [x1]
    access  ld4 {v0.16b-v3.16b}, [x1]
    access  st3 {v0.8b-v2.8b}, [x1], #24
    access  ld1 {v0.b}[3], [x1]
    access  st1 {v0.d}[1], [x1]
    access  ld1r {v0.2d}, [x1]
    access  prfm pldl1keep, [x1]
    access  prfm pstl3strm, [x1]
    access  dc zva, x1
    access  dc cvac, x1
    access  dc civac, x1
    access  dc ivac, x1
    access  dc cvau, x1
    access  ic ivau, x1
    access  at s1e1r, x1
    access  at s1e0w, x1
    access  tlbi vae1is, x1
accesses_end:

// The last acts; nothing comes back from them.
.global ruin_vectors, ruin_stack, ruin_tables, ruin_translation, ruin_memory
ruin_vectors:                           // x0: where there is nothing
    msr     vbar_el1, x0
    isb
    brk     #0
ruin_stack:
    mov     sp, x0
    brk     #0
ruin_tables:                            // page tables that are not there
    msr     ttbr0_el1, x0
    isb
    tlbi    vmalle1
    dsb     sy
    isb
    b       .
ruin_translation:                       // no translation, and on at an address without memory
    mrs     x1, sctlr_el1
    bic     x1, x1, #1
    msr     sctlr_el1, x1
    isb
    br      x0
ruin_memory:                            // x0: seed, x1: first, x2: last byte: writes over all, itself too
    mov     x3, #0x4c95
    movk    x3, #0x7f2d, lsl #16
    movk    x3, #0xf42d, lsl #32
    movk    x3, #0x5851, lsl #48
1:  mul     x0, x0, x3
    add     x0, x0, #1
    str     x0, [x1], #8
    cmp     x1, x2
    b.lo    1b
    b       ruin_memory

.section .bss
.balign 64
contexts:
    .space  64
