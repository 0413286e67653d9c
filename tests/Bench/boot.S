// /init of the boot measurement: a Linux program that prints the machine's counter as instructions (a tick of the
// 62.5 MHz counter is 16 of them under -icount shift=0) and switches the machine off. No libc, so that it is the same
// few instructions on the bare machine and in a VM.

.set WRITE,         64
.set REBOOT,        142
.set MAGIC1,        0xfee1dead
.set MAGIC2,        0x28121969
.set POWER_OFF,     0x4321fedc
.set TICK_SHIFT,    4

.section .text
.global _start
_start:
    isb
    mrs     x0, cntvct_el0
    lsl     x0, x0, #TICK_SHIFT

    adrp    x1, number_end              // decimal, from the last digit to the first
    add     x1, x1, :lo12:number_end
    mov     x2, #10
1:  udiv    x3, x0, x2
    msub    x4, x3, x2, x0
    add     w4, w4, #'0'
    strb    w4, [x1, #-1]!
    mov     x0, x3
    cbnz    x0, 1b

    adrp    x19, number_end
    add     x19, x19, :lo12:number_end
    mov     x20, x1
    adrp    x1, label
    add     x1, x1, :lo12:label
    mov     x2, #(label_end - label)
    bl      print
    mov     x1, x20
    sub     x2, x19, x20
    add     x2, x2, #1                  // and the line's end
    bl      print

    ldr     x0, =MAGIC1
    ldr     x1, =MAGIC2
    ldr     x2, =POWER_OFF
    mov     x8, #REBOOT
    svc     #0
2:  b       2b

print:                                  // x1: text, x2: bytes
    mov     x0, #1
    mov     x8, #WRITE
    svc     #0
    ret

.section .rodata
label:
    .ascii  "BENCH linux-boot "
label_end:

.section .data
    .space  20
number_end:
    .ascii  "\n"
