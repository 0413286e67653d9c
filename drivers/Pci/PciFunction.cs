namespace SharpVisor.Drivers;

/// <summary>A function of a PCI device that was found, with its registers in memory placed and itself still switched off.</summary>
public sealed class PciFunction
{
    /// <summary>Most base address registers.</summary>
    public const int MostBars = 6;

    private const int CommandOffset = 0x04;
    private const int StatusOffset = 0x06;
    private const int ClassOffset = 0x08;
    private const int SubsystemOffset = 0x2c;
    private const int CapabilitiesOffset = 0x34;
    private const int FirstCapability = 0x40;
    private const int CapabilityEnd = 0x100;

    /// <summary>Most capabilities of a function. Whoever looks for all of a kind counts: a list may go round in circles.</summary>
    public const int MostCapabilities = (CapabilityEnd - FirstCapability) / 4;
    private const ushort HasCapabilities = 1 << 4;
    private const ushort MemoryAndMaster = 6;
    private const ushort NoInterrupt = 1 << 10;

    private readonly ulong[] _bars = new ulong[MostBars];
    private readonly ulong[] _sizes = new ulong[MostBars];

    /// <summary>Takes a function that answers.</summary>
    internal PciFunction(PciConfiguration configuration, PciAddress address, uint identification)
    {
        Configuration = configuration;
        Address = address;
        VendorId = (ushort)identification;
        DeviceId = (ushort)(identification >> 16);
        Class = configuration.Read32(address, ClassOffset) >> 8;
    }

    /// <summary>Where it is.</summary>
    public PciAddress Address { get; }

    /// <summary>Who made it.</summary>
    public ushort VendorId { get; }

    /// <summary>What its maker calls it.</summary>
    public ushort DeviceId { get; }

    /// <summary>What it is: base class, subclass, programming interface, from bit 23 down.</summary>
    public uint Class { get; }

    /// <summary>What the maker of the board calls it.</summary>
    public ushort SubsystemId => (ushort)(Configuration.Read32(Address, SubsystemOffset) >> 16);

    /// <summary>Device on the root bus by which its interrupt comes out.</summary>
    public int RootDevice { get; internal set; }

    /// <summary>Interrupt pin there, 1 to 4; 0 where it has none.</summary>
    public int RootPin { get; internal set; }

    /// <summary>INTID of its interrupt, which others may share; 0 while none is known.</summary>
    public uint Interrupt { get; set; }

    /// <summary>Its configuration space.</summary>
    internal PciConfiguration Configuration { get; }

    /// <summary>A range of its registers as CPUs see it.</summary>
    /// <param name="index">0 to <see cref="MostBars"/> - 1, in the order of the base address registers; a wide one has two.</param>
    /// <param name="address">First byte.</param>
    /// <param name="size">Bytes, a power of two.</param>
    /// <returns>False where there is none, or no place for it.</returns>
    public bool TryGetBar(int index, out ulong address, out ulong size)
    {
        bool isThere = (uint)index < MostBars && _sizes[index] != 0;
        address = isThere ? _bars[index] : 0;
        size = isThere ? _sizes[index] : 0;
        return isThere;
    }

    /// <summary>The first capability of a kind, or the next one (PCI 3.0, 6.7).</summary>
    /// <param name="id">Which kind.</param>
    /// <param name="offset">0 for the first, else where the last one was; then where it is in the configuration space.</param>
    public bool TryFindCapability(byte id, ref int offset)
    {
        if ((Configuration.Read16(Address, StatusOffset) & HasCapabilities) == 0)
        {
            return false;
        }

        int next = Configuration.Read8(Address, offset == 0 ? CapabilitiesOffset : offset + 1);
        for (int i = 0; i < MostCapabilities; i++)
        {
            next &= ~3;
            if (next < FirstCapability)
            {
                return false;
            }

            uint word = Configuration.Read32(Address, next);
            if ((byte)word == id)
            {
                offset = next;
                return true;
            }

            next = (int)(word >> 8 & 0xff);
        }

        return false;
    }

    /// <summary>Lets it answer to its addresses, use memory by itself, and interrupt.</summary>
    public void Enable() => Configuration.Write16(
        Address, CommandOffset, (ushort)((Configuration.Read16(Address, CommandOffset) | MemoryAndMaster) & ~NoInterrupt));

    /// <summary>Switches it off: it answers to no address and uses no memory.</summary>
    public void Disable() => Configuration.Write16(
        Address, CommandOffset, (ushort)((Configuration.Read16(Address, CommandOffset) & ~(MemoryAndMaster | 1)) | NoInterrupt));

    /// <summary>Its registers have got a place.</summary>
    internal void SetBar(int index, ulong address, ulong size)
    {
        _bars[index] = address;
        _sizes[index] = size;
    }
}
