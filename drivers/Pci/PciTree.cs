namespace SharpVisor.Drivers;

/// <summary>
/// Finds what is behind a PCI host: gives the buses behind bridges their numbers, finds out how large the functions'
/// ranges of registers are, and gives them addresses. What firmware has done is done anew, so that nothing depends on it.
/// </summary>
/// <remarks>
/// <para>Nothing is believed: buses, depth and functions are counted, sizes must be powers of two, and what finds no place stays switched off.</para>
/// <para>
/// Each range begins on a page of its own, so that one can be given to a guest without its neighbour. Registers in I/O
/// space get no place: who needs them has not been met. Bridges forward memory below 4 GiB alone.
/// </para>
/// </remarks>
public sealed class PciTree
{
    /// <summary>Most functions that are taken note of.</summary>
    public const int MostFunctions = 64;

    private const int DeepestBridge = 8;
    private const ulong PageSize = 4096;
    private const ulong BridgeGranule = 1 << 20;
    private const ulong ConfigurationOfBus = 1 << 20;
    private const ulong MapGranule = 2 << 20;
    private const ulong LargestBar = 1ul << 40;

    private const int HeaderOffset = 0x0e;
    private const int BarOffset = 0x10;
    private const int BusesOffset = 0x18;
    private const int IoWindowOffset = 0x1c;
    private const int MemoryWindowOffset = 0x20;
    private const int PrefetchableWindowOffset = 0x24;
    private const int PinOffset = 0x3d;
    private const byte HasManyFunctions = 0x80;
    private const byte Bridge = 1;
    private const uint Nothing = 0xffff;
    private const uint ClosedWindow = 0x0000_fff0; // its base is above its limit
    private const ushort ClosedIoWindow = 0x00f0;
    private const uint IsIo = 1;
    private const uint BarFlags = 15;
    private const uint IsWide = 4;

    private readonly PciConfiguration _configuration;
    private readonly PciWindow? _low;
    private readonly PciWindow? _high;
    private readonly PciFunction?[] _functions = new PciFunction?[MostFunctions];

    /// <summary>Makes one that has not looked yet.</summary>
    /// <param name="configuration">The host's configuration space.</param>
    /// <param name="low">Addresses below 4 GiB, where the host has them.</param>
    /// <param name="high">Others, for what needs no more than 64 bits.</param>
    public PciTree(PciConfiguration configuration, PciWindow? low, PciWindow? high)
    {
        _configuration = configuration;
        _low = low;
        _high = high;
        LastBus = configuration.FirstBus;
    }

    /// <summary>Number of functions, bridges too, in the order in which they were found.</summary>
    public int Count { get; private set; }

    /// <summary>The highest bus that there is.</summary>
    public int LastBus { get; private set; }

    /// <summary>Bytes of the configuration space that the buses take, rounded up to what is mapped at once.</summary>
    public ulong ConfigurationSize => ((ulong)(LastBus - _configuration.FirstBus + 1) * ConfigurationOfBus + MapGranule - 1) & ~(MapGranule - 1);

    /// <summary>A function.</summary>
    public PciFunction this[int index] => _functions[index]!;

    /// <summary>Looks. Once.</summary>
    public void Find() => FindOnBus(_configuration.FirstBus, 0, 0, -1);

    /// <summary>What is on a bus, and behind its bridges.</summary>
    /// <param name="bus">Its number.</param>
    /// <param name="depth">Bridges above it.</param>
    /// <param name="swizzle">What those turn interrupt pins by.</param>
    /// <param name="rootDevice">The device on the root bus above it; -1 for the root bus.</param>
    private void FindOnBus(int bus, int depth, int swizzle, int rootDevice)
    {
        for (int device = 0; device < PciAddress.Devices; device++)
        {
            int functions = 1;
            for (int i = 0; i < functions; i++)
            {
                PciAddress address = new(bus, device, i);
                uint identification = _configuration.Read32(address, 0);
                if ((identification & Nothing) == Nothing)
                {
                    continue;
                }

                byte header = _configuration.Read8(address, HeaderOffset);
                functions = (header & HasManyFunctions) != 0 ? PciAddress.Functions : functions;
                if (Count == MostFunctions)
                {
                    return;
                }

                PciFunction function = new(_configuration, address, identification);
                _functions[Count++] = function;
                function.Disable();
                SetPin(function, swizzle + device, rootDevice < 0 ? device : rootDevice, depth);
                bool isBridge = (header & ~HasManyFunctions) == Bridge;
                if (isBridge || (header & ~HasManyFunctions) == 0)
                {
                    PlaceBars(function, isBridge ? 2 : PciFunction.MostBars, isRoot: depth == 0);
                }

                if (isBridge)
                {
                    FindBehind(function, depth, depth == 0 ? 0 : swizzle + device, rootDevice < 0 ? device : rootDevice);
                }
            }
        }
    }

    /// <summary>A device's pins come out of a bridge turned by its number there (PCI-to-PCI Bridge Architecture 1.2, 9.1).</summary>
    private static void SetPin(PciFunction function, int swizzle, int rootDevice, int depth)
    {
        int pin = function.Configuration.Read8(function.Address, PinOffset);
        function.RootDevice = rootDevice;
        function.RootPin = pin is < 1 or > 4 ? 0 : depth == 0 ? pin : ((pin - 1 + swizzle) & 3) + 1;
    }

    private void FindBehind(PciFunction bridge, int depth, int swizzle, int rootDevice)
    {
        PciAddress address = bridge.Address;
        _configuration.Write16(address, IoWindowOffset, ClosedIoWindow);
        _configuration.Write32(address, MemoryWindowOffset, ClosedWindow);
        _configuration.Write32(address, PrefetchableWindowOffset, ClosedWindow);
        if (LastBus >= _configuration.LastBus || depth + 1 >= DeepestBridge || _low == null || !_low.TryAlign(BridgeGranule))
        {
            return;
        }

        int bus = ++LastBus;
        uint buses = (uint)(address.Bus | (bus << 8));
        _configuration.Write32(address, BusesOffset, buses | ((uint)_configuration.LastBus << 16));
        ulong start = _low.Next;
        FindOnBus(bus, depth + 1, swizzle, rootDevice);
        _configuration.Write32(address, BusesOffset, buses | ((uint)LastBus << 16));
        if (_low.Next != start && _low.TryAlign(BridgeGranule))
        {
            _configuration.Write32(address, MemoryWindowOffset, (uint)(start >> 16) | ((uint)(_low.Next - 1) & 0xfff0_0000));
        }

        bridge.Enable();
    }

    private void PlaceBars(PciFunction function, int count, bool isRoot)
    {
        for (int i = 0; i < count; i++)
        {
            int offset = BarOffset + (i * sizeof(uint));
            uint low = Probe(function.Address, offset);
            bool isWide = (low & (IsIo | IsWide)) == IsWide && i + 1 < count;
            ulong mask = (low & ~BarFlags) | 0xffff_ffff_0000_0000;
            if (isWide)
            {
                mask = (low & ~BarFlags) | ((ulong)Probe(function.Address, offset + sizeof(uint)) << 32);
            }

            ulong size = ~mask + 1;
            bool isSound = (low & IsIo) == 0 && (low & ~BarFlags | (isWide ? mask >> 32 : 0)) != 0
                && (size & (size - 1)) == 0 && size <= LargestBar;
            if (isSound && TryPlace(size, isWide && isRoot, out ulong address, out ulong cpuAddress))
            {
                _configuration.Write32(function.Address, offset, (uint)address);
                if (isWide)
                {
                    _configuration.Write32(function.Address, offset + sizeof(uint), (uint)(address >> 32));
                }

                function.SetBar(i, cpuAddress, size);
            }

            i += isWide ? 1 : 0;
        }
    }

    /// <summary>What a base address register holds once every bit that can be set was: its size. It holds 0 then.</summary>
    private uint Probe(PciAddress address, int offset)
    {
        _configuration.Write32(address, offset, uint.MaxValue);
        uint value = _configuration.Read32(address, offset);
        _configuration.Write32(address, offset, 0);
        return value;
    }

    private bool TryPlace(ulong size, bool mayBeHigh, out ulong address, out ulong cpuAddress)
    {
        address = 0;
        PciWindow? window = _low;
        ulong room = size < PageSize ? PageSize : size;
        if (window == null || !window.TryTake(room, out address))
        {
            window = mayBeHigh ? _high : null;
        }

        bool isPlaced = window != null && (window == _low || window.TryTake(room, out address));
        cpuAddress = isPlaced ? window!.ToCpu(address) : 0;
        return isPlaced;
    }
}
