using System;
using SharpVisor.Arch;

namespace SharpVisor.Drivers;

/// <summary>
/// An SD host after the SD Host Controller Simplified Specification 3.0: the Arasan one of a BCM2837 and the EMMC2 of a
/// BCM2711. All accesses are of 32 bits, which the Arasan one wants. Data goes through the processor.
/// </summary>
internal sealed class SdhciHost : SdHost
{
    private const ulong BlockSizeAndCount = 0x04;
    private const ulong Argument = 0x08;
    private const ulong ModeAndCommand = 0x0c;
    private const ulong FirstResponse = 0x10;
    private const ulong Data = 0x20;
    private const ulong PresentState = 0x24;
    private const ulong HostControl = 0x28;
    private const ulong ClockAndReset = 0x2c;
    private const ulong InterruptStatus = 0x30;
    private const ulong InterruptStatusEnable = 0x34;
    private const ulong InterruptSignalEnable = 0x38;

    // Transfer mode and command.
    private const uint CountBlocks = 1 << 1;
    private const uint StopAfterwards = 1 << 2;
    private const uint FromCard = 1 << 4;
    private const uint ManyBlocks = 1 << 5;
    private const uint LongResponse = 1 << 16;
    private const uint ShortResponse = 2 << 16;
    private const uint ShortBusyResponse = 3 << 16;
    private const uint CheckCrc = 1 << 19;
    private const uint CheckIndex = 1 << 20;
    private const uint HasData = 1 << 21;
    private const int CommandShift = 24;

    // Present state.
    private const uint CommandInhibit = 1 << 0;
    private const uint DataInhibit = 1 << 1;

    // Host control.
    private const uint FourBits = 1 << 1;
    private const uint Power = 0xf << 8; // 3.3 V, on

    // Clock control and resets.
    private const uint InternalClock = 1 << 0;
    private const uint ClockIsStable = 1 << 1;
    private const uint CardClock = 1 << 2;
    private const uint LongestTimeout = 0xe << 16;
    private const uint ResetAll = 1 << 24;
    private const uint ResetCommand = 1 << 25;
    private const uint ResetData = 1 << 26;
    private const uint LargestDivider = 0x3ff;

    // Interrupt status.
    private const uint CommandDone = 1 << 0;
    private const uint TransferDone = 1 << 1;
    private const uint DataReady = 1 << 5;
    private const uint Error = 1 << 15;
    private const uint AllStatus = 0xffff_ffff;

    private const uint BlockSize = 512;
    private const int BlockWords = (int)BlockSize / sizeof(uint);
    private const uint SlowRate = 400_000;
    private const uint ReadSingleBlock = 17;
    private const uint ReadManyBlocks = 18;
    private const ulong CommandPatience = 1000; // milliseconds
    private const ulong ResetPatience = 100;

    private readonly uint _clock;

    /// <summary>Takes one.</summary>
    /// <param name="address">Its registers.</param>
    /// <param name="clock">Its input clock in Hz.</param>
    internal SdhciHost(ulong address, uint clock)
        : base(address) => _clock = clock;

    /// <inheritdoc/>
    internal override bool TryReset()
    {
        if (!TryResetParts(ResetAll))
        {
            return false;
        }

        Write(HostControl, Power);
        Write(InterruptStatusEnable, AllStatus);
        Write(InterruptSignalEnable, 0);
        return TrySetClock(SlowRate);
    }

    /// <inheritdoc/>
    internal override bool TrySetBus(uint rate, bool isFourBitsWide)
    {
        Write(HostControl, Power | (isFourBitsWide ? FourBits : 0));
        return TrySetClock(rate);
    }

    /// <inheritdoc/>
    internal override bool TrySend(uint command, uint argument, SdResponse response)
    {
        uint kind = response switch
        {
            SdResponse.None => 0,
            SdResponse.Short => ShortResponse | CheckCrc | CheckIndex,
            SdResponse.ShortBusy => ShortBusyResponse | CheckCrc | CheckIndex,
            SdResponse.ShortUnchecked => ShortResponse,
            _ => LongResponse | CheckCrc,
        };
        bool done = TryIssue((command << CommandShift) | kind, argument) && (response != SdResponse.ShortBusy || TryAwait(TransferDone));
        if (!done)
        {
            Recover();
            return false;
        }

        for (int i = 0; i < Response.Length; i++)
        {
            Response[3 - i] = Read(FirstResponse + ((ulong)i * sizeof(uint)));
        }

        return true;
    }

    /// <inheritdoc/>
    internal override bool TryRead(uint argument, Span<uint> destination)
    {
        uint blocks = (uint)(destination.Length / BlockWords);
        uint mode = FromCard | CountBlocks | (blocks > 1 ? ManyBlocks | StopAfterwards : 0);
        uint command = (blocks > 1 ? ReadManyBlocks : ReadSingleBlock) << CommandShift;
        Write(BlockSizeAndCount, (blocks << 16) | BlockSize);
        bool done = TryIssue(command | ShortResponse | CheckCrc | CheckIndex | HasData | mode, argument);
        while (done && !destination.IsEmpty)
        {
            done = TryAwait(DataReady);
            for (int i = 0; done && i < BlockWords; i++)
            {
                destination[i] = Read(Data);
            }

            destination = destination.Slice(BlockWords);
        }

        if (done && TryAwait(TransferDone))
        {
            return true;
        }

        Recover();
        return false;
    }

    /// <summary>Sends what stands in the registers, and waits for the answer.</summary>
    private bool TryIssue(uint modeAndCommand, uint argument)
    {
        Deadline end = Deadline.After(CommandPatience);
        while ((Read(PresentState) & (CommandInhibit | DataInhibit)) != 0)
        {
            if (end.IsOver)
            {
                return false;
            }
        }

        Write(InterruptStatus, AllStatus);
        Write(Argument, argument);
        Write(ModeAndCommand, modeAndCommand);
        return TryAwait(CommandDone);
    }

    /// <summary>Waits for something and takes note of it. False where there was an error, or nothing.</summary>
    private bool TryAwait(uint what)
    {
        Deadline end = Deadline.After(CommandPatience);
        while (true)
        {
            uint status = Read(InterruptStatus);
            if ((status & Error) != 0)
            {
                return false;
            }

            if ((status & what) != 0)
            {
                Write(InterruptStatus, what);
                return true;
            }

            if (end.IsOver)
            {
                return false;
            }
        }
    }

    private void Recover()
    {
        TryResetParts(ResetCommand | ResetData);
        Write(InterruptStatus, AllStatus);
    }

    private bool TryResetParts(uint parts)
    {
        Write(ClockAndReset, Read(ClockAndReset) | parts);
        Deadline end = Deadline.After(ResetPatience);
        while ((Read(ClockAndReset) & parts) != 0)
        {
            if (end.IsOver)
            {
                return false;
            }
        }

        return true;
    }

    private bool TrySetClock(uint rate)
    {
        uint divider = Math.Min((_clock + (2 * rate) - 1) / (2 * rate), LargestDivider);
        uint control = LongestTimeout | InternalClock | ((divider & 0xff) << 8) | ((divider >> 8) << 6);
        Write(ClockAndReset, control);
        Deadline end = Deadline.After(ResetPatience);
        while ((Read(ClockAndReset) & ClockIsStable) == 0)
        {
            if (end.IsOver)
            {
                return false;
            }
        }

        Write(ClockAndReset, control | CardClock);
        return true;
    }

    private uint Read(ulong register) => Mmio.Read32(Address + register);

    private void Write(ulong register, uint value) => Mmio.Write32(Address + register, value);
}
