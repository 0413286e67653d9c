using System.Threading;
using SharpVisor.Arch;

namespace SharpVisor.Drivers;

/// <summary>A virtio device behind memory-mapped registers: version 2 (virtio 1.2, 4.2.2), and version 1, the legacy one (4.2.4).</summary>
public sealed class VirtioMmio : VirtioRegisters
{
    /// <summary>Bytes of its registers with the configuration behind them.</summary>
    public const ulong RegisterSize = 0x200;

    private const ulong MagicValue = 0x000;
    private const ulong Version = 0x004;
    private const ulong DeviceIdentification = 0x008;
    private const ulong DeviceFeatures = 0x010;
    private const ulong DeviceFeaturesSelect = 0x014;
    private const ulong DriverFeatures = 0x020;
    private const ulong DriverFeaturesSelect = 0x024;
    private const ulong GuestPageSize = 0x028; // legacy
    private const ulong QueueSelect = 0x030;
    private const ulong QueueSizeMax = 0x034;
    private const ulong QueueSize = 0x038;
    private const ulong QueueAlign = 0x03c; // legacy
    private const ulong QueuePage = 0x040; // legacy
    private const ulong QueueReady = 0x044;
    private const ulong QueueNotify = 0x050;
    private const ulong InterruptStatus = 0x060;
    private const ulong InterruptAcknowledge = 0x064;
    private const ulong DeviceStatus = 0x070;
    private const ulong QueueDescriptorLow = 0x080;
    private const ulong QueueAvailableLow = 0x090;
    private const ulong QueueUsedLow = 0x0a0;
    private const ulong ConfigurationGeneration = 0x0fc;
    private const ulong Configuration = 0x100;
    private const uint Magic = 0x7472_6976; // "virt"
    private const uint LegacyVersion = 1;
    private const uint ModernVersion = 2;
    private const int GenerationPatience = 100;

    private readonly ulong _base;

    private VirtioMmio(ulong address, uint interrupt, uint version, uint deviceId)
    {
        _base = address;
        Interrupt = interrupt;
        IsLegacy = version == LegacyVersion;
        DeviceId = deviceId;
    }

    /// <inheritdoc/>
    public override uint DeviceId { get; }

    /// <inheritdoc/>
    public override uint Interrupt { get; }

    /// <inheritdoc/>
    public override bool IsLegacy { get; }

    /// <inheritdoc/>
    protected override uint Status
    {
        get => Mmio.Read32(_base + DeviceStatus);
        set => Mmio.Write32(_base + DeviceStatus, value);
    }

    /// <summary>Whether a device is there: an empty slot has the number 0.</summary>
    /// <param name="address">Its registers, which are mapped.</param>
    /// <param name="version">Version of its registers.</param>
    /// <param name="deviceId">What kind of device it is.</param>
    public static bool IsThere(ulong address, out uint version, out uint deviceId)
    {
        version = 0;
        deviceId = Mmio.Read32(address + DeviceIdentification);
        if (deviceId == 0 || Mmio.Read32(address + MagicValue) != Magic)
        {
            return false;
        }

        version = Mmio.Read32(address + Version);
        return version is LegacyVersion or ModernVersion;
    }

    /// <summary>Makes the driver of a device that <see cref="IsThere"/>.</summary>
    public static VirtioMmio Make(ulong address, uint interrupt, uint version, uint deviceId) => new(address, interrupt, version, deviceId);

    /// <inheritdoc/>
    public override int LargestQueue(int queue)
    {
        Mmio.Write32(_base + QueueSelect, (uint)queue);
        uint size = Mmio.Read32(_base + QueueSizeMax);
        return size > SplitQueue.LargestSize ? SplitQueue.LargestSize : (int)size;
    }

    /// <inheritdoc/>
    public override void SetQueue(int index, SplitQueue queue)
    {
        Mmio.Write32(_base + QueueSelect, (uint)index);
        Mmio.Write32(_base + QueueSize, (uint)queue.Size);
        if (IsLegacy)
        {
            Mmio.Write32(_base + GuestPageSize, SplitQueue.MemorySize);
            Mmio.Write32(_base + QueueAlign, SplitQueue.UsedAlignment);
            Mmio.Write32(_base + QueuePage, (uint)(queue.DescriptorAddress / SplitQueue.MemorySize));
            return;
        }

        Write64(QueueDescriptorLow, queue.DescriptorAddress);
        Write64(QueueAvailableLow, queue.AvailableAddress);
        Write64(QueueUsedLow, queue.UsedAddress);
        Mmio.Write32(_base + QueueReady, 1);
    }

    /// <inheritdoc/>
    public override void Notify(int queue)
    {
        // What stands in memory before what is told to the device: DMB reaches as far as an emulator's threads; a device
        // that is none of the inner shareable domain would want DSB OSH here.
        Interlocked.MemoryBarrier();
        Mmio.Write32(_base + QueueNotify, (uint)queue);
    }

    /// <inheritdoc/>
    public override uint TakeInterrupt()
    {
        uint reasons = Mmio.Read32(_base + InterruptStatus);
        if (reasons != 0)
        {
            Mmio.Write32(_base + InterruptAcknowledge, reasons);
            _ = Mmio.Read32(_base + InterruptStatus); // a write may be under way: the line must have fallen before the interrupt ends
        }

        Interlocked.MemoryBarrier();
        return reasons;
    }

    /// <inheritdoc/>
    public override byte ReadConfiguration8(int offset) => Mmio.Read8(_base + Configuration + (ulong)offset);

    /// <inheritdoc/>
    public override uint ReadConfiguration32(int offset) => Mmio.Read32(_base + Configuration + (ulong)offset);

    /// <inheritdoc/>
    public override ulong ReadConfiguration64(int offset)
    {
        ulong value = 0;
        for (int i = 0; i < GenerationPatience; i++)
        {
            uint before = IsLegacy ? 0 : Mmio.Read32(_base + ConfigurationGeneration);
            value = ReadConfiguration32(offset) | ((ulong)ReadConfiguration32(offset + sizeof(uint)) << 32);
            if (IsLegacy || Mmio.Read32(_base + ConfigurationGeneration) == before)
            {
                break;
            }
        }

        return value;
    }

    /// <inheritdoc/>
    protected override ulong ReadFeatures()
    {
        Mmio.Write32(_base + DeviceFeaturesSelect, 1);
        ulong high = Mmio.Read32(_base + DeviceFeatures);
        Mmio.Write32(_base + DeviceFeaturesSelect, 0);
        return (high << 32) | Mmio.Read32(_base + DeviceFeatures);
    }

    /// <inheritdoc/>
    protected override void WriteFeatures(ulong features)
    {
        Mmio.Write32(_base + DriverFeaturesSelect, 1);
        Mmio.Write32(_base + DriverFeatures, (uint)(features >> 32));
        Mmio.Write32(_base + DriverFeaturesSelect, 0);
        Mmio.Write32(_base + DriverFeatures, (uint)features);
    }

    private void Write64(ulong register, ulong value)
    {
        Mmio.Write32(_base + register, (uint)value);
        Mmio.Write32(_base + register + sizeof(uint), (uint)(value >> 32));
    }
}
