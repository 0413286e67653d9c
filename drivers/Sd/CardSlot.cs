using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>Finds the SD host that has the boot card of a known board.</summary>
public static class CardSlot
{
    private const uint UnknownClock = 250_000_000;

    /// <summary>The host, which nothing has been asked of yet.</summary>
    /// <param name="tree">The machine's device tree.</param>
    /// <param name="board">What else is known of the machine.</param>
    /// <param name="host">The host.</param>
    public static bool TryFind(FdtReader tree, in Board board, out SdHost? host)
    {
        host = null;
        if (tree.TryFindCompatible(tree.Root, "brcm,bcm2711-emmc2"u8, out FdtNode node) && tree.TryGetRegister(node, 0, out ulong address, out _))
        {
            host = new SdhciHost(address, Rate(tree, VideoCoreClock.Emmc2));
            return true;
        }

        // The card's pins lead to one host or the other.
        bool isOwn = GpioPins.TryProbe(tree, out GpioPins pins) && pins.GetFunction(board.CardPin) == board.SdHostFunction;
        if (isOwn && tree.TryFindCompatible(tree.Root, "brcm,bcm2835-sdhost"u8, out node) && tree.TryGetRegister(node, 0, out address, out _))
        {
            host = new Bcm2835SdHost(address, Rate(tree, VideoCoreClock.Core));
            return true;
        }

        if (tree.TryFindCompatible(tree.Root, "brcm,bcm2835-sdhci"u8, out node) && tree.TryGetRegister(node, 0, out address, out _))
        {
            host = new SdhciHost(address, Rate(tree, VideoCoreClock.Emmc));
            return true;
        }

        return false;
    }

    private static uint Rate(FdtReader tree, VideoCoreClock clock) =>
        Mailbox.TryProbe(tree, out Mailbox? mailbox) ? mailbox!.GetRate(clock, UnknownClock) : UnknownClock;
}
