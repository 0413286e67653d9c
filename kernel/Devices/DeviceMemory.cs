using System;
using System.Runtime.InteropServices;

namespace SharpVisor.Devices;

/// <summary>A guest's memory, as a device reaches it: by intermediate physical address, copied in and out.</summary>
/// <remarks>
/// A guest's pages may be absent, moved, shared or given back at any moment, so nobody gets a pointer to them. What is
/// read may change while it is read: who needs a value twice keeps the copy. Several VCpus call at once; an implementation
/// does its own locking, touches no SIMD register and does not allocate objects. It orders nothing: whoever needs an
/// order between two accesses puts a barrier between them.
/// </remarks>
public abstract class DeviceMemory
{
    private const ulong PageSize = 4096;

    /// <summary>Copies out of the guest's memory.</summary>
    /// <param name="address">Intermediate physical address of the first byte.</param>
    /// <param name="destination">Where to; may be empty, and holds anything where the result is false.</param>
    /// <returns>False where any byte is outside the guest's RAM, or can't be made present.</returns>
    public abstract bool TryRead(ulong address, Span<byte> destination);

    /// <summary>Copies into the guest's memory.</summary>
    /// <param name="address">Intermediate physical address of the first byte.</param>
    /// <param name="source">The bytes; may be none.</param>
    /// <returns>
    /// False, with nothing written, where any byte is outside the guest's RAM; where a page can't be made present, false
    /// with the bytes before it written or not.
    /// </returns>
    public abstract bool TryWrite(ulong address, ReadOnlySpan<byte> source);

    /// <summary>Gives pages back: their contents are lost, and they read as zeros when they are touched again.</summary>
    /// <param name="address">Intermediate physical address, a multiple of 4 KiB.</param>
    /// <param name="length">Bytes, a multiple of 4 KiB.</param>
    /// <returns>False where a part of that is not RAM, or can't be given back; nothing has changed then.</returns>
    public virtual bool TryRelease(ulong address, ulong length) => false;

    /// <summary>Gives one page back.</summary>
    /// <inheritdoc cref="TryRelease(ulong, ulong)"/>
    public bool TryRelease(ulong address) => TryRelease(address, PageSize);

    // Little-endian numbers: so are the machines on which this runs. An implementation that copies byte by byte
    // overrides these, for a number at a multiple of its size is read and written in one access.

    /// <summary>Reads a number of 16 bits; in one access where the address is a multiple of 2.</summary>
    /// <returns>As of <see cref="TryRead"/>.</returns>
    public virtual bool TryReadUInt16(ulong address, out ushort value)
    {
        value = 0;
        return TryRead(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));
    }

    /// <summary>Reads a number of 32 bits; in one access where the address is a multiple of 4.</summary>
    /// <returns>As of <see cref="TryRead"/>.</returns>
    public virtual bool TryReadUInt32(ulong address, out uint value)
    {
        value = 0;
        return TryRead(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));
    }

    /// <summary>Reads a number of 64 bits; in one access where the address is a multiple of 8.</summary>
    /// <returns>As of <see cref="TryRead"/>.</returns>
    public virtual bool TryReadUInt64(ulong address, out ulong value)
    {
        value = 0;
        return TryRead(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));
    }

    /// <summary>Writes a number of 16 bits; in one access where the address is a multiple of 2.</summary>
    /// <returns>As of <see cref="TryWrite"/>.</returns>
    public virtual bool TryWriteUInt16(ulong address, ushort value) =>
        TryWrite(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));

    /// <summary>Writes a number of 32 bits; in one access where the address is a multiple of 4.</summary>
    /// <returns>As of <see cref="TryWrite"/>.</returns>
    public virtual bool TryWriteUInt32(ulong address, uint value) =>
        TryWrite(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));

    /// <summary>Writes a number of 64 bits; in one access where the address is a multiple of 8.</summary>
    /// <returns>As of <see cref="TryWrite"/>.</returns>
    public virtual bool TryWriteUInt64(ulong address, ulong value) =>
        TryWrite(address, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1)));
}
