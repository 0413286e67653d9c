using SharpVisor.Arch;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>The functions of a Raspberry Pi's GPIO pins (BCM2835 ARM Peripherals, 6.1).</summary>
public readonly struct GpioPins
{
    private const int PinsPerRegister = 10;
    private const int BitsPerPin = 3;
    private const uint FunctionMask = 7;

    private readonly ulong _base;

    private GpioPins(ulong address) => _base = address;

    /// <summary>Finds them in the device tree.</summary>
    public static bool TryProbe(FdtReader tree, out GpioPins pins)
    {
        pins = default;
        if ((!tree.TryFindCompatible(tree.Root, "brcm,bcm2835-gpio"u8, out FdtNode node)
                && !tree.TryFindCompatible(tree.Root, "brcm,bcm2711-gpio"u8, out node))
            || !tree.TryGetRegister(node, 0, out ulong address, out _))
        {
            return false;
        }

        pins = new GpioPins(address);
        return true;
    }

    /// <summary>What a pin, 0 to 53, is used for.</summary>
    public PinFunction GetFunction(int pin) => (PinFunction)(Mmio.Read32(Register(pin)) >> Shift(pin) & FunctionMask);

    /// <summary>Uses a pin for something else.</summary>
    public void SetFunction(int pin, PinFunction function)
    {
        uint others = Mmio.Read32(Register(pin)) & ~(FunctionMask << Shift(pin));
        Mmio.Write32(Register(pin), others | ((uint)function << Shift(pin)));
    }

    private ulong Register(int pin) => _base + ((ulong)(pin / PinsPerRegister) * sizeof(uint));

    private static int Shift(int pin) => pin % PinsPerRegister * BitsPerPin;
}
