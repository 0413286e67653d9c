using System;

namespace SharpVisor.Machine.Loading;

/// <summary>A VM's memory as the loaders reach it. Before anything is loaded it reads as zeros.</summary>
public abstract class GuestRam
{
    /// <summary>Describes memory.</summary>
    /// <param name="start">Intermediate physical address of the first byte; a multiple of 2 MiB.</param>
    /// <param name="size">Bytes; it must not reach the end of the address space.</param>
    protected GuestRam(ulong start, ulong size)
    {
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
    public bool Contains(ulong address, ulong length) => address >= Start && address - Start <= Size && length <= Size - (address - Start);

    /// <summary>Copies into a range that lies in the memory, for a guest whose caches are off. False where the machine has no memory left for it.</summary>
    public abstract bool TryWrite(ulong address, ReadOnlySpan<byte> source);

    /// <summary>Copies out of a range that lies in the memory.</summary>
    public abstract bool TryRead(ulong address, Span<byte> destination);
}
