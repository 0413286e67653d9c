namespace SharpVisor.Drivers;

/// <summary>A range of a host's memory addresses, from which the registers of functions get their places, one behind the other.</summary>
public sealed class PciWindow
{
    private readonly ulong _toCpu;
    private readonly ulong _end;

    /// <summary>Makes an untouched one.</summary>
    /// <param name="address">First byte as PCI sees it.</param>
    /// <param name="cpuAddress">The same as CPUs see it.</param>
    /// <param name="length">Bytes; the end may not lie beyond 2^64.</param>
    public PciWindow(ulong address, ulong cpuAddress, ulong length)
    {
        Next = address;
        _end = address + length;
        _toCpu = cpuAddress - address;
    }

    /// <summary>The first address that is free, as PCI sees it.</summary>
    public ulong Next { get; private set; }

    /// <summary>Where CPUs see an address.</summary>
    public ulong ToCpu(ulong address) => address + _toCpu;

    /// <summary>Goes on to a multiple of a power of two. False where the window ends before it.</summary>
    public bool TryAlign(ulong alignment)
    {
        ulong aligned = (Next + alignment - 1) & ~(alignment - 1);
        if (aligned < Next || aligned > _end)
        {
            return false;
        }

        Next = aligned;
        return true;
    }

    /// <summary>Takes a range of a power of two, aligned to it. False, with nothing taken, where that much is not left.</summary>
    public bool TryTake(ulong size, out ulong address)
    {
        address = (Next + size - 1) & ~(size - 1);
        if (address < Next || address > _end || size > _end - address)
        {
            return false;
        }

        Next = address + size;
        return true;
    }
}
