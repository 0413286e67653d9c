namespace SharpVisor.Drivers;

/// <summary>Raspberry Pi 3 and its relatives with a BCM2837.</summary>
internal static class RaspberryPi3
{
    internal static Board Description => new()
    {
        Compatible = "brcm,bcm2837"u8,
        ConsolePin = 14,
        Pl011Function = PinFunction.Alternate0,
        MiniUartFunction = PinFunction.Alternate5,
        ConsoleSpeed = 115_200,
        Pl011Clock = 48_000_000,
        MiniUartClock = 250_000_000,
        CardPin = 48,
        SdHostFunction = PinFunction.Alternate0,
    };
}
