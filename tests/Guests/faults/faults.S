// What a guest in its right mind does not do.

.section .text.runtime, "ax"

.global jump_to, break_stack, break_vectors, spin, read_implementation_defined, read_hidden, read_hidden_ordering, read_unallocated
.global read_pair, read_post_indexed, write_vector_register, undefined_instruction

jump_to:                                // x0: address
    br      x0

break_stack:                            // x0: where the stack shall be
    mov     sp, x0
    brk     #0

break_vectors:                          // x0: where the vectors shall be
    msr     vbar_el1, x0
    isb
    brk     #0

spin:
    b       spin

read_implementation_defined:
    mrs     x0, s3_0_c15_c2_7
    ret

read_hidden:                            // ERRIDR_EL1: error records belong to the machine
    mrs     x0, s3_0_c5_c3_0
    ret

read_hidden_ordering:                   // LORC_EL1: limited ordering regions are not virtualised
    mrs     x0, s3_0_c10_c4_3
    ret

read_unallocated:
    mrs     x0, s3_5_c13_c7_6
    ret

undefined_instruction:
    udf     #0
    ret

// Accesses to devices that the syndrome of the fault does not describe.
read_pair:                              // x0: address of two 32-bit registers -> both
    ldp     w1, w2, [x0]
    orr     x0, x1, x2, lsl #32
    ret

read_post_indexed:                      // x0: address of a 32-bit register -> its value, and the address's low half above
    ldr     w1, [x0], #4
    orr     x0, x1, x0, lsl #32
    ret

write_vector_register:                  // x0: address, w1: value
    fmov    s0, w1
    str     s0, [x0]
    ret
