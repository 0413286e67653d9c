namespace SharpVisor.Devices.Virtio;

/// <summary>What a driver has written about a queue and not yet made valid by QueueReady.</summary>
internal struct QueueSetup
{
    /// <summary>Places in the rings.</summary>
    internal uint Size;

    /// <summary>The descriptor table, or the packed ring.</summary>
    internal ulong DescriptorArea;

    /// <summary>The available ring, or the driver's event suppression structure.</summary>
    internal ulong DriverArea;

    /// <summary>The used ring, or the device's event suppression structure.</summary>
    internal ulong DeviceArea;

    /// <summary>As after a reset.</summary>
    internal void Clear(Virtqueue queue)
    {
        Size = queue.MaximumSize;
        DescriptorArea = 0;
        DriverArea = 0;
        DeviceArea = 0;
    }
}
