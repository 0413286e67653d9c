using System;

namespace SharpVisor.Formats;

/// <summary>Where decompressed bytes go that do not stay in one span; counts them and keeps their checksum.</summary>
public abstract class InflateTarget
{
    /// <summary>Bytes taken since <see cref="Begin"/>.</summary>
    public ulong Length { get; private set; }

    /// <summary>CRC-32 of them.</summary>
    public uint Checksum { get; private set; }

    /// <summary>Begins anew.</summary>
    public void Begin()
    {
        Length = 0;
        Checksum = 0;
    }

    /// <summary>Takes the next bytes. False where it takes no more.</summary>
    public bool TryTake(ReadOnlySpan<byte> bytes)
    {
        if (!TryWrite(Length, bytes))
        {
            return false;
        }

        Checksum = Crc32.Append(Checksum, bytes);
        Length += (ulong)bytes.Length;
        return true;
    }

    /// <summary>Writes bytes behind <paramref name="offset"/> others. False where they find no place.</summary>
    protected abstract bool TryWrite(ulong offset, ReadOnlySpan<byte> bytes);
}
