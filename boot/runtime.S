// What the hypervisor's C# calls but can't express: calls that keep the guest's SIMD registers, firmware calls,
// cache maintenance, addresses of the image.

#include "layout.inc"
#include "simd.inc"

.section .text.runtime, "ax"

// bulk_copy(x0 destination, x1 source, x2 length: a multiple of 64). Uses q0-q7: only where no guest's SIMD
// state is live.
.global bulk_copy
bulk_copy:
    subs    x2, x2, #256
    b.lo    2f
1:  ldp     q0, q1, [x1]
    ldp     q2, q3, [x1, #32]
    ldp     q4, q5, [x1, #64]
    ldp     q6, q7, [x1, #96]
    stp     q0, q1, [x0]
    stp     q2, q3, [x0, #32]
    stp     q4, q5, [x0, #64]
    stp     q6, q7, [x0, #96]
    ldp     q0, q1, [x1, #128]
    ldp     q2, q3, [x1, #160]
    ldp     q4, q5, [x1, #192]
    ldp     q6, q7, [x1, #224]
    add     x1, x1, #256
    stp     q0, q1, [x0, #128]
    stp     q2, q3, [x0, #160]
    stp     q4, q5, [x0, #192]
    stp     q6, q7, [x0, #224]
    add     x0, x0, #256
    subs    x2, x2, #256
    b.hs    1b
2:  adds    x2, x2, #256
    b.eq    4f
3:  ldp     q0, q1, [x1], #32
    ldp     q2, q3, [x1], #32
    stp     q0, q1, [x0], #32
    stp     q2, q3, [x0], #32
    subs    x2, x2, #64
    b.ne    3b
4:  ret

// call_preserving_simd(x0: method, x1: VCpu, x2..x4: more arguments) -> its result. The one way from a hot path to code
// that may use SIMD registers, which are the guest's.
.global call_preserving_simd
call_preserving_simd:
    stp     x29, x30, [sp, #-16]!
    mov     x29, sp
    sub     sp, sp, #528
    simd_store sp
    mov     x7, sp
    str     x7, [x1, #GUEST_SIMD_STATE]
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

// Spin locks that the calling CPU holds, above the top of its stack (kernel/Arch/Native/LockTracker.cs). Before the CPU
// has a stand-in VCpu nothing is tracked.
.macro locks_held list, count
    mrs     \list, tpidr_el2
    cbz     \list, 1f
    ldr     \list, [\list, #GUEST_HOST_STACK]
    ldr     \count, [\list, #LOCKS_HELD]!
.endm

.global lock_taken, lock_given, lock_last
lock_taken:                             // x0: the lock
    locks_held x1, x2
    add     x2, x2, #1
    str     x2, [x1]
    str     x0, [x1, x2, lsl #3]
1:  ret
lock_given:
    locks_held x1, x2
    sub     x2, x2, #1
    str     x2, [x1]
1:  ret
lock_last:                              // -> the lock, or 0
    mov     x0, xzr
    locks_held x1, x2
    cbz     x2, 1f
    ldr     x0, [x1, x2, lsl #3]
    sub     x2, x2, #1
    str     x2, [x1]
1:  ret

// abandon(x0: VCpu): goes on in abandoned_guest with an empty stack; what the CPU was doing is forgotten.
.global abandon
abandon:
    ldr     x1, [x0, #GUEST_HOST_STACK]
    mov     sp, x1
    mov     x29, xzr
    b       abandoned_guest

// Firmware calls (SMCCC): x0 function, x1..x3 arguments -> x0. C# expects only x0-x18 to change.
.global smc_call, hvc_call
smc_call:
    smc     #0
    ret
hvc_call:
    hvc     #0
    ret

// wait_for_interrupt(): returns when an interrupt is pending, masked or not.
.global wait_for_interrupt
wait_for_interrupt:
    dsb     sy
    wfi
    ret

// zero_to_coherency(x0 start, x1 length): fills whole pages with zeros, then as clean_to_coherency. Where the CPU zeroes
// by lines of 64 bytes, as most do, each line is cleaned at once.
.global zero_to_coherency
zero_to_coherency:
    add     x2, x0, x1
    mov     x3, x0
    mrs     x4, dczid_el0
    mrs     x5, ctr_el0
    ubfx    x5, x5, #16, #4
    tbnz    x4, #4, 3f                  // DZP: it may not
    and     x6, x4, #15
    cmp     x6, #4
    ccmp    x5, #4, #0, eq
    b.ne    2f
1:  dc      zva, x3
    dc      civac, x3
    add     x3, x3, #64
    dc      zva, x3
    dc      civac, x3
    add     x3, x3, #64
    dc      zva, x3
    dc      civac, x3
    add     x3, x3, #64
    dc      zva, x3
    dc      civac, x3
    add     x3, x3, #64
    cmp     x3, x2
    b.lo    1b
    b       instructions_to_coherency
2:  mov     x5, #4
    lsl     x5, x5, x6
4:  dc      zva, x3
    add     x3, x3, x5
    cmp     x3, x2
    b.lo    4b
    b       clean_to_coherency
3:  stp     xzr, xzr, [x3], #16
    stp     xzr, xzr, [x3], #16
    cmp     x3, x2
    b.lo    3b

// clean_to_coherency(x0 start, x1 length): the data side to the point of coherency, then the instruction side.
.global clean_to_coherency
clean_to_coherency:
    add     x1, x0, x1
    mrs     x2, ctr_el0
    ubfx    x2, x2, #16, #4
    mov     x3, #4
    lsl     x2, x3, x2
    sub     x3, x2, #1
    bic     x0, x0, x3
    sub     x4, x1, x2, lsl #2          // while four lines are left
1:  cmp     x0, x4                      // signed: near address 0 it is negative
    b.gt    3f
    dc      civac, x0
    add     x0, x0, x2
    dc      civac, x0
    add     x0, x0, x2
    dc      civac, x0
    add     x0, x0, x2
    dc      civac, x0
    add     x0, x0, x2
    b       1b
3:  cmp     x0, x1
    b.hs    2f
    dc      civac, x0
    add     x0, x0, x2
    b       3b
2:
instructions_to_coherency:
    dsb     sy
    ic      ialluis
    dsb     sy
    isb
    ret

// frame_pointer() -> x0: the caller's frame, for back-traces.
.global frame_pointer
frame_pointer:
    mov     x0, x29
    ret

// Addresses that the linker knows.
.macro address_of name, symbol
.global \name
\name:
    adrp    x0, \symbol
    add     x0, x0, :lo12:\symbol
    ret
.endm

address_of image_start_address, image_start
address_of image_end_address, image_end
address_of rodata_start_address, rodata_start
address_of data_start_address, data_start
address_of boot_stack_guard_address, boot_stack_guard
address_of boot_stack_top_address, boot_stack_top
address_of emergency_stack_top_address, emergency_stack_top
address_of heap_start_address, heap_start
address_of heap_end_address, heap_end
address_of secondary_entry_address, secondary_entry
address_of spin_table_entry_address, spin_table_entry
address_of spin_table_list_address, spin_table_list
address_of symbol_table_address, symbol_table
address_of embedded_guest_start_address, embedded_guest_start
address_of embedded_guest_end_address, embedded_guest_end

// The table is made by the build after a first link (see tools/Build); until then it has no entries.
.section .symbols, "a"
.weak symbol_table
symbol_table:
    .long   0
