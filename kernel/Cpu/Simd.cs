using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Cpu;

/// <summary>The gate between hot paths, where V0–V31 are the guest's, and code that may use them.</summary>
internal static unsafe class Simd
{
    /// <summary>Saves the SIMD state, calls <paramref name="method"/>, restores it (boot/runtime.S).</summary>
    [RuntimeImport("*", "call_preserving_simd")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern VCpu CallPreserving(delegate*<VCpu, ulong, ulong, ulong, VCpu> method, VCpu vcpu, ulong a, ulong b, ulong c);
}
