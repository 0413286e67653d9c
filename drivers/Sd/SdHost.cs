using System;

namespace SharpVisor.Drivers;

/// <summary>What talks to an SD card for the processor. Every call ends within a bounded time.</summary>
public abstract class SdHost
{
    private protected SdHost(ulong address) => Address = address;

    /// <summary>Address of its registers.</summary>
    public ulong Address { get; }

    /// <summary>Bits 119 to 8 of the last long response, the highest first; or the last short one in the last word.</summary>
    internal uint[] Response { get; } = new uint[4];

    /// <summary>Resets it, with the bus one bit wide and at most 400 kHz fast. False where it does not react.</summary>
    internal abstract bool TryReset();

    /// <summary>Makes the bus faster; the card has been told that it is as wide.</summary>
    internal abstract bool TrySetBus(uint rate, bool isFourBitsWide);

    /// <summary>Sends a command without data; <see cref="Response"/> has the answer.</summary>
    internal abstract bool TrySend(uint command, uint argument, SdResponse response);

    /// <summary>
    /// Sends READ_SINGLE_BLOCK or READ_MULTIPLE_BLOCK, takes the data and ends the transmission. After a failure the host is
    /// ready for another command.
    /// </summary>
    /// <param name="argument">Where to read from, as the card counts.</param>
    /// <param name="destination">A number of blocks, aligned to 4 bytes.</param>
    internal abstract bool TryRead(uint argument, Span<uint> destination);
}
