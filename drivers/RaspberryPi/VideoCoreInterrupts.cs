using System;
using System.Buffers.Binary;
using System.Numerics;

namespace SharpVisor.Drivers;

/// <summary>
/// Numbers of the interrupts that the BCM2835's own controller collects (BCM2835 ARM Peripherals, chapter 7): three banks
/// of registers, which here follow each other as INTIDs from <see cref="InterruptController.FirstShared"/> on, bank 1 first.
/// </summary>
public static class VideoCoreInterrupts
{
    /// <summary>INTIDs from here on are none of these.</summary>
    public const uint End = FirstBasic + 8;

    private const uint FirstShared = InterruptController.FirstShared;
    private const uint FirstBasic = FirstShared + 64;
    private const uint PerBank = 32;
    private const uint BasicMask = 0xff; // above: the other banks' summary, and copies of some of their bits

    // Offsets from the controller's first register.
    private const ulong EnableBank1 = 0x10;
    private const ulong EnableBank2 = 0x14;
    private const ulong EnableBasic = 0x18;
    private const ulong DisableBank1 = 0x1c;
    private const ulong DisableBank2 = 0x20;
    private const ulong DisableBasic = 0x24;

    /// <summary>INTID of an entry of an <c>interrupts</c> property: bank (0: basic) and number (Linux bindings, brcm,bcm2835-armctrl-ic).</summary>
    public static bool TryTranslate(ReadOnlySpan<byte> specifier, out uint interrupt)
    {
        interrupt = 0;
        if (specifier.Length < 8)
        {
            return false;
        }

        uint bank = BinaryPrimitives.ReadUInt32BigEndian(specifier);
        uint number = BinaryPrimitives.ReadUInt32BigEndian(specifier.Slice(4));
        if (bank > 2 || number >= (bank == 0 ? End - FirstBasic : PerBank))
        {
            return false;
        }

        interrupt = number + (bank == 0 ? FirstBasic : FirstShared + ((bank - 1) * PerBank));
        return true;
    }

    /// <summary>Where a bit lets an interrupt through.</summary>
    public static ulong EnableRegister(uint interrupt) => interrupt switch
    {
        < FirstShared + PerBank => EnableBank1,
        < FirstBasic => EnableBank2,
        _ => EnableBasic,
    };

    /// <summary>Where the same bit keeps it out.</summary>
    public static ulong DisableRegister(uint interrupt) => interrupt switch
    {
        < FirstShared + PerBank => DisableBank1,
        < FirstBasic => DisableBank2,
        _ => DisableBasic,
    };

    /// <summary>Its bit in either.</summary>
    public static uint Bit(uint interrupt) => 1u << (int)(interrupt & 31);

    /// <summary>The first interrupt in the three pending registers, or 0.</summary>
    public static uint First(uint basic, uint bank1, uint bank2)
    {
        if ((basic & BasicMask) != 0)
        {
            return FirstBasic + (uint)BitOperations.TrailingZeroCount(basic & BasicMask);
        }

        if (bank1 != 0)
        {
            return FirstShared + (uint)BitOperations.TrailingZeroCount(bank1);
        }

        return bank2 != 0 ? FirstShared + PerBank + (uint)BitOperations.TrailingZeroCount(bank2) : 0;
    }
}
