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

    // A place in a method table is all that an instruction names. Where a function calls through the place of a method that is
    // named here, only methods of that name can be meant, for an override is named as what it overrides. For each kind of
    // caller: which class, and all of its virtual methods that are called from there.
    private static readonly (string Callers, string Types, string[] Methods)[] s_calls =
    [
        ("SharpVisor.Cpu.Trap.", "SharpVisor.Devices.", [".Read", ".Write"]), // MmioDevice
        ("SharpVisor.Console.Terminal.", "SharpVisor.Drivers.", [".Write", ".TryRead", ".SetReceiveInterrupt"]), // SerialLine
        ("SharpVisor.Devices.Virtio.VirtioTransport.", "SharpVisor.Devices.Virtio.",
        [
            // VirtioDevice
            ".ReadConfig", ".Accepts", ".Start", ".SuspendQueue", ".ResetQueue", ".Reset", ".WriteConfig", ".Save", ".TryRestore", ".Work",
        ]),
        ("SharpVisor.Cpu.", "SharpVisor.Drivers.Gic", // InterruptController
        [
            ".get_Version", ".TryTranslate", ".TryGetFrames", ".Initialise", ".InitialiseCpu", ".Enable", ".Disable", ".ClearActive", ".Acknowledge",
            ".Deactivate", ".SendSgi",
        ]),
        ("SharpVisor.Interrupts.TrappedCpuInterface.HideMachine", "SharpVisor.Drivers.Gic", [".get_Version"]), // InterruptController
        ("SharpVisor.Memory.PageTable.", "SharpVisor.", [".AfterBreak", ".AfterMake", ".TryAllocateZeroed"]), // TlbMaintenance, PageSource
        ("SharpVisor.Interrupts.VirtualGic.", "SharpVisor.Interrupts.",
        [
            // VirtualCpuInterface
            ".get_ListRegisterCount", ".ReadListRegister", ".WriteListRegister", ".EmptyListRegisters", ".EndedListRegisters", ".SetMaintenance",
            ".TakeEndCount", ".EnabledGroups", ".DeactivatePhysical", ".Start", ".Stop", ".Save", ".Load",
        ]),
    ];

    /// <summary>Of the methods that stand in one place of all method tables those that a function may mean.</summary>
    internal static IEnumerable<CodeRegion> Narrow(CodeRegion caller, IReadOnlyList<CodeRegion> targets)
    {
        foreach ((string callers, string types, string[] methods) in s_calls)
        {
            string? method = caller.Name.StartsWith(callers, StringComparison.Ordinal)
                ? methods.FirstOrDefault(name => targets.Any(target =>
                    target.Name.StartsWith(types, StringComparison.Ordinal) && target.Name.EndsWith(name, StringComparison.Ordinal)))
                : null;
            if (method is not null)
            {
                return targets.Where(target => target.Name.EndsWith(method, StringComparison.Ordinal));
            }
        }

        return targets;
    }

    /// <summary>Whether a region never returns to a guest.</summary>
    internal static bool IsEnding(CodeRegion region) => s_endings.Any(ending => ending.EndsWith('.')
        ? region.Name.StartsWith(ending, StringComparison.Ordinal)
        : region.Symbols.Contains(ending));
}
