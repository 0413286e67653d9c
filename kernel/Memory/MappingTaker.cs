namespace SharpVisor.Memory;

/// <summary>Gets what a page table no longer maps: <see cref="PageTable.TryTake"/>.</summary>
public abstract class MappingTaker
{
    /// <summary>One leaf of the tree. No CPU can reach it through the tree any more.</summary>
    /// <param name="address">First byte, as it was translated.</param>
    /// <param name="physical">Where it went.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="attributes">Attribute bits of its entry.</param>
    public abstract void Take(ulong address, ulong physical, ulong length, ulong attributes);
}
