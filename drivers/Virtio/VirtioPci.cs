using System.Threading;
using SharpVisor.Arch;

namespace SharpVisor.Drivers;

/// <summary>A virtio device on PCI, with the registers of virtio 1.0 and later (virtio 1.2, 4.1.4). It interrupts by its pin.</summary>
public sealed class VirtioPci : VirtioRegisters
{
    private const ulong DeviceFeatureSelect = 0;
    private const ulong DeviceFeature = 4;
    private const ulong DriverFeatureSelect = 8;
    private const ulong DriverFeature = 12;
    private const ulong ConfigurationVector = 16;
    private const ulong NumberOfQueues = 18;
    private const ulong DeviceStatus = 20;
    private const ulong ConfigurationGeneration = 21;
    private const ulong QueueSelect = 22;
    private const ulong QueueSize = 24;
    private const ulong QueueVector = 26;
    private const ulong QueueEnable = 28;
    private const ulong QueueNotifyOffset = 30;
    private const ulong QueueDescriptors = 32;
    private const ulong QueueDriver = 40;
    private const ulong QueueDevice = 48;
    private const ushort NoVector = 0xffff;
    private const int MostQueues = 32;
    private const int GenerationPatience = 100;

    private readonly PciFunction _function;
    private readonly VirtioPciLayout _layout;
    private readonly ulong[] _notify = new ulong[MostQueues];

    /// <summary>Takes a function that has been switched on, and whose registers are mapped.</summary>
    public VirtioPci(PciFunction function, in VirtioPciLayout layout)
    {
        _function = function;
        _layout = layout;
        DeviceId = VirtioPciLayout.Identify(function);
    }

    /// <inheritdoc/>
    public override uint DeviceId { get; }

    /// <inheritdoc/>
    public override uint Interrupt => _function.Interrupt;

    /// <inheritdoc/>
    public override bool IsLegacy => false;

    /// <inheritdoc/>
    protected override uint Status
    {
        get => Mmio.Read8(_layout.Common + DeviceStatus);
        set => Mmio.Write8(_layout.Common + DeviceStatus, (byte)value);
    }

    /// <inheritdoc/>
    public override int LargestQueue(int queue)
    {
        if (queue >= MostQueues || queue >= Mmio.Read16(_layout.Common + NumberOfQueues))
        {
            return 0;
        }

        Mmio.Write16(_layout.Common + QueueSelect, (ushort)queue);
        int size = Mmio.Read16(_layout.Common + QueueSize);
        uint offset = Mmio.Read16(_layout.Common + QueueNotifyOffset);
        return (ulong)offset * _layout.NotifyStep > _layout.NotifyLength - sizeof(ushort) ? 0
            : size > SplitQueue.LargestSize ? SplitQueue.LargestSize : size;
    }

    /// <inheritdoc/>
    public override void SetQueue(int index, SplitQueue queue)
    {
        Mmio.Write16(_layout.Common + QueueSelect, (ushort)index);
        Mmio.Write16(_layout.Common + ConfigurationVector, NoVector);
        Mmio.Write16(_layout.Common + QueueVector, NoVector);
        Mmio.Write16(_layout.Common + QueueSize, (ushort)queue.Size);
        Write64(QueueDescriptors, queue.DescriptorAddress);
        Write64(QueueDriver, queue.AvailableAddress);
        Write64(QueueDevice, queue.UsedAddress);

        // Read once: the device might name another place every time.
        ulong offset = (ulong)Mmio.Read16(_layout.Common + QueueNotifyOffset) * _layout.NotifyStep;
        _notify[index] = _layout.Notify + (offset > _layout.NotifyLength - sizeof(ushort) ? 0 : offset);
        Mmio.Write16(_layout.Common + QueueEnable, 1);
    }

    /// <inheritdoc/>
    public override void Notify(int queue)
    {
        Interlocked.MemoryBarrier(); // as in VirtioMmio.Notify
        Mmio.Write16(_notify[queue], (ushort)queue);
    }

    /// <inheritdoc/>
    public override uint TakeInterrupt()
    {
        uint reasons = Mmio.Read8(_layout.Interrupt); // which ends it
        Interlocked.MemoryBarrier();
        return reasons;
    }

    /// <inheritdoc/>
    public override byte ReadConfiguration8(int offset) => offset < _layout.DeviceLength ? Mmio.Read8(_layout.Device + (ulong)offset) : (byte)0;

    /// <inheritdoc/>
    public override uint ReadConfiguration32(int offset) =>
        (uint)offset + sizeof(uint) <= _layout.DeviceLength ? Mmio.Read32(_layout.Device + (ulong)offset) : 0;

    /// <inheritdoc/>
    public override ulong ReadConfiguration64(int offset)
    {
        ulong value = 0;
        for (int i = 0; i < GenerationPatience; i++)
        {
            byte before = Mmio.Read8(_layout.Common + ConfigurationGeneration);
            value = ReadConfiguration32(offset) | ((ulong)ReadConfiguration32(offset + sizeof(uint)) << 32);
            if (Mmio.Read8(_layout.Common + ConfigurationGeneration) == before)
            {
                break;
            }
        }

        return value;
    }

    /// <inheritdoc/>
    protected override ulong ReadFeatures()
    {
        Mmio.Write32(_layout.Common + DeviceFeatureSelect, 1);
        ulong high = Mmio.Read32(_layout.Common + DeviceFeature);
        Mmio.Write32(_layout.Common + DeviceFeatureSelect, 0);
        return (high << 32) | Mmio.Read32(_layout.Common + DeviceFeature);
    }

    /// <inheritdoc/>
    protected override void WriteFeatures(ulong features)
    {
        Mmio.Write32(_layout.Common + DriverFeatureSelect, 1);
        Mmio.Write32(_layout.Common + DriverFeature, (uint)(features >> 32));
        Mmio.Write32(_layout.Common + DriverFeatureSelect, 0);
        Mmio.Write32(_layout.Common + DriverFeature, (uint)features);
    }

    private void Write64(ulong register, ulong value)
    {
        Mmio.Write32(_layout.Common + register, (uint)value);
        Mmio.Write32(_layout.Common + register + sizeof(uint), (uint)(value >> 32));
    }
}
