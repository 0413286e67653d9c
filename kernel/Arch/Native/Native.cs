using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Arch;

/// <summary>Assembly routines of boot/ that are more than one instruction.</summary>
public static unsafe class Native
{
    /// <summary>DSB and WFI: returns when an interrupt is pending, masked or not.</summary>
    [RuntimeImport("*", "wait_for_interrupt")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void WaitForInterrupt();

    /// <summary>YIELD: a hint that others may run; also what ends a CPU's slice in an instruction-counted emulator.</summary>
    [RuntimeImport("*", "yield_hint")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Yield();

    /// <summary>SEV: wakes CPUs that wait in WFE.</summary>
    [RuntimeImport("*", "send_event")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void SendEvent();

    /// <summary>Cleans and invalidates the data cache to the point of coherency and invalidates instruction caches: for what is read with the MMU off, and for code.</summary>
    [RuntimeImport("*", "clean_to_coherency")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void CleanToCoherency(ulong start, ulong length);

    /// <summary>Copies a multiple of 64 bytes with SIMD registers: only where no guest’s state is live.</summary>
    [RuntimeImport("*", "bulk_copy")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void BulkCopy(ulong destination, ulong source, ulong length);

    /// <summary>Replaces the early EL2 map by another one, with the MMU off in between.</summary>
    [RuntimeImport("*", "switch_map")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void SwitchMap(ulong ttbr0);

    /// <summary>x29 of the caller.</summary>
    [RuntimeImport("*", "frame_pointer")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong FramePointer();

    /// <summary>Stores V0–V31, FPCR and FPSR (528 bytes, 16-byte aligned).</summary>
    [RuntimeImport("*", "simd_state_save")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void SaveSimd(void* state);

    /// <summary>Loads what SaveSimd stored.</summary>
    [RuntimeImport("*", "simd_state_load")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void LoadSimd(void* state);

    /// <summary>Waits for ever.</summary>
    [DoesNotReturn]
    [RuntimeImport("*", "park")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Park();

    /// <summary>Saves a guest's EL1 registers and stops its virtual timer (boot/context.S).</summary>
    [RuntimeImport("*", "system_context_save")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void SaveSystemContext(ref ulong block);

    /// <summary>Loads what <see cref="SaveSystemContext"/> saved, and the controls behind it.</summary>
    [RuntimeImport("*", "system_context_load")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void LoadSystemContext(ref ulong block);

    /// <summary>Saves the ten key registers; only where the CPU has them.</summary>
    [RuntimeImport("*", "pointer_keys_save")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void SavePointerKeys(ref ulong words);

    /// <summary>Loads the ten key registers; only where the CPU has them.</summary>
    [RuntimeImport("*", "pointer_keys_load")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void LoadPointerKeys(ref ulong words);

    /// <summary>Saves DBGBVR, DBGBCR, DBGWVR and DBGWCR, each 0 to the last (at most 15), into 64 words.</summary>
    [RuntimeImport("*", "debug_registers_save")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void SaveDebugRegisters(ref ulong words, ulong lastBreakpoint, ulong lastWatchpoint);

    /// <summary>Loads what <see cref="SaveDebugRegisters"/> saved.</summary>
    [RuntimeImport("*", "debug_registers_load")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void LoadDebugRegisters(ref ulong words, ulong lastBreakpoint, ulong lastWatchpoint);

    /// <summary>TLBI VMALLE1 on this CPU alone, waited for.</summary>
    [RuntimeImport("*", "flush_guest_on_this_cpu")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void FlushGuestOnThisCpu();

    /// <summary>DC CISW.</summary>
    [RuntimeImport("*", "clean_invalidate_set_way")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void CleanInvalidateSetWay(ulong operand);
}
