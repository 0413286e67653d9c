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

    /// <summary>Zeroes the ten key registers; only where the CPU has them.</summary>
    [RuntimeImport("*", "reset_pointer_authentication_keys")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void ResetPointerAuthenticationKeys();

    /// <summary>Zeroes DBGBCR and DBGBVR 0 to <paramref name="highest"/> (at most 15).</summary>
    [RuntimeImport("*", "reset_breakpoints")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void ResetBreakpoints(ulong highest);

    /// <summary>Zeroes DBGWCR and DBGWVR 0 to <paramref name="highest"/> (at most 15).</summary>
    [RuntimeImport("*", "reset_watchpoints")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void ResetWatchpoints(ulong highest);

    /// <summary>DC CISW.</summary>
    [RuntimeImport("*", "clean_invalidate_set_way")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void CleanInvalidateSetWay(ulong operand);
}
