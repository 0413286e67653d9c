namespace SharpVisor.Memory;

/// <summary>An address in the machine's physical address space, in bytes. The hypervisor maps memory one to one, so it is also an EL2 virtual address.</summary>
public readonly struct HostPhysical
{
    /// <summary>Wraps a byte address.</summary>
    public HostPhysical(ulong value) => Value = value;

    /// <summary>The byte address.</summary>
    public ulong Value { get; }
}
