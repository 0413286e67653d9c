using System;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>
/// Asks the VideoCore's firmware, which owns the clocks, the memory and the display of a Raspberry Pi (BCM2835 ARM
/// Peripherals does not tell; Raspberry Pi firmware wiki, "Mailboxes"). One question at a time, at start-up.
/// </summary>
public sealed unsafe class Mailbox
{
    private const ulong Read = 0x00;
    private const ulong Status = 0x18;
    private const ulong Write = 0x20;
    private const uint Full = 1u << 31;
    private const uint Empty = 1u << 30;
    private const uint ChannelMask = 15;
    private const uint PropertyChannel = 8;
    private const ulong BusAlias = 0xc000_0000; // where the VideoCore sees memory past its own cache
    private const ulong BusReach = 0x4000_0000;
    private const ulong Patience = 200; // milliseconds

    private const uint GetMemory = 0x0001_0005;
    private const uint GetClockRate = 0x0003_0002;

    private const int LineWords = 16;

    // Two aligned cache lines of words for the message, and room before and behind them, so that nothing else shares their lines.
    private const int MessageWords = 2 * LineWords;
    private readonly uint[] _room = new uint[MessageWords + (2 * LineWords)];
    private readonly ulong _base;

    private Mailbox(ulong address) => _base = address;

    /// <summary>Finds it in the device tree.</summary>
    public static bool TryProbe(FdtReader tree, out Mailbox? mailbox)
    {
        bool found = tree.TryFindCompatible(tree.Root, "brcm,bcm2835-mbox"u8, out FdtNode node);
        found &= tree.TryGetRegister(node, 0, out ulong address, out _);
        mailbox = found ? new Mailbox(address) : null;
        return found;
    }

    /// <summary>Rate of a clock in Hz, or what is assumed where the firmware does not say.</summary>
    public uint GetRate(VideoCoreClock clock, uint otherwise)
    {
        Span<uint> values = stackalloc uint[2];
        values[0] = (uint)clock;
        values[1] = 0;
        return TryAsk(GetClockRate, values) && values[1] != 0 ? values[1] : otherwise;
    }

    /// <summary>End of the memory from address 0 that is not the VideoCore's.</summary>
    public bool TryGetMemoryEnd(out ulong end)
    {
        Span<uint> values = stackalloc uint[2];
        values.Clear();
        bool known = TryAsk(GetMemory, values);
        end = (ulong)values[0] + values[1];
        return known && values[1] != 0;
    }

    /// <summary>Asks one question.</summary>
    /// <param name="tag">What is asked for.</param>
    /// <param name="values">What the question says; then what the answer does.</param>
    /// <returns>False where the firmware does not know the tag, or does not answer.</returns>
    internal bool TryAsk(uint tag, Span<uint> values)
    {
        Span<uint> message = Begin(out int length);
        PropertyMessage.Append(message, ref length, tag, values);
        return TryExchange(length) && PropertyMessage.TryFind(message, tag, values);
    }

    /// <summary>The message, for questions to be added to, then to be exchanged for the answers.</summary>
    internal Span<uint> Begin(out int length)
    {
        Span<uint> message = new Span<uint>(_room).Slice(FirstWord, MessageWords);
        length = PropertyMessage.Begin(message);
        return message;
    }

    /// <summary>Sends the message and waits until the answers stand in it. False where the firmware does not answer.</summary>
    internal bool TryExchange(int length)
    {
        ulong message = AddressOf(FirstWord);
        if (message >= BusReach)
        {
            return false; // the firmware's part of the chip cannot see it
        }

        PropertyMessage.End(new Span<uint>(_room).Slice(FirstWord, MessageWords), length);
        Native.CleanToCoherency(message, MessageWords * sizeof(uint));
        Deadline end = Deadline.After(Patience);
        while ((Mmio.Read32(_base + Status) & Full) != 0)
        {
            if (end.IsOver)
            {
                return false;
            }
        }

        uint sent = (uint)(message | BusAlias) | PropertyChannel;
        Mmio.Write32(_base + Write, sent);
        bool answered = TryAwait(sent, end);
        Native.CleanToCoherency(message, MessageWords * sizeof(uint)); // nothing of ours is dirty: what was read ahead goes
        return answered;
    }

    /// <summary>Where in the room a cache line begins.</summary>
    private int FirstWord
    {
        get
        {
            const ulong line = LineWords * sizeof(uint);
            return (int)((line - (AddressOf(0) & (line - 1))) / sizeof(uint)) % LineWords;
        }
    }

    private bool TryAwait(uint sent, Deadline end)
    {
        while (!end.IsOver)
        {
            if ((Mmio.Read32(_base + Status) & Empty) == 0)
            {
                uint received = Mmio.Read32(_base + Read);
                if ((received & ChannelMask) == PropertyChannel)
                {
                    return received == sent;
                }
            }
        }

        return false;
    }

    // Objects never move.
    private ulong AddressOf(int word) => (ulong)Unsafe.AsPointer(ref _room[word]);
}
