using System.Collections.Generic;

namespace SharpVisor.Build.Running;

/// <summary>The emulated machine that the hypervisor boots on.</summary>
internal sealed record MachineSettings
{
    /// <summary>QEMU's program, a name on PATH or a path (QEMU=).</summary>
    internal string Qemu { get; init; } = "qemu-system-aarch64";

    /// <summary>Arguments added at the end (QEMU_ARGS=).</summary>
    internal IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary><c>virt</c> or <c>raspi3b</c> (BOARD=).</summary>
    internal string Board { get; init; } = Boards.Virt;

    /// <summary>QEMU's CPU model, with properties (CPU=).</summary>
    internal string Cpu { get; init; } = "cortex-a72";

    /// <summary>Number of CPUs (SMP=).</summary>
    internal int Cpus { get; init; } = 2;

    /// <summary>RAM in bytes (MEM=).</summary>
    internal long Memory { get; init; } = 1L << 30;

    /// <summary>Version of the interrupt controller, 2 or 3 (GIC=).</summary>
    internal int GicVersion { get; init; } = 3;

    /// <summary>Whether the machine has EL2. Only tests and native measurements do without.</summary>
    internal bool HasEl2 { get; init; } = true;

    /// <summary>Whether the machine has EL3, where it then starts. Only tests want it.</summary>
    internal bool HasEl3 { get; init; }

    /// <summary>
    /// Whether one instruction takes one nanosecond of the machine's time, so that its counter counts instructions and
    /// a run can be repeated to the byte (<c>virt</c> only).
    /// </summary>
    internal bool CountsInstructions { get; init; }

    /// <summary>Image of the SD card in the board's slot, or null (<c>raspi3b</c> only).</summary>
    internal string? Card { get; init; }

    /// <summary>Device tree blob for a board whose tree QEMU does not make; null on <c>virt</c>.</summary>
    internal string? DeviceTree { get; init; }
}
