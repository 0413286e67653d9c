using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Guests;

/// <summary>The routines of hostile.S.</summary>
internal static unsafe class HostileNative
{
    [RuntimeImport("*", "attempt")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Attempt(ulong code, ulong* registers);

    [RuntimeImport("*", "recover_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong RecoverAddress();

    [RuntimeImport("*", "synchronise_code")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void SynchroniseCode(ulong code);

    [RuntimeImport("*", "access_instructions")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong AccessInstructions();

    [RuntimeImport("*", "access_count")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong AccessCount();

    [RuntimeImport("*", "ruin_vectors")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void RuinVectors(ulong address);

    [RuntimeImport("*", "ruin_stack")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void RuinStack(ulong address);

    [RuntimeImport("*", "ruin_tables")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void RuinTables(ulong address);

    [RuntimeImport("*", "ruin_translation")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void RuinTranslation(ulong address);

    [RuntimeImport("*", "ruin_memory")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void RuinMemory(ulong seed, ulong first, ulong last);
}
