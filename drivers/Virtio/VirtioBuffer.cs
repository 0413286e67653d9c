namespace SharpVisor.Drivers;

/// <summary>A piece of memory that a virtio device may use.</summary>
public readonly struct VirtioBuffer
{
    /// <summary>Names a piece.</summary>
    /// <param name="address">Physical address of its first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="isForDevice">Whether the device writes it; else it reads.</param>
    public VirtioBuffer(ulong address, uint length, bool isForDevice)
    {
        Address = address;
        Length = length;
        IsForDevice = isForDevice;
    }

    /// <summary>Physical address of its first byte.</summary>
    public readonly ulong Address;

    /// <summary>Bytes.</summary>
    public readonly uint Length;

    /// <summary>Whether the device writes it; else it reads.</summary>
    public readonly bool IsForDevice;
}
