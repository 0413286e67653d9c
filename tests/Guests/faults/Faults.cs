using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Guests;

/// <summary>The routines of faults.S.</summary>
internal static class Faults
{
    [RuntimeImport("*", "jump_to")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void JumpTo(ulong address);

    [RuntimeImport("*", "break_stack")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void BreakStack(ulong address);

    [RuntimeImport("*", "break_vectors")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void BreakVectors(ulong address);

    [RuntimeImport("*", "spin")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Spin();

    [RuntimeImport("*", "read_implementation_defined")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadImplementationDefined();

    [RuntimeImport("*", "read_hidden")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadHidden();

    [RuntimeImport("*", "read_hidden_ordering")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadHiddenOrdering();

    [RuntimeImport("*", "read_unallocated")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadUnallocated();

    [RuntimeImport("*", "undefined_instruction")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Undefined();

    [RuntimeImport("*", "read_pair")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadPair(ulong address);

    [RuntimeImport("*", "read_post_indexed")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadPostIndexed(ulong address);

    [RuntimeImport("*", "write_vector_register")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteVectorRegister(ulong address, uint value);
}
