using System;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>What there is to know about a board beside its device tree. Each known one has a file of its own.</summary>
public ref struct Board
{
    /// <summary>An entry of the <c>compatible</c> list of the tree's root by which it is known.</summary>
    public ReadOnlySpan<byte> Compatible { get; internal set; }

    /// <summary>GPIO pin on the header on which the console's UART transmits; the next one receives.</summary>
    public int ConsolePin { get; internal set; }

    /// <summary>Function of these pins that makes them the PL011's.</summary>
    public PinFunction Pl011Function { get; internal set; }

    /// <summary>Function of these pins that makes them the mini-UART's.</summary>
    public PinFunction MiniUartFunction { get; internal set; }

    /// <summary>Speed of the console in bits per second, where firmware has not set it.</summary>
    public uint ConsoleSpeed { get; internal set; }

    /// <summary>Input clock of the PL011 in Hz, where firmware does not say.</summary>
    public uint Pl011Clock { get; internal set; }

    /// <summary>Input clock of the mini-UART in Hz, where firmware does not say.</summary>
    public uint MiniUartClock { get; internal set; }

    /// <summary>GPIO pin of the card's clock; the other five of the card follow it.</summary>
    public int CardPin { get; internal set; }

    /// <summary>Function of this pin that makes it the BCM2835 SD host's; with any other it is the Arasan host's.</summary>
    public PinFunction SdHostFunction { get; internal set; }

    /// <summary>The board that a tree describes; false where it is none of these: then its tree says all.</summary>
    public static bool TryFind(FdtReader tree, out Board board)
    {
        board = RaspberryPi3.Description;
        if (tree.IsCompatible(tree.Root, board.Compatible))
        {
            return true;
        }

        board = RaspberryPi4.Description;
        return tree.IsCompatible(tree.Root, board.Compatible);
    }
}
