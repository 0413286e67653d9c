using System.Runtime.InteropServices;

namespace SharpVisor.Devices.Virtio;

/// <summary>A descriptor as it lies in the guest's memory, split or packed (virtio 1.2, 2.7.5 and 2.8.13).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Descriptor
{
    /// <summary>Bytes of one.</summary>
    internal const int Size = 16;

    /// <summary>VIRTQ_DESC_F_NEXT: the chain goes on.</summary>
    internal const uint Next = 1;

    /// <summary>VIRTQ_DESC_F_WRITE: the device writes there; else it reads.</summary>
    internal const uint Write = 2;

    /// <summary>VIRTQ_DESC_F_INDIRECT: a table of descriptors is there.</summary>
    internal const uint Indirect = 4;

    /// <summary>VIRTQ_DESC_F_AVAIL, of packed rings: made available, in laps where the wrap counter is 1.</summary>
    internal const uint Available = 1 << 7;

    /// <summary>VIRTQ_DESC_F_USED, of packed rings: used, in laps where the wrap counter is 1.</summary>
    internal const uint Used = 1 << 15;

    /// <summary>Intermediate physical address.</summary>
    internal ulong Address;

    /// <summary>Bytes.</summary>
    internal uint Length;

    /// <summary>Split: flags, and the next index above. Packed: the buffer's id, and flags above.</summary>
    internal uint Tail;
}
