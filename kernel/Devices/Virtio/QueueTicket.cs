namespace SharpVisor.Devices.Virtio;

/// <summary>What a device keeps of a chain that it has taken, until it gives it back to the driver.</summary>
public readonly struct QueueTicket
{
    internal QueueTicket(ushort id, ushort slots)
    {
        Id = id;
        Slots = slots;
    }

    /// <summary>The driver's name for the chain: its first index in a split queue, its buffer id in a packed one.</summary>
    internal ushort Id { get; }

    /// <summary>Places that it takes in the ring: 1 in a split queue, its descriptors there in a packed one.</summary>
    internal ushort Slots { get; }
}
