namespace SharpVisor.Devices.Virtio;

/// <summary>Feature bits of the balloon (virtio 1.2, 5.5.3).</summary>
/// <remarks>
/// VIRTIO_BALLOON_F_MUST_TELL_HOST (bit 0) is not offered: a page comes back when it is touched, so a guest may use it
/// before it has said so.
/// </remarks>
internal static class BalloonFeatures
{
    /// <summary>VIRTIO_BALLOON_F_STATS_VQ: the guest tells how its memory is used.</summary>
    internal const ulong Statistics = 1 << 1;

    /// <summary>VIRTIO_BALLOON_F_DEFLATE_ON_OOM: the guest may take pages back when it has no other ones.</summary>
    internal const ulong DeflateWhenShort = 1 << 2;

    /// <summary>VIRTIO_BALLOON_F_FREE_PAGE_HINT: the guest can be asked for its free pages.</summary>
    internal const ulong Hinting = 1 << 3;

    /// <summary>VIRTIO_BALLOON_F_PAGE_POISON: the guest says what it expects in free pages.</summary>
    internal const ulong Poison = 1 << 4;

    /// <summary>VIRTIO_BALLOON_F_REPORTING: the guest tells of its free pages by itself.</summary>
    internal const ulong Reporting = 1 << 5;

    /// <summary>All that are offered.</summary>
    internal const ulong Offered = Statistics | DeflateWhenShort | Hinting | Poison | Reporting;
}
