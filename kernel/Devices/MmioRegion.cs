namespace SharpVisor.Devices;

/// <summary>Where a device stands in its VM's address space. Never changes once it is on the bus.</summary>
public sealed class MmioRegion
{
    internal MmioRegion(ulong start, ulong length, MmioDevice device)
    {
        Start = start;
        Length = length;
        Device = device;
    }

    /// <summary>Intermediate physical address of the first byte.</summary>
    public ulong Start { get; }

    /// <summary>Bytes, between 8 and 4 GiB.</summary>
    public ulong Length { get; }

    /// <summary>The device that answers here.</summary>
    public MmioDevice Device { get; }
}
