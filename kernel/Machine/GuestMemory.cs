using System;
using SharpVisor.Arch;
using SharpVisor.Devices;

namespace SharpVisor.Machine;

/// <summary>The RAM of a VM: one run of host memory, mapped from one intermediate physical address on.</summary>
internal sealed unsafe class GuestMemory : DeviceMemory
{
    internal GuestMemory(ulong start, ulong length, ulong host)
    {
        Start = start;
        Length = length;
        Host = host;
    }

    /// <summary>Intermediate physical address of the first byte.</summary>
    internal ulong Start { get; }

    /// <summary>Bytes.</summary>
    internal ulong Length { get; }

    /// <summary>Address of the first byte at EL2.</summary>
    internal ulong Host { get; }

    /// <summary>Where a range of the guest's memory lies at EL2.</summary>
    /// <param name="ipa">First byte.</param>
    /// <param name="length">Bytes; may be 0.</param>
    /// <param name="host">Address of the first byte; only set where the result is true.</param>
    /// <returns>False where any byte of it is outside RAM.</returns>
    internal bool TryGetHost(ulong ipa, ulong length, out ulong host)
    {
        ulong offset = ipa - Start;
        host = Host + offset;
        return ipa >= Start && offset <= Length && length <= Length - offset;
    }

    /// <inheritdoc/>
    public override bool TryRead(ulong address, Span<byte> destination)
    {
        if (!TryGetHost(address, (ulong)destination.Length, out ulong host))
        {
            return false;
        }

        new ReadOnlySpan<byte>((void*)host, destination.Length).CopyTo(destination);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (!TryGetHost(address, (ulong)source.Length, out ulong host))
        {
            return false;
        }

        source.CopyTo(new Span<byte>((void*)host, source.Length));
        return true;
    }

    /// <summary>Gives all of it back, without what the guest has left there. Nothing may translate to it any more.</summary>
    internal void Release()
    {
        const ulong longestSpan = 1ul << 30;
        for (ulong done = 0; done < Length; done += longestSpan)
        {
            new Span<byte>((void*)(Host + done), (int)Math.Min(Length - done, longestSpan)).Clear();
        }

        Native.CleanToCoherency(Host, Length); // the next guest reads it with its caches off
        Hypervisor.Pages.Free(Host, Length);
    }
}
