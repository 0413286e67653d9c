// EL2 exception vectors and the way into and out of a guest.
//
// While a guest runs, SP_EL2 and TPIDR_EL2 hold its VCpu object. An exit stores the registers there, switches
// to the CPU's own stack and calls C#, which answers with the VCpu to run next. Hypercalls and accesses to devices
// go first to a method each that handles the plain cases: only what AAPCS64 lets that method change is saved for it.

#include "layout.inc"

.macro save_caller_saved                // all but x0, x1
    stp     x2, x3, [sp, #GUEST_X0 + 2 * 8]
    stp     x4, x5, [sp, #GUEST_X0 + 4 * 8]
    stp     x6, x7, [sp, #GUEST_X0 + 6 * 8]
    stp     x8, x9, [sp, #GUEST_X0 + 8 * 8]
    stp     x10, x11, [sp, #GUEST_X0 + 10 * 8]
    stp     x12, x13, [sp, #GUEST_X0 + 12 * 8]
    stp     x14, x15, [sp, #GUEST_X0 + 14 * 8]
    stp     x16, x17, [sp, #GUEST_X0 + 16 * 8]
.endm

.macro restore_caller_saved
    ldp     x2, x3, [sp, #GUEST_X0 + 2 * 8]
    ldp     x4, x5, [sp, #GUEST_X0 + 4 * 8]
    ldp     x6, x7, [sp, #GUEST_X0 + 6 * 8]
    ldp     x8, x9, [sp, #GUEST_X0 + 8 * 8]
    ldp     x10, x11, [sp, #GUEST_X0 + 10 * 8]
    ldp     x12, x13, [sp, #GUEST_X0 + 12 * 8]
    ldp     x14, x15, [sp, #GUEST_X0 + 14 * 8]
    ldp     x16, x17, [sp, #GUEST_X0 + 16 * 8]
.endm

.macro save_callee_saved                // and x18, which belongs to nobody
    stp     x18, x19, [sp, #GUEST_X18]
    stp     x20, x21, [sp, #GUEST_X0 + 20 * 8]
    stp     x22, x23, [sp, #GUEST_X0 + 22 * 8]
    stp     x24, x25, [sp, #GUEST_X0 + 24 * 8]
    stp     x26, x27, [sp, #GUEST_X0 + 26 * 8]
    stp     x28, x29, [sp, #GUEST_X0 + 28 * 8]
    str     x30, [sp, #GUEST_X30]
.endm

.macro count_exit place                 // changes x2
    ldr     x2, [sp, #\place]
    add     x2, x2, #1
    str     x2, [sp, #\place]
.endm

.macro vector target
    .balign 0x80
    b       \target
.endm

// The CPU's ring of events (kernel/Debug/Trace): where the next record goes. x3: the CPU's stack, x4: the record, x5: how
// many there were before.
.macro trace_place
    ldr     x3, [sp, #GUEST_HOST_STACK]
    ldp     x4, x5, [x3, #TRACE_RING]
    and     x2, x5, #(TRACE_RECORDS - 1)
    add     x4, x4, x2, lsl #5
    mrs     x2, cntpct_el0
.endm

.macro trace_done
    add     x5, x5, #1
    dmb     ishst                       // whoever sees the number sees the record
    str     x5, [x3, #TRACE_COUNT]
.endm

.macro trace_exit                       // x1: ESR_EL2, x7: X0 or the address of an access; changes x2 to x7
    trace_place
    ldr     x6, [sp, #GUEST_TRACE_NAME]
    orr     x6, x6, x1, lsl #32
    stp     x2, x6, [x4]
    mrs     x2, elr_el2
    stp     x2, x7, [x4, #16]
    trace_done
.endm

.macro trace_entry suffix               // changes x2 to x6
    .ifnb \suffix
    trace_place
    ldr     x6, [sp, #GUEST_TRACE_NAME]
    orr     x6, x6, #TRACE_ENTRY
    stp     x2, x6, [x4]
    trace_done
    .endif
.endm

.macro exit_to method, place, suffix
    stp     x0, x1, [sp, #GUEST_X0]
    save_caller_saved
    .ifnb \place
    count_exit \place
    .endif
    save_callee_saved
    mrs     x1, esr_el2
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    stp     x2, x3, [sp, #GUEST_ELR]
    mov     x0, sp
    ldr     x4, [sp, #GUEST_HOST_STACK]
    mov     sp, x4
    mov     x29, xzr
    bl      \method
    b       enter_guest\suffix
.endm

.macro fast_hypercall suffix              // everything that AAPCS64 lets a method change is saved but x18 and x30
    stp     x18, x30, [sp, #GUEST_X18]
    mov     x0, sp
    ldr     x2, [sp, #GUEST_HOST_STACK]
    mov     sp, x2
    bl      trap_fast_hypercall         // x0: VCpu -> 1 when answered
    mrs     x1, tpidr_el2
    mov     sp, x1
    cbz     x0, hypercall_full_exit\suffix
    ldp     x18, x30, [sp, #GUEST_X18]
    trace_entry \suffix
    restore_caller_saved
    ldp     x0, x1, [sp, #GUEST_X0]
    eret
.endm

// The rest of the way, once for each table of vectors.
.macro handlers suffix
not_hypercall\suffix:                   // x1: ESR_EL2, x0: its exception class
    cmp     x0, #EC_DATA_ABORT_LOWER
    b.ne    1f
    stp     x18, x30, [sp, #GUEST_X18]
    mov     x0, sp
    mrs     x2, far_el2
    mrs     x3, hpfar_el2
    ldr     x4, [sp, #GUEST_HOST_STACK]
    mov     sp, x4
    bl      trap_fast_device_access     // VCpu, ESR, FAR, HPFAR -> 0: not done, 32 + n: Xn was read, 16: others first, else 1
    mrs     x1, tpidr_el2
    mov     sp, x1
    cbz     x0, data_abort\suffix
    tbnz    x0, #4, perhaps_callee_saved\suffix
device_access_done\suffix:
    count_exit GUEST_DEVICES
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    add     x2, x2, #4
    bic     x3, x3, #(3 << 10)          // BTYPE
    bic     x3, x3, #(1 << 21)          // SS
    msr     elr_el2, x2
    msr     spsr_el2, x3
    trace_entry \suffix
    ldp     x18, x30, [sp, #GUEST_X18]
    restore_caller_saved
    ldp     x0, x1, [sp, #GUEST_X0]
    eret

// X16 to XZR. Callee-saved registers hold the guest's values; the one that was read gets its new one from the context.
// The others are loaded from there anyway.
perhaps_callee_saved\suffix:
    tbz     x0, #5, others_first\suffix
    adr     x1, 2f - (32 + 16) * 8
    add     x1, x1, x0, lsl #3
    br      x1
2:
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    .if \n >= 19 && \n <= 29
    ldr     x\n, [sp, #GUEST_X0 + \n * 8]
    .else
    nop
    .endif
    b       device_access_done\suffix
    .endr

// The fast method did not want it. Callee-saved registers still hold the guest's values.
hypercall_full_exit\suffix:
    ldp     x18, x30, [sp, #GUEST_X18]
    mrs     x1, esr_el2
1:  save_callee_saved
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    stp     x2, x3, [sp, #GUEST_ELR]
    mov     x0, sp
    ldr     x4, [sp, #GUEST_HOST_STACK]
    mov     sp, x4
    mov     x29, xzr                    // the guest's frame chain ends here
    bl      trap_exception              // x0: VCpu, x1: ESR -> the VCpu to run

enter_guest\suffix:                      // x0: VCpu; TPIDR_EL2 names it already
    mov     sp, x0
    ldp     x2, x3, [sp, #GUEST_ELR]
    msr     elr_el2, x2
    msr     spsr_el2, x3
    trace_entry \suffix
    ldp     x18, x19, [sp, #GUEST_X18]
    ldp     x20, x21, [sp, #GUEST_X0 + 20 * 8]
    ldp     x22, x23, [sp, #GUEST_X0 + 22 * 8]
    ldp     x24, x25, [sp, #GUEST_X0 + 24 * 8]
    ldp     x26, x27, [sp, #GUEST_X0 + 26 * 8]
    ldp     x28, x29, [sp, #GUEST_X0 + 28 * 8]
    ldr     x30, [sp, #GUEST_X30]
    restore_caller_saved
    ldp     x0, x1, [sp, #GUEST_X0]
    eret

.endm

// Where a CPU is led to by VBAR_EL2: the second table while events are traced (kernel/Debug/Trace), so that tracing costs
// nothing while it is off. Slots that are never used have room for what is rare.
.macro own_vector
    .balign 0x80
    msr     tpidrro_el0, x30
    bl      el2_exception
.endm

.macro vectors_from_el2 suffix
    own_vector                          // with SP_EL0: never used
others_first\suffix:
    ldp     x18, x30, [sp, #GUEST_X18]
    save_callee_saved
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    stp     x2, x3, [sp, #GUEST_ELR]
    mov     x0, sp
    ldr     x4, [sp, #GUEST_HOST_STACK]
    mov     sp, x4
    mov     x29, xzr
    bl      trap_reschedule             // x0: VCpu -> the VCpu to run
    b       enter_guest\suffix
    own_vector
data_abort\suffix:
    ldp     x18, x30, [sp, #GUEST_X18]
    save_callee_saved
    mrs     x1, esr_el2
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    stp     x2, x3, [sp, #GUEST_ELR]
    mov     x0, sp
    ldr     x4, [sp, #GUEST_HOST_STACK]
    mrs     x2, far_el2
    mrs     x3, hpfar_el2
    mov     sp, x4
    mov     x29, xzr
    bl      trap_data_abort             // x0: VCpu, x1: ESR, x2: FAR, x3: HPFAR -> the VCpu to run
    b       enter_guest\suffix
    own_vector
    own_vector
    own_vector                          // with SP_EL2: a bug of ours
    own_vector
    own_vector
    own_vector
    .balign 0x80
.endm

.macro vectors_from_below suffix
    .balign 0x80
lower_interrupt\suffix:
    exit_to trap_interrupt, GUEST_INTERRUPTS, \suffix
    vector  lower_interrupt\suffix
    vector  lower_serror
    vector  lower_aarch32               // an AArch32 guest: none is ever started
    vector  lower_aarch32
    vector  lower_aarch32
    vector  lower_aarch32
    .org    vectors\suffix + 0x784      // refused where a slot is too full
.endm

.section .text.hot, "ax"
.balign 0x800
.global vectors, vectors_traced
vectors:
    vectors_from_el2
lower_synchronous:                      // from an AArch64 guest
    stp     x0, x1, [sp, #GUEST_X0]
    mrs     x1, esr_el2
    lsr     x0, x1, #26
    cmp     x0, #EC_HVC64
    b.ne    save_and_go_on
    save_caller_saved
    fast_hypercall
    vectors_from_below

    .balign 0x800
vectors_traced:
    vectors_from_el2 _traced
    vector  lower_synchronous_traced
    vectors_from_below _traced

save_and_go_on:
    save_caller_saved
    handlers                            // begins with not_hypercall

lower_synchronous_traced:
    stp     x0, x1, [sp, #GUEST_X0]
    mrs     x1, esr_el2
    save_caller_saved
    mov     x7, x0                      // what a hypercall asks for
    lsr     x0, x1, #26
    cmp     x0, #EC_DATA_ABORT_LOWER
    b.ne    1f
    mrs     x7, hpfar_el2
    mrs     x2, far_el2
    lsl     x7, x7, #8
    bfxil   x7, x2, #0, #12
1:  trace_exit
    cmp     x0, #EC_HVC64
    b.ne    not_hypercall_traced
    fast_hypercall _traced
    handlers _traced

.global enter_guest_anew
enter_guest_anew:                       // x0: VCpu; from C#, which does not know how the guest was left
    ldr     x1, [x0, #GUEST_HOST_STACK]
    ldr     x1, [x1, #TRACE_ON]
    cbnz    x1, enter_guest_traced
    b       enter_guest

lower_serror:
    exit_to trap_system_error

lower_aarch32:
    exit_to trap_exception

// An exception in the hypervisor itself. Two registers that a guest owns serve as scratch: that guest is lost or the
// machine is. The report runs on the emergency stack, as the fault may be the stack's. X30 tells which slot it came by.
el2_exception:
    msr     tpidr_el1, x0
    mrs     x0, tpidr_el2
    cbz     x0, 1f
    ldr     x0, [x0, #GUEST_EMERGENCY_STACK]
    b       2f
1:  adrp    x0, emergency_stack_top
    add     x0, x0, :lo12:emergency_stack_top
2:  sub     x0, x0, #(36 * 8)
    str     x1, [x0, #8]
    mrs     x1, tpidr_el1
    str     x1, [x0]
    stp     x2, x3, [x0, #2 * 8]
    stp     x4, x5, [x0, #4 * 8]
    stp     x6, x7, [x0, #6 * 8]
    stp     x8, x9, [x0, #8 * 8]
    stp     x10, x11, [x0, #10 * 8]
    stp     x12, x13, [x0, #12 * 8]
    stp     x14, x15, [x0, #14 * 8]
    stp     x16, x17, [x0, #16 * 8]
    stp     x18, x19, [x0, #18 * 8]
    stp     x20, x21, [x0, #20 * 8]
    stp     x22, x23, [x0, #22 * 8]
    stp     x24, x25, [x0, #24 * 8]
    stp     x26, x27, [x0, #26 * 8]
    stp     x28, x29, [x0, #28 * 8]
    mrs     x1, tpidrro_el0
    mov     x2, sp
    stp     x1, x2, [x0, #30 * 8]
    mrs     x1, elr_el2
    mrs     x2, spsr_el2
    stp     x1, x2, [x0, #32 * 8]
    mrs     x1, esr_el2
    mrs     x2, far_el2
    stp     x1, x2, [x0, #34 * 8]
    mov     sp, x0
    ubfx    x1, x30, #7, #4
    bl      hypervisor_exception        // x0: the frame, x1: 0 to 3 SP_EL0, 4 synchronous, 5 and 6 interrupt, 7 SError
    b       park

// trace_record(x0: the CPU's stack, x1: name and kind, x2, x3: the rest): a record of what C# knows of.
.global trace_record
trace_record:
    ldp     x4, x5, [x0, #TRACE_RING]
    and     x6, x5, #(TRACE_RECORDS - 1)
    add     x4, x4, x6, lsl #5
    mrs     x6, cntpct_el0
    stp     x6, x1, [x4]
    stp     x2, x3, [x4, #16]
    add     x5, x5, #1
    dmb     ishst
    str     x5, [x0, #TRACE_COUNT]
    ret

// set_vectors(x0: whether events are traced): which table this CPU goes by.
.global set_vectors
set_vectors:
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    adrp    x2, vectors_traced
    add     x2, x2, :lo12:vectors_traced
    cmp     x0, #0
    csel    x1, x1, x2, eq
    msr     vbar_el2, x1
    isb
    ret
