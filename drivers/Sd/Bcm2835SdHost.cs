using System;
using SharpVisor.Arch;

namespace SharpVisor.Drivers;

/// <summary>
/// The BCM2835's own SD host, which a Raspberry Pi 3's firmware gives the card. No public manual describes it: registers as
/// in Linux's bindings and driver for brcm,bcm2835-sdhost. Data goes through the processor.
/// </summary>
internal sealed class Bcm2835SdHost : SdHost
{
    private const ulong CommandRegister = 0x00;
    private const ulong Argument = 0x04;
    private const ulong Timeout = 0x08;
    private const ulong ClockDivider = 0x0c;
    private const ulong FirstResponse = 0x10;
    private const ulong Status = 0x20;
    private const ulong PowerRegister = 0x30;
    private const ulong Debug = 0x34;
    private const ulong Configuration = 0x38;
    private const ulong ByteCount = 0x3c;
    private const ulong Data = 0x40;
    private const ulong BlockCount = 0x50;

    // Command.
    private const uint IsNew = 1 << 15;
    private const uint HasFailed = 1 << 14;
    private const uint WaitWhileBusy = 1 << 11;
    private const uint NoResponse = 1 << 10;
    private const uint LongResponse = 1 << 9;
    private const uint FromCard = 1 << 6;

    // Status: each bit is cleared by writing it.
    private const uint AllStatus = 0x7f8;
    private const uint NoLongerBusy = 1 << 10;
    private const uint DataErrors = (1 << 3) | (1 << 5) | (1 << 7); // FIFO, checksum, timeout

    // Configuration.
    private const uint BusyInterrupt = 1 << 10;
    private const uint SlowCard = 1 << 3;
    private const uint FourBits = 1 << 2;
    private const uint WideInternalBus = 1 << 1;

    // Debug: the state of the data machine, and words in the FIFO.
    private const uint StateMask = 0xf;
    private const uint StateData = 1;
    private const uint StateReadWait = 4;
    private const uint ForceDataState = 1 << 19;
    private const int FifoShift = 4;
    private const uint FifoMask = 0x1f;
    private const uint ThresholdsMask = (0x1f << 9) | (0x1f << 14);
    private const uint Thresholds = (4 << 9) | (4 << 14);

    private const uint LongestTimeout = 0x00f0_0000;
    private const uint LargestDivider = 0x7ff;
    private const uint BlockSize = 512;
    private const int BlockWords = (int)BlockSize / sizeof(uint);
    private const uint SlowRate = 400_000;
    private const uint StopTransmission = 12;
    private const uint ReadSingleBlock = 17;
    private const uint ReadManyBlocks = 18;
    private const ulong CommandPatience = 1000; // milliseconds
    private const ulong PowerPause = 20;

    private readonly uint _clock;

    /// <summary>Takes one.</summary>
    /// <param name="address">Its registers.</param>
    /// <param name="clock">VideoCore's core clock in Hz, which is its input.</param>
    internal Bcm2835SdHost(ulong address, uint clock)
        : base(address) => _clock = clock;

    /// <inheritdoc/>
    internal override bool TryReset()
    {
        Write(PowerRegister, 0);
        Write(CommandRegister, 0);
        Write(Argument, 0);
        Write(Timeout, LongestTimeout);
        Write(ClockDivider, 0);
        Write(Status, AllStatus);
        Write(Configuration, 0);
        Write(ByteCount, 0);
        Write(BlockCount, 0);
        Write(Debug, (Read(Debug) & ~ThresholdsMask) | Thresholds);
        Deadline.Wait(PowerPause);
        Write(PowerRegister, 1);
        Deadline.Wait(PowerPause);
        return TrySetBus(SlowRate, isFourBitsWide: false);
    }

    /// <inheritdoc/>
    internal override bool TrySetBus(uint rate, bool isFourBitsWide)
    {
        uint divider = Math.Max((_clock + rate - 1) / rate, 2) - 2;
        Write(ClockDivider, Math.Min(divider, LargestDivider));
        Write(Configuration, BusyInterrupt | WideInternalBus | SlowCard | (isFourBitsWide ? FourBits : 0));
        return true;
    }

    /// <inheritdoc/>
    internal override bool TrySend(uint command, uint argument, SdResponse response)
    {
        uint kind = response switch
        {
            SdResponse.None => NoResponse,
            SdResponse.ShortBusy => WaitWhileBusy,
            SdResponse.Long => LongResponse,
            _ => 0,
        };
        if (!TryIssue(command | kind, argument, response != SdResponse.ShortUnchecked)
            || (response == SdResponse.ShortBusy && !TryAwaitIdle()))
        {
            return false;
        }

        TakeResponse(response == SdResponse.Long);
        return true;
    }

    /// <inheritdoc/>
    internal override bool TryRead(uint argument, Span<uint> destination)
    {
        uint blocks = (uint)(destination.Length / BlockWords);
        Write(ByteCount, BlockSize);
        Write(BlockCount, blocks);
        bool done = TryIssue((blocks > 1 ? ReadManyBlocks : ReadSingleBlock) | FromCard, argument, isChecked: true) && TryTakeData(destination);
        Settle();
        bool stopped = blocks == 1 || TrySend(StopTransmission, 0, SdResponse.ShortBusy);
        return done && stopped;
    }

    /// <summary>Empties the FIFO as it fills.</summary>
    private bool TryTakeData(Span<uint> destination)
    {
        Deadline end = Deadline.After(CommandPatience);
        while (!destination.IsEmpty)
        {
            int ready = (int)Math.Min(Read(Debug) >> FifoShift & FifoMask, (uint)destination.Length);
            for (int i = 0; i < ready; i++)
            {
                destination[i] = Read(Data);
            }

            destination = destination.Slice(ready);
            if (ready != 0)
            {
                end = Deadline.After(CommandPatience);
            }
            else if ((Read(Status) & DataErrors) != 0 || end.IsOver)
            {
                return false;
            }
        }

        return (Read(Status) & DataErrors) == 0;
    }

    /// <summary>Brings the data machine, which may wait for more, back to where it takes commands.</summary>
    private void Settle()
    {
        Deadline end = Deadline.After(CommandPatience);
        while (!end.IsOver)
        {
            uint debug = Read(Debug);
            if ((debug & StateMask) <= StateData)
            {
                return;
            }

            if ((debug & StateMask) == StateReadWait)
            {
                Write(Debug, debug | ForceDataState);
                return;
            }
        }
    }

    private bool TryIssue(uint command, uint argument, bool isChecked)
    {
        if (!TryAwaitSent())
        {
            return false;
        }

        Write(Status, AllStatus);
        Write(Argument, argument);
        Write(CommandRegister, command | IsNew);

        // An answer without a checksum fails by its checksum: that it came is known by its not being a timeout.
        const uint timeout = 1 << 6;
        return TryAwaitSent() && ((Read(CommandRegister) & HasFailed) == 0 || (!isChecked && (Read(Status) & timeout) == 0));
    }

    private bool TryAwaitSent()
    {
        Deadline end = Deadline.After(CommandPatience);
        while ((Read(CommandRegister) & IsNew) != 0)
        {
            if (end.IsOver)
            {
                return false;
            }
        }

        return true;
    }

    private bool TryAwaitIdle()
    {
        Deadline end = Deadline.After(CommandPatience);
        while ((Read(Status) & NoLongerBusy) == 0)
        {
            if (end.IsOver)
            {
                return false;
            }
        }

        Write(Status, NoLongerBusy);
        return true;
    }

    /// <summary>A long response stands there with its checksum, a byte that other hosts leave out.</summary>
    private void TakeResponse(bool isLong)
    {
        uint higher = 0;
        for (int i = 0; i < Response.Length; i++)
        {
            uint word = Read(FirstResponse + ((ulong)(3 - i) * sizeof(uint)));
            Response[i] = isLong ? (word >> 8) | (higher << 24) : word;
            higher = word;
        }
    }

    private uint Read(ulong register) => Mmio.Read32(Address + register);

    private void Write(ulong register, uint value) => Mmio.Write32(Address + register, value);
}
