// A test guest from its first instruction to C#: an arm64 Image at EL1, MMU on with an identity map (the first
// GiB Device, what follows Normal), a stack per CPU, exceptions to C#.

.set STACK_SHIFT,   14
.set MAIR,          0xff00              // 0: Device-nGnRnE, 1: Normal write-back
.set TCR,           0x2803519           // 39 bits, inner shareable write-back walks, no TTBR1, 40-bit output
.set SCTLR,         0x30d0181d          // RES1, I, SA, C, M
.set BLOCK_DEVICE,  0x0060000000000401
.set BLOCK_NORMAL,  0x0000000000000705

.section .head, "ax"
.global image_start
image_start:
    b       primary_entry
    .long   0
    .quad   0
    .quad   image_memory_size
    .quad   0xa
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

.section .text.boot, "ax"
primary_entry:
    mov     x20, x0
    msr     daifset, #0xf
    adrp    x0, table
    mov     x2, #512
    ldr     x1, =BLOCK_DEVICE
    mov     x3, #(1 << 30)
    str     x1, [x0], #8
    ldr     x1, =(BLOCK_NORMAL + 0x40000000)
    sub     x2, x2, #1
1:  str     x1, [x0], #8
    add     x1, x1, x3
    subs    x2, x2, #1
    b.ne    1b
    bl      mmu_on

    adr     x9, image_start
    adrp    x0, bss_start
    add     x0, x0, :lo12:bss_start
    adrp    x1, bss_end
    add     x1, x1, :lo12:bss_end
2:  cmp     x0, x1
    b.hs    3f
    stp     xzr, xzr, [x0], #16
    b       2b
3:  adrp    x0, relr_start
    add     x0, x0, :lo12:relr_start
    adrp    x1, relr_end
    add     x1, x1, :lo12:relr_end
4:  cmp     x0, x1
    b.hs    9f
    ldr     x2, [x0], #8
    tbnz    x2, #0, 5f
    add     x3, x2, x9
    ldr     x4, [x3]
    add     x4, x4, x9
    str     x4, [x3], #8
    b       4b
5:  mov     x5, x3
6:  lsr     x2, x2, #1
    cbz     x2, 8f
    tbz     x2, #0, 7f
    ldr     x4, [x5]
    add     x4, x4, x9
    str     x4, [x5]
7:  add     x5, x5, #8
    b       6b
8:  add     x3, x3, #(63 * 8)
    b       4b

9:  adrp    x0, stacks_top
    add     x0, x0, :lo12:stacks_top
    mov     sp, x0
    mov     x0, x20
    adrp    x1, module_header
    ldr     x1, [x1, :lo12:module_header]
    mov     x29, xzr
    bl      guest_main                  // x0: device tree, x1: ilc's module header
10: wfi
    b       10b

// A CPU started by PSCI CPU_ON; x0: its number.
.global secondary_entry
secondary_entry:
    mov     x20, x0
    msr     daifset, #0xf
    bl      mmu_on
    adrp    x0, stacks_top
    add     x0, x0, :lo12:stacks_top
    sub     x0, x0, x20, lsl #STACK_SHIFT
    mov     sp, x0
    mov     x0, x20
    mov     x29, xzr
    bl      guest_secondary_main
11: wfi
    b       11b

mmu_on:
    adrp    x0, table
    ldr     x1, =MAIR
    msr     mair_el1, x1
    ldr     x1, =TCR
    msr     tcr_el1, x1
    msr     ttbr0_el1, x0
    mov     x1, #(3 << 20)
    msr     cpacr_el1, x1
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el1, x1
    dsb     sy
    tlbi    vmalle1
    dsb     sy
    isb
    ldr     x1, =SCTLR
    msr     sctlr_el1, x1
    isb
    ret

.macro vector target
    .balign 0x80
    b       \target
.endm

.section .text.hot, "ax"
.balign 0x800
vectors:
    vector  synchronous
    vector  interrupt
    vector  interrupt
    vector  synchronous
    vector  synchronous
    vector  interrupt
    vector  interrupt
    vector  synchronous
    vector  synchronous
    vector  interrupt
    vector  interrupt
    vector  synchronous
    vector  synchronous
    vector  interrupt
    vector  interrupt
    vector  synchronous

.macro save
    sub     sp, sp, #192
    stp     x0, x1, [sp]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x30, [sp, #144]
.endm

.macro restore
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x30, [sp, #144]
    ldp     x0, x1, [sp], #192
    eret
.endm

interrupt:
    save
    bl      guest_interrupt
    restore

// guest_exception(x0: ESR, x1: FAR, x2: ELR) -> where to go on.
synchronous:
    save
    mrs     x0, esr_el1
    mrs     x1, far_el1
    mrs     x2, elr_el1
    bl      guest_exception
    msr     elr_el1, x0
    restore

.section .tables, "aw", %nobits
.balign 4096
table:
    .space  4096
