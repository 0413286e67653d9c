namespace SharpVisor.Drivers;

/// <summary>The configuration space of a PCI host: 4 KiB a function. What is not there reads as ones.</summary>
public abstract class PciConfiguration
{
    /// <summary>The number of the root bus.</summary>
    public abstract int FirstBus { get; }

    /// <summary>The highest bus that can be reached.</summary>
    public abstract int LastBus { get; }

    /// <summary>Reads 32 bits.</summary>
    /// <param name="address">A function on one of the buses.</param>
    /// <param name="offset">0 to 4092, a multiple of 4.</param>
    public abstract uint Read32(PciAddress address, int offset);

    /// <summary>Writes 32 bits.</summary>
    public abstract void Write32(PciAddress address, int offset, uint value);

    /// <summary>Writes 16 bits at a multiple of 2: where the neighbours clear bits that are written as read.</summary>
    public abstract void Write16(PciAddress address, int offset, ushort value);

    /// <summary>Reads 16 bits at a multiple of 2.</summary>
    public ushort Read16(PciAddress address, int offset) => (ushort)(Read32(address, offset & ~3) >> ((offset & 2) * 8));

    /// <summary>Reads 8 bits.</summary>
    public byte Read8(PciAddress address, int offset) => (byte)(Read32(address, offset & ~3) >> ((offset & 3) * 8));
}
