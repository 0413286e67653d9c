namespace SharpVisor.Devices.Virtio;

/// <summary>Bits of the device status (virtio 1.2, 2.1).</summary>
internal static class VirtioStatus
{
    /// <summary>FEATURES_OK: driver and device agree on features.</summary>
    internal const int FeaturesOk = 8;

    /// <summary>DRIVER_OK: the driver is ready.</summary>
    internal const int DriverOk = 4;

    /// <summary>DEVICE_NEEDS_RESET: the device has given up; only it sets this.</summary>
    internal const int NeedsReset = 64;

    /// <summary>What a driver may set: ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, FAILED.</summary>
    internal const int OfDriver = 1 | 2 | DriverOk | FeaturesOk | 128;
}
