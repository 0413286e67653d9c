using SharpVisor.Arch;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>A physical PL011 (Arm DDI 0183), left at the speed that firmware gave it.</summary>
public sealed class Pl011Uart : Uart
{
    private const ulong Data = 0x00;
    private const ulong Flags = 0x18;
    private const ulong IntegerDivider = 0x24;
    private const ulong FractionalDivider = 0x28;
    private const ulong LineControl = 0x2c;
    private const ulong Control = 0x30;
    private const ulong FifoLevel = 0x34;
    private const ulong InterruptMask = 0x38;
    private const ulong InterruptClear = 0x44;
    private const ulong PeripheralId0 = 0xfe0;
    private const ulong PeripheralId1 = 0xfe4;
    private const ulong CellId0 = 0xff0;
    private const ulong CellId3 = 0xffc;
    private const uint TransmitFull = 1 << 5;
    private const uint ReceiveEmpty = 1 << 4;
    private const uint ReceiveInterrupts = (1 << 4) | (1 << 6);
    private const uint EnableUart = 1 << 0;
    private const uint EnableAll = EnableUart | (1 << 8) | (1 << 9);
    private const int FractionBits = 6;
    private const uint EightBitsFifo = (3 << 5) | (1 << 4);
    private const int TransmitPatience = 1_000_000;

    private readonly ulong _base;

    private Pl011Uart(ulong address)
        : base(address) => _base = address;

    /// <inheritdoc/>
    public override bool CanWrite => (Mmio.Read32(_base + Flags) & TransmitFull) == 0;

    private bool IsReceiveEmpty => (Mmio.Read32(_base + Flags) & ReceiveEmpty) != 0;

    /// <summary>Takes it for granted that there is one, to say in a last line why the machine cannot start.</summary>
    public static Pl011Uart Assume(ulong address) => new(address);

    /// <summary>Finds the first one in the device tree.</summary>
    internal static bool TryProbe(FdtReader tree, out Uart? uart, out FdtNode node)
    {
        uart = null;
        return tree.TryFindCompatible(tree.Root, "arm,pl011"u8, out node) && TryMake(tree, node, out uart);
    }

    /// <summary>Takes the one of a node.</summary>
    internal static bool TryMake(FdtReader tree, FdtNode node, out Uart? uart)
    {
        bool hasAddress = tree.TryGetRegister(node, 0, out ulong address, out _);
        uart = hasAddress ? new Pl011Uart(address) : null;
        return hasAddress;
    }

    /// <summary>Whether a PL011 answers at an address (PrimeCell identification, Arm DDI 0183, 3.3.14 and 3.3.15).</summary>
    public static bool IsAt(ulong address) =>
        (Mmio.Read32(address + PeripheralId0) & 0xff) == 0x11 && (Mmio.Read32(address + PeripheralId1) & 0xff) == 0x10
        && (Mmio.Read32(address + CellId0) & 0xff) == 0x0d && (Mmio.Read32(address + CellId3) & 0xff) == 0xb1;

    /// <summary>Sets its speed where firmware has not.</summary>
    /// <param name="clock">Its input clock in Hz, not 0.</param>
    /// <param name="baud">Bits per second.</param>
    internal void SetUpIfNeeded(uint clock, uint baud)
    {
        if ((Mmio.Read32(_base + Control) & EnableUart) != 0)
        {
            return;
        }

        uint divider = UartSpeed.Pl011Divider(clock, baud);
        Mmio.Write32(_base + IntegerDivider, divider >> FractionBits);
        Mmio.Write32(_base + FractionalDivider, divider & ((1 << FractionBits) - 1));
        Mmio.Write32(_base + LineControl, EightBitsFifo); // takes the dividers over
        Mmio.Write32(_base + Control, EnableAll);
    }

    /// <inheritdoc/>
    public override void EnableReceive()
    {
        Mmio.Write32(_base + LineControl, EightBitsFifo);
        Mmio.Write32(_base + FifoLevel, 0);
        Mmio.Write32(_base + Control, EnableAll);
        Mmio.Write32(_base + InterruptClear, 0x7ff);
        Mmio.Write32(_base + InterruptMask, ReceiveInterrupts);
    }

    /// <inheritdoc/>
    public override void SetReceiveInterrupt(bool enabled) => Mmio.Write32(_base + InterruptMask, enabled ? ReceiveInterrupts : 0);

    /// <inheritdoc/>
    public override bool TryRead(out byte value)
    {
        if (IsReceiveEmpty)
        {
            // A byte that comes just before this loses its interrupt here, and no later one need bring another: look again.
            Mmio.Write32(_base + InterruptClear, ReceiveInterrupts);
            if (IsReceiveEmpty)
            {
                value = 0;
                return false;
            }
        }

        value = (byte)Mmio.Read32(_base + Data);
        return true;
    }

    /// <inheritdoc/>
    public override void Write(byte value)
    {
        for (int i = 0; i < TransmitPatience && !CanWrite; i++)
        {
        }

        Mmio.Write32(_base + Data, value);
    }
}
