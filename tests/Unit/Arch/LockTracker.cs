using System.Threading;

namespace SharpVisor.Arch;

/// <summary>On the host no work is ever given up in the middle: nothing to track.</summary>
public static class LockTracker
{
    /// <summary>A lock is waited for; its holder may have to be run first.</summary>
    public static void Wait() => Thread.Yield();

    /// <inheritdoc cref="SpinLock.Enter"/>
    public static void Taken(ref SpinLock spinLock)
    {
    }

    /// <inheritdoc cref="SpinLock.Exit"/>
    public static void Given()
    {
    }
}
