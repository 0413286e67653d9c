using System;

namespace SharpVisor.Machine.Loading;

/// <summary>A VM's memory as the loaders reach it: one run of the host's memory, mapped from one address on.</summary>
public readonly unsafe struct GuestRam
{
    private readonly byte* _host;

    /// <summary>Describes memory.</summary>
    /// <param name="host">Pointer to its first byte.</param>
    /// <param name="start">Intermediate physical address of that byte; a multiple of 2 MiB.</param>
    /// <param name="size">Bytes; it must not reach the end of the address space.</param>
    public GuestRam(byte* host, ulong start, ulong size)
    {
        _host = host;
        Start = start;
        Size = size;
    }

    /// <summary>Intermediate physical address of the first byte.</summary>
    public ulong Start { get; }

    /// <summary>Bytes.</summary>
    public ulong Size { get; }

    /// <summary>Intermediate physical address behind the last byte.</summary>
    public ulong End => Start + Size;

    /// <summary>Whether a range lies in the memory.</summary>
    public bool Contains(ulong ipa, ulong length) => ipa >= Start && ipa - Start <= Size && length <= Size - (ipa - Start);

    /// <summary>The bytes of a range.</summary>
    /// <returns>False where the range is not wholly in the memory, or is longer than a span can be.</returns>
    public bool TryGetSpan(ulong ipa, ulong length, out Span<byte> span)
    {
        span = default;
        if (!Contains(ipa, length) || length > int.MaxValue)
        {
            return false;
        }

        span = new Span<byte>(_host + (ipa - Start), (int)length);
        return true;
    }
}
