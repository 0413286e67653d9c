using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Guests;

/// <summary>The routines of accesses.S.</summary>
internal static class Accesses
{
    [RuntimeImport("*", "load_pair")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadPair(ulong address);

    [RuntimeImport("*", "load_pair_signed")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadPairSigned(ulong address);

    [RuntimeImport("*", "load_pair_post_index")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadPairPostIndex(ulong address);

    [RuntimeImport("*", "load_pair_pre_index")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadPairPreIndex(ulong address);

    [RuntimeImport("*", "load_post_index")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadPostIndex(ulong address);

    [RuntimeImport("*", "load_signed_byte_pre_index")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadSignedBytePreIndex(ulong address);

    [RuntimeImport("*", "load_register_offset_of_stack")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadRegisterOffsetOfStack(ulong address);

    [RuntimeImport("*", "load_stack_post_index")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadStackPostIndex(ulong address);

    [RuntimeImport("*", "load_vector_word")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadVectorWord(ulong address);

    [RuntimeImport("*", "load_vector_pair")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadVectorPair(ulong address);

    [RuntimeImport("*", "load_vector_post_index")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadVectorPostIndex(ulong address);

    [RuntimeImport("*", "load_acquire")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadAcquire(ulong address);

    [RuntimeImport("*", "load_to_zero")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong LoadToZero(ulong address);

    [RuntimeImport("*", "prefetch")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong Prefetch(ulong address);

    [RuntimeImport("*", "store_pair")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong StorePair(ulong address, ulong value);

    [RuntimeImport("*", "store_pair_post_index")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong StorePairPostIndex(ulong address, ulong value);

    [RuntimeImport("*", "store_zero_pair")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong StoreZeroPair(ulong address, ulong value);

    [RuntimeImport("*", "store_vector_pair")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong StoreVectorPair(ulong address, ulong value);

    [RuntimeImport("*", "store_release")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong StoreRelease(ulong address, ulong value);
}
