using System;
using System.Runtime.InteropServices;
using SharpVisor.Storage;

namespace SharpVisor.Drivers;

/// <summary>
/// An SD card (SD Physical Layer Simplified Specification, chapter 4): brought from power-on to its transfer state, then
/// read. The processor waits meanwhile.
/// </summary>
public sealed class SdCard : SectorSource
{
    // Commands, and with A those behind APP_CMD.
    private const uint GoIdle = 0;
    private const uint AllSendCid = 2;
    private const uint SendRelativeAddress = 3;
    private const uint SetBusWidth = 6; // A
    private const uint SelectCard = 7;
    private const uint SendInterfaceCondition = 8;
    private const uint SendCsd = 9;
    private const uint StopTransmission = 12;
    private const uint SetBlockLength = 16;
    private const uint SendOperatingCondition = 41; // A
    private const uint ApplicationCommand = 55;

    private const uint CheckPattern = 0x1aa; // 2.7 to 3.6 V, and a pattern that comes back
    private const uint CheckPatternMask = 0xfff;
    private const uint VoltageWindow = 0x00ff_8000;
    private const uint HighCapacity = 1u << 30;
    private const uint IsPoweredUp = 1u << 31;
    private const uint FourBits = 2;
    private const uint FullRate = 25_000_000;
    private const uint AddressMask = 0xffff_0000;
    private const ulong PowerUpPatience = 1500; // milliseconds: 1 s by the specification
    private const int Attempts = 3;
    private const ulong LargestRead = 1024; // sectors: hosts count to 65535, and an error costs no more than this

    private readonly SdHost _host;
    private ulong _sectorCount;
    private bool _countsSectors;

    /// <summary>Takes the card of a host, of which nothing is known yet.</summary>
    public SdCard(SdHost host) => _host = host;

    /// <inheritdoc/>
    public override ulong SectorCount => _sectorCount;

    /// <summary>Brings the card to where it can be read.</summary>
    /// <param name="problem">What went wrong, in words.</param>
    public bool TryStart(out ReadOnlySpan<byte> problem)
    {
        problem = "the SD host does not react"u8;
        if (!_host.TryReset())
        {
            return false;
        }

        Deadline.Wait(2); // 74 clocks before the first command
        _host.TrySend(GoIdle, 0, SdResponse.None);
        bool isVersion2 = _host.TrySend(SendInterfaceCondition, CheckPattern, SdResponse.Short) && (_host.Response[3] & CheckPatternMask) == CheckPattern;
        problem = "there is no card, or it does not answer"u8;
        if (!TryPowerUp(isVersion2))
        {
            return false;
        }

        problem = "the card does not say what it is"u8;
        if (!TryIdentify(out uint address))
        {
            return false;
        }

        problem = "the card cannot be selected"u8;
        return _host.TrySend(SelectCard, address, SdResponse.ShortBusy)
            && TryApplicationCommand(SetBusWidth, FourBits, address, SdResponse.Short)
            && _host.TrySend(SetBlockLength, SectorSize, SdResponse.Short)
            && _host.TrySetBus(FullRate, isFourBitsWide: true);
    }

    /// <inheritdoc/>
    public override bool TryRead(ulong sector, Span<byte> destination)
    {
        ulong count = (ulong)destination.Length / SectorSize;
        if (sector >= _sectorCount || count > _sectorCount - sector)
        {
            return false;
        }

        while (!destination.IsEmpty)
        {
            int length = (int)Math.Min(count, LargestRead) * SectorSize;
            if (!TryReadPart((uint)sector, MemoryMarshal.Cast<byte, uint>(destination.Slice(0, length))))
            {
                return false;
            }

            destination = destination.Slice(length);
            sector += (ulong)length / SectorSize;
            count -= (ulong)length / SectorSize;
        }

        return true;
    }

    private bool TryReadPart(uint sector, Span<uint> destination)
    {
        uint argument = _countsSectors ? sector : sector * SectorSize;
        for (int i = 0; i < Attempts; i++)
        {
            if (_host.TryRead(argument, destination))
            {
                return true;
            }

            _host.TrySend(StopTransmission, 0, SdResponse.ShortBusy); // it may be sending still; if not, it refuses this
        }

        return false;
    }

    private bool TryPowerUp(bool isVersion2)
    {
        Deadline end = Deadline.After(PowerUpPatience);
        uint condition = VoltageWindow | (isVersion2 ? HighCapacity : 0);
        while (TryApplicationCommand(SendOperatingCondition, condition, 0, SdResponse.ShortUnchecked))
        {
            if ((_host.Response[3] & IsPoweredUp) != 0)
            {
                _countsSectors = (_host.Response[3] & HighCapacity) != 0;
                return true;
            }

            if (end.IsOver)
            {
                return false;
            }

            Deadline.Wait(1);
        }

        return false;
    }

    private bool TryIdentify(out uint address)
    {
        address = 0;
        if (!_host.TrySend(AllSendCid, 0, SdResponse.Long) || !_host.TrySend(SendRelativeAddress, 0, SdResponse.Short))
        {
            return false;
        }

        address = _host.Response[3] & AddressMask;
        return _host.TrySend(SendCsd, address, SdResponse.Long) && SdRegisters.TryGetSectorCount(_host.Response, out _sectorCount)
            && _sectorCount <= (_countsSectors ? uint.MaxValue : uint.MaxValue / SectorSize);
    }

    private bool TryApplicationCommand(uint command, uint argument, uint address, SdResponse response) =>
        _host.TrySend(ApplicationCommand, address, SdResponse.Short) && _host.TrySend(command, argument, response);
}
