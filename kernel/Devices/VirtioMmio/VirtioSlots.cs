namespace SharpVisor.Devices.Virtio;

/// <summary>
/// The virtio-mmio slots of a machine, side by side in one region of the bus: a transport in some, in the others the
/// identification of an empty one.
/// </summary>
public sealed class VirtioSlots : MmioDevice
{
    /// <summary>Number of slots.</summary>
    public const int Count = 32;

    private const int SlotShift = 9;
    private const uint OffsetMask = EmptyTransport.SlotSize - 1;

    private readonly VirtioTransport?[] _slots = new VirtioTransport?[Count];

    /// <summary>The slots that hold a device, by bit.</summary>
    public uint Used { get; private set; }

    /// <summary>Puts a transport into a slot. Only before the machine is switched on.</summary>
    public void Put(int slot, VirtioTransport transport)
    {
        _slots[slot] = transport;
        Used |= 1u << slot;
    }

    /// <inheritdoc/>
    public override ulong Read(int vcpu, uint offset, int size)
    {
        VirtioTransport? transport = Find(offset, size);
        return transport == null ? EmptyTransport.Read(offset & OffsetMask, size) : transport.Read(offset & OffsetMask, size);
    }

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value) =>
        Find(offset, size)?.Write(vcpu, offset & OffsetMask, size, value);

    /// <inheritdoc/>
    public override void Reset()
    {
        for (int i = 0; i < Count; i++)
        {
            _slots[i]?.Reset(-1);
        }
    }

    /// <summary>The transport of an access; null for an empty slot, and for an access across the end of one.</summary>
    private VirtioTransport? Find(uint offset, int size)
    {
        uint slot = offset >> SlotShift;
        return slot < Count && (offset & OffsetMask) + (uint)size <= EmptyTransport.SlotSize ? _slots[slot] : null;
    }
}
