using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Guests;

/// <summary>The instructions and registers of instructions.S.</summary>
internal static unsafe class Native
{
    [RuntimeImport("*", "hypercall")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong Hypercall(ulong function, ulong a1, ulong a2, ulong a3);

    [RuntimeImport("*", "hypercall_registers")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Call(ref CallRegisters registers);

    [RuntimeImport("*", "secure_call_registers")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void SecureCall(ref CallRegisters registers);

    [RuntimeImport("*", "secure_call")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong SecureCall(ulong function, ulong a1, ulong a2, ulong a3);

    [RuntimeImport("*", "mmio_read8")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte Read8(ulong address);

    [RuntimeImport("*", "mmio_write8")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Write8(ulong address, byte value);

    [RuntimeImport("*", "mmio_read16")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ushort Read16(ulong address);

    [RuntimeImport("*", "mmio_write16")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Write16(ulong address, ushort value);

    [RuntimeImport("*", "mmio_read32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern uint Read32(ulong address);

    [RuntimeImport("*", "mmio_write32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Write32(ulong address, uint value);

    [RuntimeImport("*", "mmio_read64")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong Read64(ulong address);

    [RuntimeImport("*", "mmio_write64")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Write64(ulong address, ulong value);

    [RuntimeImport("*", "wait_for_interrupt")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WaitForInterrupt();

    [RuntimeImport("*", "wait_for_event")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WaitForEvent();

    [RuntimeImport("*", "yield_cpu")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Yield();

    [RuntimeImport("*", "enable_interrupts")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void EnableInterrupts();

    [RuntimeImport("*", "disable_interrupts")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void DisableInterrupts();

    [RuntimeImport("*", "instruction_barrier")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void InstructionBarrier();

    [RuntimeImport("*", "data_barrier")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void DataBarrier();

    [RuntimeImport("*", "send_event")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void SendEvent();

    [RuntimeImport("*", "read_cntvct_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadCntvctEl0();

    [RuntimeImport("*", "read_cntfrq_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadCntfrqEl0();

    [RuntimeImport("*", "read_cntv_ctl_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadCntvCtlEl0();

    [RuntimeImport("*", "read_cntp_ctl_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadCntpCtlEl0();

    [RuntimeImport("*", "read_mpidr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadMpidrEl1();

    [RuntimeImport("*", "read_midr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadMidrEl1();

    [RuntimeImport("*", "read_id_aa64pfr0_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadIdAa64pfr0El1();

    [RuntimeImport("*", "read_icc_iar1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadIccIar1El1();

    [RuntimeImport("*", "write_cntv_ctl_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteCntvCtlEl0(ulong value);

    [RuntimeImport("*", "write_cntv_cval_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteCntvCvalEl0(ulong value);

    [RuntimeImport("*", "write_cntv_tval_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteCntvTvalEl0(ulong value);

    [RuntimeImport("*", "write_cntp_ctl_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteCntpCtlEl0(ulong value);

    [RuntimeImport("*", "write_cntp_cval_el0")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteCntpCvalEl0(ulong value);

    [RuntimeImport("*", "write_icc_sre_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteIccSreEl1(ulong value);

    [RuntimeImport("*", "write_icc_ctlr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteIccCtlrEl1(ulong value);

    [RuntimeImport("*", "write_icc_pmr_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteIccPmrEl1(ulong value);

    [RuntimeImport("*", "write_icc_igrpen1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteIccIgrpen1El1(ulong value);

    [RuntimeImport("*", "write_icc_eoir1_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteIccEoir1El1(ulong value);

    [RuntimeImport("*", "write_icc_dir_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteIccDirEl1(ulong value);

    [RuntimeImport("*", "write_icc_sgi1r_el1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteIccSgi1rEl1(ulong value);

    [RuntimeImport("*", "heap_start_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong HeapStart();

    [RuntimeImport("*", "heap_end_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong HeapEnd();

    [RuntimeImport("*", "secondary_entry_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong SecondaryEntry();

    [RuntimeImport("*", "loop_hypercall")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void LoopHypercall(ulong rounds);

    [RuntimeImport("*", "loop_read32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void LoopRead32(ulong rounds, ulong address);
}
