// The handing over, and values in all SIMD registers.

.section .text.runtime, "ax"

.set YIELD, 0xc6000004                  // the hypervisor's vendor service: others go first

// loop_yield(x0: rounds). A round is the call and 4 instructions.
.global loop_yield
loop_yield:
    mov     x2, x0
1:  mov     w0, #(YIELD & 0xffff)
    movk    w0, #(YIELD >> 16), lsl #16
    hvc     #0
    subs    x2, x2, #1
    b.ne    1b
    ret

// fill_simd(x0: pattern): Vn's halves become the pattern plus n, and its complement.
.global fill_simd
fill_simd:
    mvn     x1, x0
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    add     x2, x0, #\n
    mov     v\n\().d[0], x2
    sub     x2, x1, #\n
    mov     v\n\().d[1], x2
    .endr
    ret

// check_simd(x0: pattern) -> 1 where that is still so.
.global check_simd
check_simd:
    mvn     x1, x0
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    mov     x3, v\n\().d[0]
    add     x2, x0, #\n
    cmp     x2, x3
    b.ne    1f
    mov     x3, v\n\().d[1]
    sub     x2, x1, #\n
    cmp     x2, x3
    b.ne    1f
    .endr
    mov     x0, #1
    ret
1:  mov     x0, #0
    ret
