using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>Finds the SD hosts that may have the boot card of a known board.</summary>
public static class CardSlot
{
    /// <summary>Most hosts that are worth a try.</summary>
    public const int MaximumHosts = 2;

    private const uint UnknownClock = 250_000_000;

    /// <summary>Finds hosts, the likeliest first. Nothing has been asked of them yet.</summary>
    /// <param name="tree">The machine's device tree.</param>
    /// <param name="board">What else is known of the machine.</param>
    /// <param name="hosts">Room for <see cref="MaximumHosts"/>.</param>
    /// <returns>How many there are.</returns>
    public static int Find(FdtReader tree, in Board board, SdHost?[] hosts)
    {
        int count = 0;
        if (TryGetAddress(tree, "brcm,bcm2711-emmc2"u8, out ulong address))
        {
            hosts[count++] = new SdhciHost(address, Rate(tree, VideoCoreClock.Emmc2));
        }
        else if (GpioPins.TryProbe(tree, out GpioPins pins) && pins.GetFunction(board.CardPin) == board.SdHostFunction
            && TryGetAddress(tree, "brcm,bcm2835-sdhost"u8, out address))
        {
            // The card's pins lead to one host or the other.
            hosts[count++] = new Bcm2835SdHost(address, Rate(tree, VideoCoreClock.Core));
            return count;
        }

        if (TryGetAddress(tree, "brcm,bcm2835-sdhci"u8, out address))
        {
            hosts[count++] = new SdhciHost(address, Rate(tree, VideoCoreClock.Emmc));
        }

        return count;
    }

    private static bool TryGetAddress(FdtReader tree, System.ReadOnlySpan<byte> compatible, out ulong address)
    {
        address = 0;
        return tree.TryFindCompatible(tree.Root, compatible, out FdtNode node) && tree.TryGetRegister(node, 0, out address, out _);
    }

    private static uint Rate(FdtReader tree, VideoCoreClock clock) =>
        Mailbox.TryProbe(tree, out Mailbox? mailbox) ? mailbox!.GetRate(clock, UnknownClock) : UnknownClock;
}
