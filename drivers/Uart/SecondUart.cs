using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>Finds a UART for the control channel, on boards that have one to spare.</summary>
public static class SecondUart
{
    /// <summary>The first UART in the tree that is enabled, is not the console's and has no chip at its other end (a node inside its own: Bluetooth).</summary>
    /// <param name="tree">The machine's device tree.</param>
    /// <param name="console">Node of the console's UART.</param>
    /// <param name="uart">Not set up yet, its interrupt not known: its registers must be mapped first.</param>
    /// <param name="node">Its node.</param>
    public static bool TryProbe(FdtReader tree, FdtNode console, out Uart? uart, out FdtNode node)
    {
        uart = null;
        for (bool more = tree.TryNext(tree.Root, out node); more; more = tree.TryNext(node, out node))
        {
            bool isLarge = tree.IsCompatible(node, "arm,pl011"u8);
            bool isUart = isLarge || tree.IsCompatible(node, MiniUart.Compatible);
            if (isUart && node.Offset != console.Offset && tree.IsEnabled(node) && !tree.TryFirstChild(node, out _)
                && (isLarge ? Pl011Uart.TryMake(tree, node, out uart) : MiniUart.TryMake(tree, node, out uart)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Sets it up where firmware has not, and lets received bytes interrupt.</summary>
    public static void Open(FdtReader tree, Uart uart)
    {
        if (Board.TryFind(tree, out Board board))
        {
            if (uart is MiniUart small)
            {
                small.SetUpIfNeeded(board.MiniUartClock, board.ConsoleSpeed);
            }
            else if (uart is Pl011Uart large)
            {
                large.SetUpIfNeeded(board.Pl011Clock, board.ConsoleSpeed);
            }
        }

        uart.EnableReceive();
    }
}
