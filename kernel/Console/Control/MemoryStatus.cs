namespace SharpVisor.Console;

/// <summary>Who has the machine's memory, in bytes.</summary>
internal struct MemoryStatus
{
    /// <summary>All of it.</summary>
    internal ulong Total { get; set; }

    /// <summary>Nobody's.</summary>
    internal ulong Free { get; set; }

    /// <summary>Bytes of the free memory that are kept for VMs that have less than is guaranteed to them.</summary>
    internal ulong Kept { get; set; }

    /// <summary>The largest piece of it that is in one run.</summary>
    internal ulong LargestFree { get; set; }

    /// <summary>The hypervisor's own: image, heap, stacks, tables; and the boot bundle.</summary>
    internal ulong Hypervisor { get; set; }

    /// <summary>Pages that several VMs share, counted once.</summary>
    internal ulong Shared { get; set; }
}
