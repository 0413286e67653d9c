// Image header and the way from reset to the first C# method: drop to EL2, early page tables, MMU and caches
// on, relocation, stack. Position independent throughout; only RELR relocations exist.

#include "layout.inc"

.set EL2_MAIR,      0xff4400            // 0: Device-nGnRnE, 1: Normal non-cacheable, 2: Normal write-back
.set TCR_EL2_BASE,  0x80803519          // RES1, inner shareable write-back walks, 4 KiB granule, 39 bits (T0SZ 25)
.set SCTLR_EL2_ON,  0x30c5183d          // RES1, I, SA, C, M; no alignment checks
.set SCTLR_EL2_OFF, 0x30c50830

.set BLOCK_DEVICE,  0x0040000000000401  // valid block, AF, AttrIndx 0, XN
.set BLOCK_NORMAL,  0x0000000000000709  // valid block, AF, inner shareable, AttrIndx 2
.set TABLE,         3

.section .head, "ax"
.global image_start
image_start:
    b       primary_entry               // code0 (Linux arm64 boot protocol)
    .long   0                           // code1
    .quad   0                           // text_offset
    .quad   image_memory_size           // image_size, from the linker script
    .quad   0xa                         // flags: little endian, 4 KiB pages, anywhere in memory
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

.section .text.boot, "ax"

// x0: device tree. Runs on the first CPU only; the others are started by PSCI or wait for their spin table.
.global primary_entry
primary_entry:
    msr     daifset, #0xf
    mov     x20, x0
    mov     x22, xzr                    // EL3 is not ours
    mrs     x0, mpidr_el1
    tst     x0, #0xff                   // firmware that lets every CPU in: only the first goes on
    b.ne    park
    mrs     x0, CurrentEL
    cmp     x0, #(3 << 2)
    b.eq    from_el3
    cmp     x0, #(2 << 2)
    b.ne    refuse_el1

start_el2:
    mov     x0, #(1 << 31)              // HCR_EL2: RW, nothing else; E2H stays 0 on every core
    msr     hcr_el2, x0
    ldr     x0, =SCTLR_EL2_OFF
    msr     sctlr_el2, x0
    isb

    // The tables are written with the MMU off; a stale cached copy must not come back over them.
    adrp    x0, early_tables
    add     x0, x0, :lo12:early_tables
    mov     x21, x0
    bl      invalidate_early_tables

    // Level 1: everything Device and never executed, except the GiBs of the image and the device tree.
    mov     x0, x21
    ldr     x1, =BLOCK_DEVICE
    mov     x2, #512
    mov     x3, #(1 << 30)
1:  str     x1, [x0], #8
    add     x1, x1, x3
    subs    x2, x2, #1
    b.ne    1b

    adr     x0, image_start
    adrp    x1, image_end
    add     x1, x1, :lo12:image_end
    add     x2, x21, #0x1000
    bl      map_normal
    mov     x0, x20
    add     x1, x20, #(2 << 20)
    add     x2, x21, #0x2000
    bl      map_normal
    dsb     sy
    mov     x0, x21
    bl      invalidate_early_tables

    ldr     x0, =EL2_MAIR
    msr     mair_el2, x0
    ldr     x0, =TCR_EL2_BASE
    mrs     x1, id_aa64mmfr0_el1
    and     x1, x1, #0xf
    mov     x2, #5                      // at most 48 bits
    cmp     x1, x2
    csel    x1, x1, x2, lo
    bfi     x0, x1, #16, #3             // PS
    msr     tcr_el2, x0
    msr     ttbr0_el2, x21
    dsb     sy
    tlbi    alle2
    ic      iallu
    dsb     sy
    isb
    ldr     x0, =SCTLR_EL2_ON
    msr     sctlr_el2, x0
    isb

    bl      clear_bss
    bl      relocate

    mov     x0, #0x33ff                 // CPTR_EL2: RES1, floating point not trapped
    msr     cptr_el2, x0
    adrp    x0, vectors
    add     x0, x0, :lo12:vectors
    msr     vbar_el2, x0
    adrp    x0, boot_stack_top
    add     x0, x0, :lo12:boot_stack_top
    mov     sp, x0
    msr     tpidr_el2, xzr
    isb
    mov     x0, x20
    adrp    x1, module_header
    ldr     x1, [x1, :lo12:module_header]
    mov     x29, xzr
    mov     x30, xzr
    mov     x2, x22
    bl      hypervisor_main             // x0: device tree, x1: ilc's module header, x2: whether EL3 is ours
    b       park

from_el3:
    mov     x22, #1
    adr     x0, monitor_vectors
    msr     vbar_el3, x0
    mov     x0, #0x531                  // SCR_EL3: NS, RES1, HCE, RW; SMC is the way back
    msr     scr_el3, x0
    msr     cptr_el3, xzr
    mrs     x0, id_aa64pfr0_el1
    ubfx    x0, x0, #24, #4             // GIC system registers there?
    cbz     x0, 1f
    mov     x0, #0xf
    msr     s3_6_c12_c12_5, x0          // ICC_SRE_EL3: SRE, disable bypass, lower levels may enable
    isb
1:  mov     x0, #0x3c9                  // EL2h, everything masked
    msr     spsr_el3, x0
    adr     x0, start_el2
    msr     elr_el3, x0
    eret

// What is left of EL3 where no firmware is there: one service for the hypervisor, as interrupts belong to the secure
// world until somebody in it gives them away. Guests' SMC never comes here: it traps to EL2.
// SMC x0 = 0xc2000001 (SiP service): x1 address of a device register, x2 value -> x0 = 0; anything else -> -1.
// Among the other vectors, so that nothing is left empty before them.
.pushsection .text.vectors, "ax"
.balign 0x800
monitor_vectors:
    .rept 8
    b       park
    .balign 0x80
    .endr
    mrs     x3, esr_el3
    lsr     x3, x3, #26
    cmp     x3, #0x17                   // SMC
    b.ne    park
    movz    x3, #0xc200, lsl #16
    movk    x3, #0x0001
    cmp     x0, x3
    b.ne    1f
    str     w2, [x1]
    dsb     sy
    mov     x0, xzr
    eret
1:  mov     x0, #-1
    eret
    .balign 0x80
    .rept 7
    b       park
    .balign 0x80
    .endr
.popsection

// EL1: no virtualization here. C# says so on the UART of the device tree and powers off.
refuse_el1:
    mov     x0, #(3 << 20)              // CPACR_EL1: floating point, in case the compiler copies with it
    msr     cpacr_el1, x0
    isb
    bl      clear_bss
    bl      relocate
    adrp    x0, boot_stack_top
    add     x0, x0, :lo12:boot_stack_top
    mov     sp, x0
    mov     x0, x20
    adrp    x1, module_header
    ldr     x1, [x1, :lo12:module_header]
    mov     x29, xzr
    bl      hypervisor_without_el2

.global park
park:
    wfe
    b       park

// Maps the 2 MiB blocks of [x0, x1) as Normal through the level-2 table x2 (which it fills with Device blocks
// unless the GiB has one already). Clobbers x0-x6.
map_normal:
    lsr     x3, x0, #30
    add     x4, x21, x3, lsl #3
    ldr     x5, [x4]
    tbnz    x5, #1, 2f                  // already a table: use that
    mov     x6, #512
    lsl     x5, x3, #30
    ldr     x3, =BLOCK_DEVICE
    orr     x5, x5, x3
    mov     x3, x2
1:  str     x5, [x3], #8
    add     x5, x5, #(2 << 20)
    subs    x6, x6, #1
    b.ne    1b
    orr     x5, x2, #TABLE
    str     x5, [x4]
2:  and     x2, x5, #~0xfff
    and     x0, x0, #~((2 << 20) - 1)
    ldr     x6, =BLOCK_NORMAL
3:  ubfx    x3, x0, #21, #9
    orr     x4, x0, x6
    str     x4, [x2, x3, lsl #3]
    add     x0, x0, #(2 << 20)
    tst     x0, #((1 << 30) - 1)        // what lies in the next GiB stays Device
    b.eq    4f
    cmp     x0, x1
    b.lo    3b
4:  ret

invalidate_early_tables:
    mrs     x1, ctr_el0
    ubfx    x1, x1, #16, #4
    mov     x2, #4
    lsl     x1, x2, x1
    add     x2, x0, #0x3000
1:  dc      ivac, x0
    add     x0, x0, x1
    cmp     x0, x2
    b.lo    1b
    dsb     sy
    ret

clear_bss:
    adrp    x0, bss_start
    add     x0, x0, :lo12:bss_start
    adrp    x1, bss_end
    add     x1, x1, :lo12:bss_end
1:  cmp     x0, x1
    b.hs    2f
    stp     xzr, xzr, [x0], #16
    b       1b
2:  ret

// Applies the RELR table: an even entry names a word to relocate, an odd one is a bitmap of the 63 that follow.
relocate:
    adr     x9, image_start             // linked at 0: the load address is the difference to add
    adrp    x0, relr_start
    add     x0, x0, :lo12:relr_start
    adrp    x1, relr_end
    add     x1, x1, :lo12:relr_end
1:  cmp     x0, x1
    b.hs    5f
    ldr     x2, [x0], #8
    tbnz    x2, #0, 2f
    add     x3, x2, x9
    ldr     x4, [x3]
    add     x4, x4, x9
    str     x4, [x3], #8
    b       1b
2:  mov     x5, x3
3:  lsr     x2, x2, #1
    cbz     x2, 4f
    tbz     x2, #0, 6f
    ldr     x4, [x5]
    add     x4, x4, x9
    str     x4, [x5]
6:  add     x5, x5, #8
    b       3b
4:  add     x3, x3, #(63 * 8)
    b       1b
5:  ret

// A secondary CPU from its spin table, which tells it nothing but this address, at EL2 with the MMU off: finds its start
// block by its affinity. kernel/Machine/SpinTable.cs has filled the list, which ends with a block at 0.
.global spin_table_entry
spin_table_entry:
    mrs     x1, mpidr_el1
    mov     x2, #0xffffff
    orr     x2, x2, #0xff00000000
    and     x1, x1, x2
    adrp    x2, spin_table_list
    add     x2, x2, :lo12:spin_table_list
1:  ldp     x3, x0, [x2], #16
    cbz     x0, park
    cmp     x1, x3
    b.ne    1b

// A secondary CPU, from PSCI CPU_ON or a spin table, at EL2 with the MMU off. x0: its start block.
.global secondary_entry
secondary_entry:
    msr     daifset, #0xf
    mov     x1, #(1 << 31)
    msr     hcr_el2, x1
    ldp     x1, x2, [x0, #SECONDARY_TTBR0]
    ldp     x3, x4, [x0, #SECONDARY_MAIR]
    ldp     x5, x6, [x0, #SECONDARY_STACK]
    ldr     x7, [x0, #SECONDARY_ARGUMENT]
    msr     mair_el2, x3
    msr     tcr_el2, x2
    msr     ttbr0_el2, x1
    dsb     sy
    tlbi    alle2
    ic      iallu
    dsb     sy
    isb
    msr     sctlr_el2, x4
    isb
    mov     x1, #0x33ff
    msr     cptr_el2, x1
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el2, x1
    mov     sp, x5
    msr     tpidr_el2, x6
    isb
    mov     x0, x7
    mov     x29, xzr
    bl      hypervisor_secondary_main
    b       park

// switch_map(x0: TTBR0_EL2): replaces the early map by the final one. Sizes of blocks change, so the MMU is
// off in between; this code lies at the same address in either case and touches no memory.
.global switch_map
switch_map:
    mrs     x1, sctlr_el2
    bic     x2, x1, #1
    dsb     sy
    msr     sctlr_el2, x2
    isb
    msr     ttbr0_el2, x0
    isb
    tlbi    alle2
    dsb     sy
    isb
    msr     sctlr_el2, x1
    isb
    ret

.section .tables, "aw", %nobits
.balign 4096
early_tables:
    .space  0x3000

.section .bss.spin_table, "aw", %nobits
.balign 64
.global spin_table_list
spin_table_list:
    .space  (SPIN_TABLE_CPUS + 1) * 16
