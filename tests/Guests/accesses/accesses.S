// Accesses to devices that the syndrome of the fault does not describe. Each routine takes the address of four words in
// x0 (and values to store in x1) and answers in x0 with what it found; write-back shows in the upper half.

.section .text.runtime, "ax"

.macro routine name
.global \name
\name:
.endm

routine load_pair
    ldp     w2, w3, [x0]
    orr     x0, x2, x3, lsl #32
    ret

routine load_pair_signed
    ldpsw   x2, x3, [x0]
    add     x0, x2, x3
    ret

routine load_pair_post_index
    mov     x4, x0
    ldp     w2, w3, [x0], #16
    add     w2, w2, w3
    sub     x0, x0, x4
    orr     x0, x2, x0, lsl #32
    ret

routine load_pair_pre_index
    mov     x4, x0
    ldp     w2, w3, [x0, #8]!
    add     w2, w2, w3
    sub     x0, x0, x4
    orr     x0, x2, x0, lsl #32
    ret

routine load_post_index
    mov     x4, x0
    ldr     w2, [x0], #-4
    sub     w0, w0, w4
    orr     x0, x2, x0, lsl #32
    ret

routine load_signed_byte_pre_index
    ldrsb   x2, [x0, #4]!
    mov     x0, x2
    ret

routine load_register_offset_of_stack
    mov     x4, sp
    mov     sp, x0
    mov     x2, #12
    ldr     w0, [sp, x2]
    mov     sp, x4
    ret

routine load_stack_post_index
    mov     x4, sp
    mov     sp, x0
    ldr     w2, [sp], #16
    mov     x3, sp
    mov     sp, x4
    sub     x3, x3, x0
    orr     x0, x2, x3, lsl #32
    ret

routine load_vector_word
    movi    v0.16b, #255
    ldr     s0, [x0]
    mov     x2, v0.d[0]
    mov     x3, v0.d[1]
    orr     x0, x2, x3
    ret

routine load_vector_pair
    ldp     s30, s31, [x0]
    fmov    w2, s30
    fmov    w3, s31
    orr     x0, x2, x3, lsl #32
    ret

routine load_vector_post_index
    mov     x4, x0
    ldr     s7, [x0], #8
    fmov    w2, s7
    sub     x0, x0, x4
    orr     x0, x2, x0, lsl #32
    ret

routine load_acquire
    ldar    w0, [x0]
    ret

routine load_to_zero
    ldp     wzr, w0, [x0]
    ret

routine prefetch
    prfm    pldl1keep, [x0]
    mov     x0, #0
    ret

routine store_pair
    lsr     x2, x1, #32
    stp     w1, w2, [x0]
    mov     x0, #0
    ret

routine store_pair_post_index
    mov     x4, x0
    lsr     x2, x1, #32
    stp     w1, w2, [x0], #-8
    sub     x0, x0, x4
    ret

routine store_zero_pair
    stp     wzr, wzr, [x0]
    mov     x0, #0
    ret

routine store_vector_pair
    fmov    d0, x1
    mov     s1, v0.s[1]
    stp     s0, s1, [x0]
    mov     x0, #0
    ret

routine store_release
    stlr    w1, [x0]
    mov     x0, #0
    ret
