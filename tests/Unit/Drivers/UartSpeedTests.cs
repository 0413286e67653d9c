using System;
using CsCheck;
using SharpVisor.Drivers;
using Xunit;

namespace SharpVisor.Tests.Unit.Drivers;

/// <summary>Dividers of UARTs: the speed that they give is as near as it can be.</summary>
public class UartSpeedTests
{
    private static readonly Gen<uint> s_clock = Gen.UInt[1_000_000, 1_000_000_000];
    private static readonly Gen<uint> s_baud = Gen.OneOf(9600u, 57_600u, 115_200u, 921_600u);

    [Fact]
    public void A_Raspberry_Pi_3_at_its_default_clock_has_the_divider_of_its_manual() =>
        Assert.Equal(270u, UartSpeed.MiniUartDivider(250_000_000, 115_200));

    [Fact]
    public void A_PL011_at_48_MHz_has_the_divider_of_its_firmware() =>
        Assert.Equal((26u << 6) | 3, UartSpeed.Pl011Divider(48_000_000, 115_200)); // 26.04

    [Fact]
    public void The_divider_of_a_mini_UART_is_the_nearest_one()
    {
        Gen.Select(s_clock, s_baud).Sample((clock, baud) =>
        {
            double exact = (clock / (8.0 * baud)) - 1;
            double wanted = Math.Clamp(exact, 0, 65_535);
            return Math.Abs(UartSpeed.MiniUartDivider(clock, baud) - wanted) <= 0.5 + 1e-6;
        });
    }

    [Fact]
    public void The_divider_of_a_PL011_is_the_nearest_one()
    {
        Gen.Select(s_clock, s_baud).Sample((clock, baud) =>
        {
            double wanted = Math.Clamp(64 * (clock / (16.0 * baud)), 64, 65_535 * 64);
            return Math.Abs(UartSpeed.Pl011Divider(clock, baud) - wanted) <= 0.5 + 1e-6;
        });
    }
}
