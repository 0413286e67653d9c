namespace SharpVisor.Console;

/// <summary>What there is to say of a VM's disk.</summary>
internal struct VmDiskStatus
{
    /// <summary>Its virtio-mmio slot.</summary>
    internal int Slot { get; set; }

    /// <summary>Its serial number; may be empty.</summary>
    internal VmName Serial { get; set; }

    /// <summary>Whether the guest may only read it.</summary>
    internal bool IsReadOnly { get; set; }

    /// <summary>Bytes.</summary>
    internal ulong Size { get; set; }

    /// <summary>Bytes that its overlay has, and may have at most; 0 where it has none.</summary>
    internal ulong OverlayUsed { get; set; }

    /// <inheritdoc cref="OverlayUsed"/>
    internal ulong OverlaySize { get; set; }

    /// <summary>Requests to read, since the VM was made.</summary>
    internal ulong Reads { get; set; }

    /// <summary>Requests to write.</summary>
    internal ulong Writes { get; set; }

    /// <summary>Requests to flush.</summary>
    internal ulong Flushes { get; set; }

    /// <summary>Requests to discard or to write zeroes.</summary>
    internal ulong Erases { get; set; }

    /// <summary>Requests that ended with an error.</summary>
    internal ulong Errors { get; set; }

    /// <summary>Bytes that were read.</summary>
    internal ulong ReadBytes { get; set; }

    /// <summary>Bytes that were written.</summary>
    internal ulong WrittenBytes { get; set; }
}
