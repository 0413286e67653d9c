namespace SharpVisor.Devices.Virtio;

/// <summary>Feature bits that belong to no device type (virtio 1.2, 6).</summary>
public static class VirtioFeatures
{
    /// <summary>VIRTIO_F_INDIRECT_DESC: a descriptor may point to a table of descriptors.</summary>
    public const ulong IndirectDescriptors = 1ul << 28;

    /// <summary>VIRTIO_F_EVENT_IDX: either side says from which index on it wants to be told.</summary>
    public const ulong EventIndex = 1ul << 29;

    /// <summary>VIRTIO_F_VERSION_1: the driver knows version 1 of the standard; without it there is no agreement.</summary>
    public const ulong Version1 = 1ul << 32;

    /// <summary>VIRTIO_F_RING_PACKED: packed virtqueues instead of split ones.</summary>
    public const ulong PackedRing = 1ul << 34;

    /// <summary>VIRTIO_F_RING_RESET: a queue can be reset alone.</summary>
    public const ulong RingReset = 1ul << 40;

    /// <summary>All that the transport and the queues can do for any device.</summary>
    public const ulong Transport = IndirectDescriptors | EventIndex | Version1 | PackedRing | RingReset;
}
