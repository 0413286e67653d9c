namespace SharpVisor.Drivers;

/// <summary>Where a function is: bus (0 to 255), device (0 to 31), function (0 to 7). PCI Express 5.0, 2.2.4.2.</summary>
public readonly struct PciAddress
{
    /// <summary>Devices of a bus.</summary>
    public const int Devices = 32;

    /// <summary>Functions of a device.</summary>
    public const int Functions = 8;

    /// <summary>Names a function.</summary>
    public PciAddress(int bus, int device, int function) => Value = (ushort)((bus << 8) | ((device & 31) << 3) | (function & 7));

    /// <summary>Bus in bits 15:8, device in 7:3, function in 2:0: the requester id.</summary>
    public readonly ushort Value;

    /// <summary>Bus.</summary>
    public int Bus => Value >> 8;

    /// <summary>Device on the bus.</summary>
    public int Device => Value >> 3 & 31;

    /// <summary>Function of the device.</summary>
    public int Function => Value & 7;
}
