using System.Runtime.InteropServices;

namespace SharpVisor.Cpu;

/// <summary>What a secondary CPU finds when it starts with its MMU off: boot/layout.inc has the same offsets.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SecondaryStart
{
    internal ulong Ttbr0;
    internal ulong Tcr;
    internal ulong Mair;
    internal ulong Sctlr;
    internal ulong Stack;

    /// <summary>TPIDR_EL2: address of the CPU's idle VCpu.</summary>
    internal ulong Context;

    /// <summary>X0 of <c>hypervisor_secondary_main</c>: the CPU's index.</summary>
    internal ulong Argument;
}
