namespace SharpVisor.Drivers;

/// <summary>Where the registers of a virtio device on PCI are, by its capabilities (virtio 1.2, 4.1.4).</summary>
public readonly struct VirtioPciLayout
{
    /// <summary>Bytes of the registers that all devices have (4.1.4.3), as far as they are used.</summary>
    internal const uint CommonSize = 56;

    private const ushort Vendor = 0x1af4;
    private const ushort FirstTransitional = 0x1000;
    private const ushort FirstModern = 0x1040;
    private const ushort LastModern = 0x107f;
    private const byte VendorCapability = 9;
    private const int CommonKind = 1;
    private const int NotifyKind = 2;
    private const int InterruptKind = 3;
    private const int DeviceKind = 4;
    private const byte SmallestCapability = 16;
    private const byte NotifyCapability = 20;

    private VirtioPciLayout(ulong common, ulong notify, uint notifyLength, uint notifyStep, ulong interrupt, ulong device, uint deviceLength)
    {
        Common = common;
        Notify = notify;
        NotifyLength = notifyLength;
        NotifyStep = notifyStep;
        Interrupt = interrupt;
        Device = device;
        DeviceLength = deviceLength;
    }

    /// <summary>Address of the common registers.</summary>
    public ulong Common { get; }

    /// <summary>Address of the registers by which queues are notified.</summary>
    public ulong Notify { get; }

    /// <summary>Bytes of them.</summary>
    public uint NotifyLength { get; }

    /// <summary>What a queue's offset there is multiplied by.</summary>
    public uint NotifyStep { get; }

    /// <summary>Address of the interrupt status.</summary>
    public ulong Interrupt { get; }

    /// <summary>Address of the device's own configuration; 0 where it has none.</summary>
    public ulong Device { get; }

    /// <summary>Bytes of it.</summary>
    public uint DeviceLength { get; }

    /// <summary>What kind of virtio device a function is (virtio 1.2, 5); 0 where it is none.</summary>
    public static uint Identify(PciFunction function) => function.VendorId != Vendor ? 0u
        : function.DeviceId is >= FirstModern and <= LastModern ? (uint)function.DeviceId - FirstModern
        : function.DeviceId is >= FirstTransitional and < FirstModern ? (uint)function.SubsystemId
        : 0u;

    /// <summary>Finds the registers. False where some are missing, or lie outside of what the function has.</summary>
    public static bool TryFind(PciFunction function, out VirtioPciLayout layout)
    {
        ulong common = 0;
        ulong notify = 0;
        ulong interrupt = 0;
        ulong device = 0;
        uint notifyLength = 0;
        uint notifyStep = 0;
        uint deviceLength = 0;
        int offset = 0;
        for (int i = 0; i < PciFunction.MostCapabilities && function.TryFindCapability(VendorCapability, ref offset); i++)
        {
            uint head = function.Configuration.Read32(function.Address, offset);
            int kind = (int)(head >> 24);
            byte size = (byte)(head >> 16);
            if (size < SmallestCapability || offset > 0x100 - NotifyCapability || !TryGetRange(function, offset, out ulong address, out uint length))
            {
                continue;
            }

            // Where there are several of a kind the device prefers the first.
            switch (kind)
            {
                case CommonKind when common == 0 && length >= CommonSize:
                    common = address;
                    break;
                case NotifyKind when notify == 0 && size >= NotifyCapability && length >= sizeof(ushort):
                    notify = address;
                    notifyLength = length;
                    notifyStep = function.Configuration.Read32(function.Address, offset + 16);
                    break;
                case InterruptKind when interrupt == 0:
                    interrupt = address;
                    break;
                case DeviceKind when device == 0:
                    device = address;
                    deviceLength = length;
                    break;
            }
        }

        layout = new VirtioPciLayout(common, notify, notifyLength, notifyStep, interrupt, device, deviceLength);
        return common != 0 && notify != 0 && interrupt != 0;
    }

    private static bool TryGetRange(PciFunction function, int capability, out ulong address, out uint length)
    {
        int bar = function.Configuration.Read8(function.Address, capability + 4);
        uint offset = function.Configuration.Read32(function.Address, capability + 8);
        length = function.Configuration.Read32(function.Address, capability + 12);
        if (!function.TryGetBar(bar, out address, out ulong size) || length == 0 || (offset & 3) != 0 || offset >= size || length > size - offset)
        {
            return false;
        }

        address += offset;
        return true;
    }
}
