namespace SharpVisor.Devices;

/// <summary>
/// Virtio-mmio slots with nothing behind them (virtio 1.2, 4.2.2): the identification that lets a driver see that
/// the slot is empty, and zeros. One object serves any number of slots side by side.
/// </summary>
public sealed class EmptyTransport : MmioDevice
{
    /// <summary>Bytes from one slot to the next.</summary>
    public const uint SlotSize = 0x200;

    private const uint MagicValue = 0x000;
    private const uint Version = 0x004;
    private const uint VendorId = 0x00c;
    private const uint Magic = 0x7472_6976; // "virt"
    private const uint CurrentVersion = 2;
    private const uint Vendor = 0x554d_4551; // what QEMU's machine has: "QEMU"

    /// <inheritdoc/>
    public override ulong Read(int vcpu, uint offset, int size)
    {
        if (size != 4)
        {
            return 0; // 4.2.2.2: registers are read by 32-bit accesses only
        }

        uint register = offset & (SlotSize - 1);
        if (register == MagicValue)
        {
            return Magic;
        }

        if (register == Version)
        {
            return CurrentVersion;
        }

        return register == VendorId ? Vendor : 0u; // DeviceID 0 among them: no device
    }

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value)
    {
    }

    /// <inheritdoc/>
    public override void Reset()
    {
    }
}
