using SharpVisor.Network;

namespace SharpVisor.Devices.Virtio;

/// <summary>Feature bits of the network device (virtio 1.2, 5.1.3).</summary>
/// <remarks>Fragmentation of UDP (HOST_UFO, GUEST_UFO) is not offered, nor hashes and receive-side scaling.</remarks>
internal static class NetFeatures
{
    /// <summary>VIRTIO_NET_F_CSUM: the driver may leave checksums to be filled in.</summary>
    internal const ulong Checksum = 1 << 0;

    /// <summary>VIRTIO_NET_F_GUEST_CSUM: so may the device.</summary>
    internal const ulong GuestChecksum = 1 << 1;

    /// <summary>VIRTIO_NET_F_CTRL_GUEST_OFFLOADS: what the driver takes can be changed.</summary>
    internal const ulong ControlOffloads = 1 << 2;

    /// <summary>VIRTIO_NET_F_MTU.</summary>
    internal const ulong Mtu = 1 << 3;

    /// <summary>VIRTIO_NET_F_MAC.</summary>
    internal const ulong Mac = 1 << 5;

    /// <summary>VIRTIO_NET_F_GUEST_TSO4: the driver takes large frames of TCP over IPv4.</summary>
    internal const ulong GuestTcpV4 = 1 << 7;

    /// <summary>VIRTIO_NET_F_GUEST_TSO6.</summary>
    internal const ulong GuestTcpV6 = 1 << 8;

    /// <summary>VIRTIO_NET_F_GUEST_ECN: of these such with congestion notification.</summary>
    internal const ulong GuestEcn = 1 << 9;

    /// <summary>VIRTIO_NET_F_HOST_TSO4: the device takes large frames.</summary>
    internal const ulong HostTcpV4 = 1 << 11;

    /// <summary>VIRTIO_NET_F_HOST_TSO6.</summary>
    internal const ulong HostTcpV6 = 1 << 12;

    /// <summary>VIRTIO_NET_F_HOST_ECN.</summary>
    internal const ulong HostEcn = 1 << 13;

    /// <summary>VIRTIO_NET_F_MRG_RXBUF: a received frame may take several buffers.</summary>
    internal const ulong MergeableBuffers = 1 << 15;

    /// <summary>VIRTIO_NET_F_STATUS: the link can be down.</summary>
    internal const ulong Status = 1 << 16;

    /// <summary>VIRTIO_NET_F_CTRL_VQ.</summary>
    internal const ulong ControlQueue = 1 << 17;

    /// <summary>VIRTIO_NET_F_CTRL_RX.</summary>
    internal const ulong ControlReceive = 1 << 18;

    /// <summary>VIRTIO_NET_F_CTRL_VLAN.</summary>
    internal const ulong ControlVlan = 1 << 19;

    /// <summary>VIRTIO_NET_F_CTRL_RX_EXTRA.</summary>
    internal const ulong ControlReceiveExtra = 1 << 20;

    /// <summary>VIRTIO_NET_F_GUEST_ANNOUNCE: the driver says where it is when it is asked.</summary>
    internal const ulong Announce = 1 << 21;

    /// <summary>VIRTIO_NET_F_MQ: several pairs of queues.</summary>
    internal const ulong MultiQueue = 1 << 22;

    /// <summary>VIRTIO_NET_F_CTRL_MAC_ADDR.</summary>
    internal const ulong ControlMac = 1 << 23;

    /// <summary>What the driver takes, and can change.</summary>
    internal const ulong GuestOffloads = GuestChecksum | GuestTcpV4 | GuestTcpV6 | GuestEcn;

    /// <summary>All that is offered whatever the settings.</summary>
    internal const ulong Offered = Checksum | ControlOffloads | Mtu | Mac | GuestOffloads | HostTcpV4 | HostTcpV6 | HostEcn
        | MergeableBuffers | Status | ControlQueue | ControlReceive | ControlVlan | ControlReceiveExtra | Announce;

    /// <summary>Whether a driver may ask that of the device (5.1.6.2).</summary>
    internal static bool MaySend(ulong features, in FrameOffload offload) =>
        (!offload.HasPartialChecksum || (features & Checksum) != 0)
        && (offload.Segmentation == 0 || (features & (offload.Kind == FrameOffload.TcpV4 ? HostTcpV4 : HostTcpV6)) != 0)
        && ((offload.Segmentation & FrameOffload.Ecn) == 0 || (features & HostEcn) != 0);

    /// <summary>Whether a driver takes that from the device (5.1.6.4).</summary>
    internal static bool MayReceive(ulong offloads, in FrameOffload offload) =>
        (!offload.HasPartialChecksum || (offloads & GuestChecksum) != 0)
        && (offload.Segmentation == 0 || (offloads & (offload.Kind == FrameOffload.TcpV4 ? GuestTcpV4 : GuestTcpV6)) != 0)
        && ((offload.Segmentation & FrameOffload.Ecn) == 0 || (offloads & GuestEcn) != 0);
}
