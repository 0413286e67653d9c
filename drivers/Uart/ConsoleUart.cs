using System;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>Finds the UART for the hypervisor's console.</summary>
public static class ConsoleUart
{
    // Where the first PL011 is on QEMU's virt machine, a Raspberry Pi 3 and a Raspberry Pi 4. Each has memory or nothing
    // that minds being read where an earlier one has its UART.
    private const ulong OnVirt = 0x0900_0000;
    private const ulong OnRaspberryPi3 = 0x3f20_1000;
    private const ulong OnRaspberryPi4 = 0xfe20_1000;

    /// <summary>One to say in a last line why the machine cannot start, where no device tree tells.</summary>
    public static Uart Guess() =>
        Pl011Uart.Assume(Pl011Uart.IsAt(OnVirt) ? OnVirt : Pl011Uart.IsAt(OnRaspberryPi3) ? OnRaspberryPi3 : OnRaspberryPi4);

    /// <summary>
    /// The UART that is connected to the board's header, where the board is known; else the one that the device tree names
    /// for output; else the first PL011.
    /// </summary>
    /// <param name="tree">The machine's device tree.</param>
    /// <param name="uart">Able to write; its interrupt is not known yet.</param>
    /// <param name="node">Its node.</param>
    public static bool TryProbe(FdtReader tree, out Uart? uart, out FdtNode node)
    {
        if (Board.TryFind(tree, out Board board))
        {
            return TryProbeHeader(tree, board, out uart, out node);
        }

        return TryFindOutput(tree, out node) ? Pl011Uart.TryMake(tree, node, out uart) : Pl011Uart.TryProbe(tree, out uart, out node);
    }

    /// <summary>
    /// A Raspberry Pi's firmware connects one of two UARTs to the header (the other serves Bluetooth), whatever the tree
    /// names for output. Where it connected neither, the PL011 is.
    /// </summary>
    private static bool TryProbeHeader(FdtReader tree, in Board board, out Uart? uart, out FdtNode node)
    {
        bool hasPins = GpioPins.TryProbe(tree, out GpioPins pins);
        if (hasPins && pins.GetFunction(board.ConsolePin) == board.MiniUartFunction && MiniUart.TryProbe(tree, out uart, out node))
        {
            ((MiniUart)uart!).SetUpIfNeeded(Rate(tree, VideoCoreClock.Core, board.MiniUartClock), board.ConsoleSpeed);
            return true;
        }

        if (!Pl011Uart.TryProbe(tree, out uart, out node))
        {
            return false;
        }

        ((Pl011Uart)uart!).SetUpIfNeeded(Rate(tree, VideoCoreClock.Uart, board.Pl011Clock), board.ConsoleSpeed);
        if (hasPins)
        {
            pins.SetFunction(board.ConsolePin, board.Pl011Function);
            pins.SetFunction(board.ConsolePin + 1, board.Pl011Function);
        }

        return true;
    }

    private static uint Rate(FdtReader tree, VideoCoreClock clock, uint otherwise) =>
        Mailbox.TryProbe(tree, out Mailbox? mailbox) ? mailbox!.GetRate(clock, otherwise) : otherwise;

    /// <summary>What <c>/chosen/stdout-path</c> names, if it is a PL011: a path, or an alias for one, and options behind a colon.</summary>
    private static bool TryFindOutput(FdtReader tree, out FdtNode node)
    {
        node = default;
        if (!tree.TryFindPath("/chosen"u8, out FdtNode chosen) || !tree.TryGetString(chosen, "stdout-path"u8, out ReadOnlySpan<byte> path))
        {
            return false;
        }

        int options = path.IndexOf((byte)':');
        path = options < 0 ? path : path.Slice(0, options);
        if (!path.StartsWith("/"u8)
            && (!tree.TryFindPath("/aliases"u8, out FdtNode aliases) || !tree.TryGetString(aliases, path, out path)))
        {
            return false;
        }

        return tree.TryFindPath(path, out node) && tree.IsCompatible(node, "arm,pl011"u8);
    }
}
