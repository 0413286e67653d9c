using System;
using System.Collections.Generic;
using SharpVisor.Devices;

namespace SharpVisor.Tests.Unit.Devices;

/// <summary>A guest's RAM, as bytes on the host: says when something outside was asked for.</summary>
internal sealed class ByteMemory : DeviceMemory
{
    internal ByteMemory(ulong start, int length)
    {
        Start = start;
        Bytes = new byte[length];
    }

    internal ulong Start { get; }

    internal byte[] Bytes { get; }

    /// <summary>Accesses that were refused.</summary>
    internal int Refused { get; private set; }

    /// <summary>Accesses that were done.</summary>
    internal int Done { get; private set; }

    /// <summary>Pages that were released, in order.</summary>
    internal List<ulong> Released { get; } = [];

    public override bool TryRelease(ulong address, ulong length)
    {
        ulong distance = address - Start;
        if (address % 4096 != 0 || length % 4096 != 0 || distance > (ulong)Bytes.Length || length > (ulong)Bytes.Length - distance)
        {
            return false;
        }

        for (ulong page = address; page < address + length; page += 4096)
        {
            Released.Add(page);
        }

        Bytes.AsSpan((int)distance, (int)length).Clear();
        return true;
    }

    public override bool TryRead(ulong address, Span<byte> destination)
    {
        if (!TryFind(address, destination.Length, out int offset))
        {
            return false;
        }

        Bytes.AsSpan(offset, destination.Length).CopyTo(destination);
        return true;
    }

    public override bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (!TryFind(address, source.Length, out int offset))
        {
            return false;
        }

        source.CopyTo(Bytes.AsSpan(offset));
        return true;
    }

    private bool TryFind(ulong address, int length, out int offset)
    {
        ulong distance = address - Start;
        bool isInside = address >= Start && distance <= (ulong)Bytes.Length && (ulong)length <= (ulong)Bytes.Length - distance;
        offset = isInside ? (int)distance : 0;
        Refused += isInside ? 0 : 1;
        Done += isInside ? 1 : 0;
        return isInside;
    }
}
