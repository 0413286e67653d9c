namespace SharpVisor.Memory;

/// <summary>What has to happen beside a change of a live table (Arm ARM D8.14): the one way to the TLBs.</summary>
public abstract class TlbMaintenance
{
    /// <summary>
    /// An entry that was valid has just become invalid: orders that store before everything, invalidates every
    /// cached translation of it on all CPUs, and waits until that is done (the "break" of break-before-make).
    /// </summary>
    /// <param name="address">First byte that the entry translated.</param>
    /// <param name="length">Bytes that it translated.</param>
    public abstract void AfterBreak(ulong address, ulong length);

    /// <summary>New entries were written where invalid ones stood: orders the stores before walks.</summary>
    public abstract void AfterMake();
}
