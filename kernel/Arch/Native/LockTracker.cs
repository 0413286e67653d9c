using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Arch;

/// <summary>
/// Which spin locks the calling CPU holds: a few words above the top of its stack (boot/runtime.S). When the work for
/// a guest is given up in the middle, because of a bug, they must be given back.
/// </summary>
public static class LockTracker
{
    /// <summary>A lock is waited for: on the host, where a holder may be preempted, others get their turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Wait()
    {
    }

    /// <summary>A lock was taken.</summary>
    [RuntimeImport("*", "lock_taken")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Taken(ref SpinLock spinLock);

    /// <summary>The lock taken last of those still held is about to be given back.</summary>
    [RuntimeImport("*", "lock_given")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Given();

    /// <summary>The lock taken last of those still held, no longer tracked; a null reference when there is none.</summary>
    [RuntimeImport("*", "lock_last")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ref SpinLock TakeLast();
}
