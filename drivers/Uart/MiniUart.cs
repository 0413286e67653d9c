using SharpVisor.Arch;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>The small UART of a Raspberry Pi (BCM2835 ARM Peripherals, 2.2, with its errata), left at the speed that firmware gave it.</summary>
public sealed class MiniUart : Uart
{
    private const ulong Data = 0x00;
    private const ulong InterruptEnable = 0x04;
    private const ulong FifoControl = 0x08;
    private const ulong LineControl = 0x0c;
    private const ulong LineStatus = 0x14;
    private const ulong Control = 0x20;
    private const ulong BaudRate = 0x28;
    private const ulong EnablesBelow = 0x3c; // AUX_ENABLES lies that far below the UART's own registers
    private const uint EnableUart = 1;
    private const uint ReceiveInterrupt = 1; // the manual has bits 0 and 1 the wrong way round
    private const uint ClearFifos = 6;
    private const uint EightBits = 3; // the manual says that bit 1 is reserved
    private const uint ReceiverAndTransmitter = 3;
    private const uint HasData = 1 << 0;
    private const uint HasRoom = 1 << 5;
    private const int TransmitPatience = 1_000_000;

    /// <summary>What its node is compatible with.</summary>
    internal static System.ReadOnlySpan<byte> Compatible => "brcm,bcm2835-aux-uart"u8;

    private MiniUart(ulong address)
        : base(address)
    {
    }

    /// <inheritdoc/>
    public override bool CanWrite => (Mmio.Read32(Address + LineStatus) & HasRoom) != 0;

    /// <summary>Finds it in the device tree.</summary>
    internal static bool TryProbe(FdtReader tree, out Uart? uart, out FdtNode node)
    {
        uart = null;
        return tree.TryFindCompatible(tree.Root, Compatible, out node) && TryMake(tree, node, out uart);
    }

    /// <summary>Takes the one of a node.</summary>
    internal static bool TryMake(FdtReader tree, FdtNode node, out Uart? uart)
    {
        bool hasAddress = tree.TryGetRegister(node, 0, out ulong address, out _);
        uart = hasAddress ? new MiniUart(address) : null;
        return hasAddress;
    }

    /// <summary>Sets it up where firmware has not.</summary>
    /// <param name="clock">VideoCore's core clock in Hz, not 0: the UART's speed follows it.</param>
    /// <param name="baud">Bits per second.</param>
    internal void SetUpIfNeeded(uint clock, uint baud)
    {
        ulong enables = Address - EnablesBelow;
        uint enabled = Mmio.Read32(enables);
        if ((enabled & EnableUart) != 0 && (Mmio.Read32(Address + Control) & ReceiverAndTransmitter) == ReceiverAndTransmitter)
        {
            return;
        }

        Mmio.Write32(enables, enabled | EnableUart);
        Mmio.Write32(Address + Control, 0);
        Mmio.Write32(Address + InterruptEnable, 0);
        Mmio.Write32(Address + LineControl, EightBits);
        Mmio.Write32(Address + FifoControl, ClearFifos);
        Mmio.Write32(Address + BaudRate, UartSpeed.MiniUartDivider(clock, baud));
        Mmio.Write32(Address + Control, ReceiverAndTransmitter);
    }

    /// <inheritdoc/>
    public override void EnableReceive() => SetReceiveInterrupt(true);

    /// <inheritdoc/>
    public override void SetReceiveInterrupt(bool enabled) => Mmio.Write32(Address + InterruptEnable, enabled ? ReceiveInterrupt : 0);

    /// <inheritdoc/>
    public override bool TryRead(out byte value)
    {
        bool hasData = (Mmio.Read32(Address + LineStatus) & HasData) != 0;
        value = hasData ? (byte)Mmio.Read32(Address + Data) : (byte)0;
        return hasData;
    }

    /// <inheritdoc/>
    public override void Write(byte value)
    {
        for (int i = 0; i < TransmitPatience && !CanWrite; i++)
        {
        }

        Mmio.Write32(Address + Data, value);
    }
}
