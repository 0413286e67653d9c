namespace SharpVisor.Drivers;

/// <summary>What a UART's divider must be for a speed.</summary>
public static class UartSpeed
{
    private const uint LargestMiniUartDivider = 0xffff;
    private const uint SmallestPl011Divider = 1 << 6;
    private const uint LargestPl011Divider = 0xffff << 6;

    /// <summary>AUX_MU_BAUD_REG (BCM2835 ARM Peripherals, 2.2.1): the speed is clock / (8 × (divider + 1)).</summary>
    /// <param name="clock">In Hz.</param>
    /// <param name="baud">Bits per second, not 0.</param>
    public static uint MiniUartDivider(uint clock, uint baud)
    {
        ulong divider = (clock + (4ul * baud)) / (8ul * baud);
        return divider == 0 ? 0 : System.Math.Min((uint)divider - 1, LargestMiniUartDivider);
    }

    /// <summary>UARTIBRD and, in the lowest six bits, UARTFBRD (Arm DDI 0183, 3.3.6): the speed is clock / (16 × divider / 64).</summary>
    /// <param name="clock">In Hz.</param>
    /// <param name="baud">Bits per second, not 0.</param>
    public static uint Pl011Divider(uint clock, uint baud)
    {
        ulong divider = ((4ul * clock) + (baud / 2)) / baud;
        return divider < SmallestPl011Divider ? SmallestPl011Divider : (uint)System.Math.Min(divider, LargestPl011Divider);
    }
}
