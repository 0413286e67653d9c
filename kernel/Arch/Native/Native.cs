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

    /// <summary>Fills whole pages with zeros, without SIMD registers, and does for them what <see cref="CleanToCoherency"/> does.</summary>
    [RuntimeImport("*", "zero_to_coherency")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void ZeroToCoherency(ulong start, ulong length);

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

    /// <summary>Waits for ever.</summary>
    [DoesNotReturn]
    [RuntimeImport("*", "park")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Park();

    /// <summary>
    /// Saves a guest's EL1 registers (32 words) and its SIMD state (66), stops its virtual timer, and closes stage 1
    /// (boot/context.S).
    /// </summary>
    [RuntimeImport("*", "system_context_save")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void SaveSystemContext(ref ulong block);

    /// <summary>Makes every walk of stage 1 fail until a guest's context is loaded.</summary>
    [RuntimeImport("*", "close_stage1")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void CloseStage1();

    /// <summary>
    /// Stores ICH_VMCR, ICH_AP0R0 and ICH_AP1R0 as words 0, 1 and 5 (of a GICv3 that has no more of them), and stops delivery
    /// to the guest.
    /// </summary>
    [RuntimeImport("*", "virtual_interface_save")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void SaveVirtualInterface(ref ulong words);

    /// <summary>Loads what <see cref="SaveVirtualInterface"/> stored, and delivers again.</summary>
    [RuntimeImport("*", "virtual_interface_load")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void LoadVirtualInterface(ref ulong words);

    /// <summary>The same of a GICv2: GICH_VMCR and GICH_APR.</summary>
    /// <param name="words">Two words.</param>
    /// <param name="control">Address of GICH.</param>
    [RuntimeImport("*", "virtual_interface2_save")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void SaveVirtualInterface2(ref ulong words, ulong control);

    /// <summary>Loads what <see cref="SaveVirtualInterface2"/> stored.</summary>
    /// <param name="words">The two words.</param>
    /// <param name="control">Address of GICH.</param>
    /// <param name="configuration">GICH_HCR.</param>
    [RuntimeImport("*", "virtual_interface2_load")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void LoadVirtualInterface2(ref ulong words, ulong control, uint configuration);

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
