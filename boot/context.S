// Guest registers that come in families: set to zero when a VCpu starts, so that nothing of an earlier guest
// (or of the firmware) is left for it to read.

.section .text.runtime, "ax"

// reset_pointer_authentication_keys(): only where the CPU has them.
.global reset_pointer_authentication_keys
reset_pointer_authentication_keys:
    .irp register, s3_0_c2_c1_0, s3_0_c2_c1_1, s3_0_c2_c1_2, s3_0_c2_c1_3, s3_0_c2_c2_0, s3_0_c2_c2_1, s3_0_c2_c2_2, s3_0_c2_c2_3, s3_0_c2_c3_0, s3_0_c2_c3_1
    msr     \register, xzr
    .endr
    ret

// reset_breakpoints(x0: highest index), reset_watchpoints(x0: highest index): a jump to the pair of stores of
// the highest register that exists, then down to 0.
.global reset_breakpoints, reset_watchpoints
reset_breakpoints:
    mov     x1, #15
    sub     x1, x1, x0
    adr     x2, 1f
    add     x2, x2, x1, lsl #3
    br      x2
1:
    .irp n, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
    msr     dbgbcr\n\()_el1, xzr
    msr     dbgbvr\n\()_el1, xzr
    .endr
    ret
reset_watchpoints:
    mov     x1, #15
    sub     x1, x1, x0
    adr     x2, 1f
    add     x2, x2, x1, lsl #3
    br      x2
1:
    .irp n, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
    msr     dbgwcr\n\()_el1, xzr
    msr     dbgwvr\n\()_el1, xzr
    .endr
    ret

// clean_invalidate_set_way(x0: the operand of DC CISW): done for a guest in place of any set/way operation.
.global clean_invalidate_set_way
clean_invalidate_set_way:
    dc      cisw, x0
    ret
