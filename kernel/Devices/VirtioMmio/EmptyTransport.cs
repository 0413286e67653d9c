namespace SharpVisor.Devices.Virtio;

/// <summary>
/// A virtio-mmio slot with nothing behind it (virtio 1.2, 4.2.2): the identification that lets a driver see that the
/// slot is empty, and zeros.
/// </summary>
public static class EmptyTransport
{
    /// <summary>Bytes from one slot to the next.</summary>
    public const uint SlotSize = 0x200;

    /// <summary>MagicValue: "virt".</summary>
    internal const uint Magic = 0x7472_6976;

    /// <summary>Version.</summary>
    internal const uint CurrentVersion = 2;

    /// <summary>VendorID, as QEMU's machine has it: "QEMU".</summary>
    internal const uint Vendor = 0x554d_4551;

    /// <summary>Reads a register. Writes have no effect.</summary>
    /// <param name="offset">From the start of the slot.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    public static ulong Read(uint offset, int size)
    {
        if (size != 4)
        {
            return 0; // 4.2.2.2: registers are read by 32-bit accesses only
        }

        switch (offset)
        {
            case VirtioRegister.MagicValue:
                return Magic;
            case VirtioRegister.Version:
                return CurrentVersion;
            case VirtioRegister.VendorId:
                return Vendor;
            default:
                return 0; // DeviceID among them: no device
        }
    }
}
