using System.Threading;

namespace SharpVisor.Arch;

/// <summary>
/// A fair (ticket) spin lock. At EL2 interrupts stay masked, so a holder is never preempted; a lock is held
/// for a bounded number of instructions and never across a guest entry. Locks are given back in the opposite order.
/// </summary>
/// <remarks>Must be a field that is never copied.</remarks>
public struct SpinLock
{
    private int _nextTicket;
    private int _nowServing;

    /// <summary>Waits until the caller holds the lock. Acquire semantics.</summary>
    public void Enter()
    {
        int ticket = TakeTicket();
        while (!IsServed(ticket))
        {
            LockTracker.Wait();
        }

        LockTracker.Taken(ref this);
    }

    /// <summary>Gives a lock that <see cref="Enter"/> took to the next in line. Release semantics.</summary>
    public void Exit()
    {
        LockTracker.Given();
        Release();
    }

    /// <summary>
    /// Queues for the lock. Who takes a ticket must wait until it is served and then <see cref="Release"/> the lock; it is
    /// not tracked, so its owner has to know by other means whether it is held.
    /// </summary>
    public int TakeTicket() => Interlocked.Increment(ref _nextTicket) - 1;

    /// <summary>Whether the holder of a ticket holds the lock by now. Acquire semantics.</summary>
    public readonly bool IsServed(int ticket) => Volatile.Read(in _nowServing) == ticket;

    /// <summary>Gives the lock to the next in line. Release semantics; only the holder may call it.</summary>
    public void Release() => Volatile.Write(ref _nowServing, _nowServing + 1);
}
