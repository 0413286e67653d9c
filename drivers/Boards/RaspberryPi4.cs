namespace SharpVisor.Drivers;

/// <summary>Raspberry Pi 4 and its relatives with a BCM2711.</summary>
internal static class RaspberryPi4
{
    internal static Board Description => new()
    {
        Compatible = "brcm,bcm2711"u8,
        ConsolePin = 14,
        Pl011Function = PinFunction.Alternate0,
        MiniUartFunction = PinFunction.Alternate5,
        ConsoleSpeed = 115_200,
        Pl011Clock = 48_000_000,
        MiniUartClock = 500_000_000,
    };
}
