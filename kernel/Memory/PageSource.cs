namespace SharpVisor.Memory;

/// <summary>Where page tables come from.</summary>
public abstract class PageSource
{
    /// <summary>Takes a run of zeroed memory.</summary>
    /// <param name="length">Bytes, a multiple of 4 KiB.</param>
    /// <param name="alignment">A power of two, at least 4 KiB.</param>
    /// <param name="address">Its first byte.</param>
    /// <returns>False where there is none.</returns>
    public abstract bool TryAllocateZeroed(ulong length, ulong alignment, out ulong address);

    /// <summary>Gives a run back.</summary>
    public abstract void Free(ulong address, ulong length);
}
