using SharpVisor.Arch;

namespace SharpVisor.Drivers;

/// <summary>Configuration space in memory: the enhanced access mechanism (PCI Express 5.0, 7.2.2), 1 MiB a bus.</summary>
internal sealed class EcamConfiguration : PciConfiguration
{
    /// <summary>Bytes of a bus.</summary>
    internal const ulong BusSize = 1 << 20;

    private const int FunctionShift = 12;

    private readonly ulong _base;

    /// <summary>Takes it.</summary>
    /// <param name="address">Of the first bus.</param>
    /// <param name="firstBus">Its number.</param>
    /// <param name="lastBus">The last one in memory.</param>
    internal EcamConfiguration(ulong address, int firstBus, int lastBus)
    {
        _base = address;
        FirstBus = firstBus;
        LastBus = lastBus;
    }

    /// <inheritdoc/>
    public override int FirstBus { get; }

    /// <inheritdoc/>
    public override int LastBus { get; }

    /// <inheritdoc/>
    public override uint Read32(PciAddress address, int offset) => Mmio.Read32(Place(address) + (ulong)offset);

    /// <inheritdoc/>
    public override void Write32(PciAddress address, int offset, uint value) => Mmio.Write32(Place(address) + (ulong)offset, value);

    /// <inheritdoc/>
    public override void Write16(PciAddress address, int offset, ushort value) => Mmio.Write16(Place(address) + (ulong)offset, value);

    private ulong Place(PciAddress address) => _base + ((ulong)(address.Value - (FirstBus << 8)) << FunctionShift);
}
