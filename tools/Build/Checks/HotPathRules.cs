using System;
using System.Collections.Generic;
using System.Linq;

namespace SharpVisor.Build.Checks;

/// <summary>What the hot-path check takes as given: where hot paths begin, where they end, what they may not do.</summary>
internal static class HotPathRules
{
    /// <summary>boot/vectors.S: where a guest's exceptions arrive, and the methods that it calls.</summary>
    internal static readonly IReadOnlyList<string> Roots =
    [
        "lower_synchronous", "lower_interrupt", "trap_fast_hypercall", "trap_fast_device_access", "trap_data_abort", "trap_reschedule", "trap_exception", "trap_interrupt",
        "lower_synchronous_traced", "lower_interrupt_traced",
    ];

    /// <summary>
    /// boot/runtime.S: the first saves the guest's SIMD registers, calls, restores them: what lies behind is not hot.
    /// boot/context.S: the others are how one guest's SIMD registers give way to another's.
    /// </summary>
    internal static readonly IReadOnlyList<string> Gates = ["call_preserving_simd", "system_context_save", "system_context_load"];

    /// <summary>kernel/Runtime/Heap.cs: where objects and arrays come from.</summary>
    internal static readonly IReadOnlyList<string> Allocators = ["RhpNewFast", "RhpNewArrayFast", "RhpNewPtrArrayFast"];

    // Code that never comes back to the guest: the machine's last words, or the guest's.
    private static readonly string[] s_endings =
    [
        "runtime_failure", "RhpThrowEx", "RhpFallbackFailFast", "hypervisor_exception", "park",
        "Internal.Runtime.RuntimeFailure.",
        "Internal.Runtime.CompilerHelpers.ThrowHelpers.",
        "SharpVisor.Debug.Panic.",
    ];

    /// <summary>Whether a region never returns to a guest.</summary>
    internal static bool IsEnding(CodeRegion region) => s_endings.Any(ending => ending.EndsWith('.')
        ? region.Name.StartsWith(ending, StringComparison.Ordinal)
        : region.Symbols.Contains(ending));
}
