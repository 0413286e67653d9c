// Symbols that ilc's code branches to: write barriers, transitions, block memory operations. The hypervisor and
// the test guests link them.

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
    subs    x2, x2, #64
    b.lo    2f
1:  ldp     x4, x5, [x1], #64
    ldp     x6, x7, [x1, #-48]
    ldp     x8, x9, [x1, #-32]
    ldp     x10, x11, [x1, #-16]
    stp     x4, x5, [x0], #64
    stp     x6, x7, [x0, #-48]
    stp     x8, x9, [x0, #-32]
    stp     x10, x11, [x0, #-16]
    subs    x2, x2, #64
    b.hs    1b
2:  adds    x2, x2, #64
    b.eq    4f
    subs    x2, x2, #8
    b.lo    22f
21: ldr     x4, [x1], #8
    str     x4, [x0], #8
    subs    x2, x2, #8
    b.hs    21b
22: adds    x2, x2, #8
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

// What guards frames that hold stack buffers; a frame that finds another value ends in RhpFallbackFailFast. The
// zero byte stops an overrun by text.
.section .data.security_cookie, "aw"
.balign 8
.global __security_cookie
__security_cookie:
    .quad   0x6f6b5f73765f00a5
