using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>A physical PL011 (Arm DDI 0183), left at the speed that firmware gave it.</summary>
public sealed class Pl011Uart : SerialLine
{
    private const ulong Data = 0x00;
    private const ulong Flags = 0x18;
    private const ulong LineControl = 0x2c;
    private const ulong Control = 0x30;
    private const ulong FifoLevel = 0x34;
    private const ulong InterruptMask = 0x38;
    private const ulong InterruptClear = 0x44;
    private const uint TransmitFull = 1 << 5;
    private const uint ReceiveEmpty = 1 << 4;
    private const uint ReceiveInterrupts = (1 << 4) | (1 << 6);
    private const uint EnableAll = (1 << 0) | (1 << 8) | (1 << 9);
    private const uint EightBitsFifo = (3 << 5) | (1 << 4);
    private const int TransmitPatience = 1_000_000;

    private readonly ulong _base;

    private Pl011Uart(ulong address, uint interrupt)
    {
        _base = address;
        Interrupt = interrupt;
    }

    /// <summary>INTID of its interrupt.</summary>
    public uint Interrupt { get; }

    /// <summary>Address of its registers.</summary>
    public ulong Address => _base;

    private bool IsReceiveEmpty => (Mmio.Read32(_base + Flags) & ReceiveEmpty) != 0;

    /// <summary>Takes it for granted that there is one, to say in a last line why the machine cannot start.</summary>
    public static Pl011Uart Assume(ulong address) => new(address, 0);

    /// <summary>Finds the UART that the device tree names for output, or the first one.</summary>
    public static bool TryProbe(FdtReader tree, out Pl011Uart? uart)
    {
        uart = null;
        if (!TryFindConsole(tree, out FdtNode node) && !tree.TryFindCompatible(tree.Root, "arm,pl011"u8, out node))
        {
            return false;
        }

        if (!tree.TryGetRegister(node, 0, out ulong address, out _))
        {
            return false;
        }

        // Where the interrupt is not a GIC's it can still write: enough to say that this board has no driver.
        DeviceInterrupt.TryGet(tree, node, out uint interrupt);

        uart = new Pl011Uart(address, interrupt);
        return true;
    }

    /// <summary>Lets received bytes interrupt.</summary>
    public void EnableReceive()
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
        for (int i = 0; i < TransmitPatience && (Mmio.Read32(_base + Flags) & TransmitFull) != 0; i++)
        {
        }

        Mmio.Write32(_base + Data, value);
    }

    private static bool TryFindConsole(FdtReader tree, out FdtNode node)
    {
        node = default;
        if (!tree.TryFindPath("/chosen"u8, out FdtNode chosen) || !tree.TryGetString(chosen, "stdout-path"u8, out System.ReadOnlySpan<byte> path))
        {
            return false;
        }

        int options = System.MemoryExtensions.IndexOf(path, (byte)':');
        return tree.TryFindPath(options < 0 ? path : path.Slice(0, options), out node) && tree.IsCompatible(node, "arm,pl011"u8);
    }
}
