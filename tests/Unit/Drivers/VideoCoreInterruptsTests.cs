using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Drivers;
using Xunit;

namespace SharpVisor.Tests.Unit.Drivers;

/// <summary>The numbers of a BCM2835's interrupts, against the tables of its manual.</summary>
public class VideoCoreInterruptsTests
{
    [Theory]
    [InlineData(2, 25, 89)] // the PL011: interrupt 57 of the manual
    [InlineData(1, 29, 61)] // the auxiliary devices: interrupt 29
    [InlineData(0, 1, 97)] // the mailbox: bit 1 of the basic register
    public void Specifiers_of_the_device_tree_have_their_INTID(uint bank, uint number, uint interrupt)
    {
        Assert.True(VideoCoreInterrupts.TryTranslate(Specifier(bank, number), out uint translated));
        Assert.Equal(interrupt, translated);
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(1, 32)]
    [InlineData(2, uint.MaxValue)]
    [InlineData(0, 8)]
    public void Specifiers_that_name_nothing_are_refused(uint bank, uint number) =>
        Assert.False(VideoCoreInterrupts.TryTranslate(Specifier(bank, number), out _));

    [Fact]
    public void A_truncated_specifier_is_refused() => Assert.False(VideoCoreInterrupts.TryTranslate(Specifier(1, 1).AsSpan(0, 7), out _));

    [Fact]
    public void Every_interrupt_has_a_bit_of_its_own_and_is_found_pending_by_it()
    {
        HashSet<(ulong, uint)> bits = [];
        foreach ((uint bank, uint number) in All())
        {
            Assert.True(VideoCoreInterrupts.TryTranslate(Specifier(bank, number), out uint interrupt));
            Assert.Equal(1u << (int)number, VideoCoreInterrupts.Bit(interrupt));
            Assert.Equal(VideoCoreInterrupts.EnableRegister(interrupt) + 12, VideoCoreInterrupts.DisableRegister(interrupt));
            Assert.True(bits.Add((VideoCoreInterrupts.EnableRegister(interrupt), VideoCoreInterrupts.Bit(interrupt))));
            uint bit = 1u << (int)number;
            Assert.Equal(interrupt, VideoCoreInterrupts.First(bank == 0 ? bit : 0, bank == 1 ? bit : 0, bank == 2 ? bit : 0));
        }

        Assert.Equal(72, bits.Count);
    }

    [Fact]
    public void Of_any_pending_registers_one_that_is_set_is_found()
    {
        Gen.Select(Gen.UInt, Gen.UInt, Gen.UInt).Sample((basic, bank1, bank2) =>
        {
            uint first = VideoCoreInterrupts.First(basic, bank1, bank2);
            uint[] registers = [basic & 0xff, bank1, bank2];
            if (registers.All(register => register == 0))
            {
                return first == 0;
            }

            (uint bank, uint number) = All().First(entry =>
                VideoCoreInterrupts.TryTranslate(Specifier(entry.Bank, entry.Number), out uint interrupt) && interrupt == first);
            return (registers[bank] >> (int)number & 1) == 1;
        });
    }

    private static IEnumerable<(uint Bank, uint Number)> All() =>
        from bank in Enumerable.Range(0, 3)
        from number in Enumerable.Range(0, bank == 0 ? 8 : 32)
        select ((uint)bank, (uint)number);

    private static byte[] Specifier(uint bank, uint number) =>
        [(byte)(bank >> 24), (byte)(bank >> 16), (byte)(bank >> 8), (byte)bank, (byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number];
}
