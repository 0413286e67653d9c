// What the compiler and C# call but can't express: write barriers, block memory operations, calls that keep
// the guest's SIMD registers, firmware calls, barriers.

// The SIMD state as 528 bytes: FPCR, FPSR, then V0-V31.
.macro simd_store base
    stp     q0, q1, [\base, #16]
    stp     q2, q3, [\base, #48]
    stp     q4, q5, [\base, #80]
    stp     q6, q7, [\base, #112]
    stp     q8, q9, [\base, #144]
    stp     q10, q11, [\base, #176]
    stp     q12, q13, [\base, #208]
    stp     q14, q15, [\base, #240]
    stp     q16, q17, [\base, #272]
    stp     q18, q19, [\base, #304]
    stp     q20, q21, [\base, #336]
    stp     q22, q23, [\base, #368]
    stp     q24, q25, [\base, #400]
    stp     q26, q27, [\base, #432]
    stp     q28, q29, [\base, #464]
    stp     q30, q31, [\base, #496]
    mrs     x5, fpcr
    mrs     x6, fpsr
    stp     x5, x6, [\base]
.endm

.macro simd_load base
    ldp     q0, q1, [\base, #16]
    ldp     q2, q3, [\base, #48]
    ldp     q4, q5, [\base, #80]
    ldp     q6, q7, [\base, #112]
    ldp     q8, q9, [\base, #144]
    ldp     q10, q11, [\base, #176]
    ldp     q12, q13, [\base, #208]
    ldp     q14, q15, [\base, #240]
    ldp     q16, q17, [\base, #272]
    ldp     q18, q19, [\base, #304]
    ldp     q20, q21, [\base, #336]
    ldp     q22, q23, [\base, #368]
    ldp     q24, q25, [\base, #400]
    ldp     q26, q27, [\base, #432]
    ldp     q28, q29, [\base, #464]
    ldp     q30, q31, [\base, #496]
    ldp     x5, x6, [\base]
    msr     fpcr, x5
    msr     fpsr, x6
.endm

.section .text.runtime, "ax"

// Write barriers. There is no collector to tell, so only the store and the register contract remain.
.global RhpAssignRefArm64, RhpCheckedAssignRefArm64, RhpByRefAssignRefArm64
RhpAssignRefArm64:                      // x14: destination (advanced by 8), x15: value
RhpCheckedAssignRefArm64:
    str     x15, [x14], #8
    ret
RhpByRefAssignRefArm64:                 // x13: source, x14: destination; both advanced by 8
    ldr     x15, [x13], #8
    str     x15, [x14], #8
    ret

// Managed code called from assembly: there is no runtime to tell of the transition.
.global RhpReversePInvoke, RhpReversePInvokeReturn
RhpReversePInvoke:
RhpReversePInvokeReturn:
    ret

// memmove(x0 destination, x1 source, x2 length) without SIMD registers; Normal memory only.
.global memmove, memcpy
memmove:
memcpy:
    sub     x3, x0, x1
    cmp     x3, x2
    b.lo    5f                          // destination inside the source: from the end
    subs    x2, x2, #32
    b.lo    2f
1:  ldp     x4, x5, [x1], #16
    ldp     x6, x7, [x1], #16
    stp     x4, x5, [x0], #16
    stp     x6, x7, [x0], #16
    subs    x2, x2, #32
    b.hs    1b
2:  adds    x2, x2, #32
    b.eq    4f
3:  ldrb    w4, [x1], #1
    strb    w4, [x0], #1
    subs    x2, x2, #1
    b.ne    3b
4:  ret
5:  cbz     x3, 4b
    add     x0, x0, x2
    add     x1, x1, x2
    subs    x2, x2, #32
    b.lo    7f
6:  ldp     x4, x5, [x1, #-16]!
    ldp     x6, x7, [x1, #-16]!
    stp     x4, x5, [x0, #-16]!
    stp     x6, x7, [x0, #-16]!
    subs    x2, x2, #32
    b.hs    6b
7:  adds    x2, x2, #32
    b.eq    4b
8:  ldrb    w4, [x1, #-1]!
    strb    w4, [x0, #-1]!
    subs    x2, x2, #1
    b.ne    8b
    ret

// memset(x0 destination, w1 value, x2 length); Normal memory only.
.global memset
memset:
    and     x1, x1, #0xff
    mov     x3, #0x0101010101010101
    mul     x1, x1, x3
    subs    x2, x2, #32
    b.lo    2f
1:  stp     x1, x1, [x0], #16
    stp     x1, x1, [x0], #16
    subs    x2, x2, #32
    b.hs    1b
2:  adds    x2, x2, #32
    b.eq    4f
3:  strb    w1, [x0], #1
    subs    x2, x2, #1
    b.ne    3b
4:  ret

// bulk_copy(x0 destination, x1 source, x2 length: a multiple of 64). Uses q0-q3: only where no guest's SIMD
// state is live.
.global bulk_copy
bulk_copy:
    cbz     x2, 2f
1:  ldp     q0, q1, [x1], #32
    ldp     q2, q3, [x1], #32
    stp     q0, q1, [x0], #32
    stp     q2, q3, [x0], #32
    subs    x2, x2, #64
    b.ne    1b
2:  ret

// call_preserving_simd(x0: method, x1..x4: its arguments) -> its result. The one way from a hot path to code
// that may use SIMD registers, which are the guest's.
.global call_preserving_simd
call_preserving_simd:
    stp     x29, x30, [sp, #-16]!
    mov     x29, sp
    sub     sp, sp, #528
    simd_store sp
    mov     x7, x0
    mov     x0, x1
    mov     x1, x2
    mov     x2, x3
    mov     x3, x4
    blr     x7
    simd_load sp
    add     sp, sp, #528
    ldp     x29, x30, [sp], #16
    ret

// Firmware calls (SMCCC): x0 function, x1..x3 arguments -> x0. C# expects only x0-x18 to change.
.global smc_call, hvc_call
smc_call:
    smc     #0
    ret
hvc_call:
    hvc     #0
    ret

// simd_state_save(x0: the 528 bytes), simd_state_load(x0).
.global simd_state_save, simd_state_load
simd_state_save:
    simd_store x0
    ret
simd_state_load:
    simd_load x0
    ret

// wait_for_interrupt(): returns when an interrupt is pending, masked or not.
.global wait_for_interrupt
wait_for_interrupt:
    dsb     sy
    wfi
    ret

// clean_and_invalidate(x0 start, x1 length) to the point of coherency, then the instruction side.
.global clean_to_coherency
clean_to_coherency:
    add     x1, x0, x1
    mrs     x2, ctr_el0
    ubfx    x2, x2, #16, #4
    mov     x3, #4
    lsl     x2, x3, x2
    sub     x3, x2, #1
    bic     x0, x0, x3
1:  cmp     x0, x1
    b.hs    2f
    dc      civac, x0
    add     x0, x0, x2
    b       1b
2:  dsb     sy
    ic      ialluis
    dsb     sy
    isb
    ret

// frame_pointer() -> x0: the caller's frame, for back-traces.
.global frame_pointer
frame_pointer:
    mov     x0, x29
    ret
