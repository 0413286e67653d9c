namespace SharpVisor.Devices.Virtio;

/// <summary>Feature bits of the block device (virtio 1.2, 5.2.3).</summary>
public static class BlockFeatures
{
    /// <summary>VIRTIO_BLK_F_SIZE_MAX: how long a segment may be.</summary>
    public const ulong SizeMax = 1 << 1;

    /// <summary>VIRTIO_BLK_F_SEG_MAX: how many segments a request may have.</summary>
    public const ulong SegMax = 1 << 2;

    /// <summary>VIRTIO_BLK_F_RO: it cannot be written to.</summary>
    public const ulong ReadOnly = 1 << 5;

    /// <summary>VIRTIO_BLK_F_BLK_SIZE: the size of its blocks.</summary>
    public const ulong BlockSize = 1 << 6;

    /// <summary>VIRTIO_BLK_F_FLUSH: what was written may be kept back until a flush.</summary>
    public const ulong Flush = 1 << 9;

    /// <summary>VIRTIO_BLK_F_TOPOLOGY: how requests should be aligned.</summary>
    public const ulong Topology = 1 << 10;

    /// <summary>VIRTIO_BLK_F_CONFIG_WCE: the driver chooses whether writes may be kept back.</summary>
    public const ulong ConfigWriteback = 1 << 11;

    /// <summary>VIRTIO_BLK_F_MQ: more than one queue.</summary>
    public const ulong MultiQueue = 1 << 12;

    /// <summary>VIRTIO_BLK_F_DISCARD.</summary>
    public const ulong Discard = 1 << 13;

    /// <summary>VIRTIO_BLK_F_WRITE_ZEROES.</summary>
    public const ulong WriteZeroes = 1 << 14;
}
