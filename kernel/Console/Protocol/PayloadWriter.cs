using System;
using System.Buffers.Binary;

namespace SharpVisor.Console;

/// <summary>Writes a payload, little-endian. What finds no room is left out: <see cref="Room"/> says what there is.</summary>
internal ref struct PayloadWriter
{
    private const int LongestText = byte.MaxValue;

    private readonly Span<byte> _payload;

    /// <summary>Begins a payload.</summary>
    internal PayloadWriter(Span<byte> payload)
    {
        _payload = payload;
        Length = 0;
    }

    /// <summary>Bytes written.</summary>
    internal int Length { get; private set; }

    /// <summary>Bytes that there is still room for.</summary>
    internal readonly int Room => _payload.Length - Length;

    /// <summary>All that there is room for; <see cref="Skip"/> says how much of it was used.</summary>
    internal readonly Span<byte> Rest => _payload.Slice(Length);

    /// <summary>Counts bytes as written.</summary>
    internal void Skip(int count) => Length += Math.Min(count, Room);

    /// <summary>A byte.</summary>
    internal void UInt8(uint value)
    {
        if (Room >= sizeof(byte))
        {
            _payload[Length++] = (byte)value;
        }
    }

    /// <summary>Two bytes.</summary>
    internal void UInt16(uint value)
    {
        if (Room >= sizeof(ushort))
        {
            BinaryPrimitives.WriteUInt16LittleEndian(Rest, (ushort)value);
            Length += sizeof(ushort);
        }
    }

    /// <summary>Four bytes.</summary>
    internal void UInt32(uint value)
    {
        if (Room >= sizeof(uint))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(Rest, value);
            Length += sizeof(uint);
        }
    }

    /// <summary>Eight bytes.</summary>
    internal void UInt64(ulong value)
    {
        if (Room >= sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(Rest, value);
            Length += sizeof(ulong);
        }
    }

    /// <summary>Bytes as they are.</summary>
    internal void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.TryCopyTo(Rest))
        {
            Length += bytes.Length;
        }
    }

    /// <summary>A text of at most 255 bytes behind its length; what is longer is cut.</summary>
    internal void Text(scoped ReadOnlySpan<byte> text)
    {
        scoped ReadOnlySpan<byte> fitting = text.Slice(0, Math.Min(Math.Min(text.Length, LongestText), Math.Max(Room - 1, 0)));
        UInt8((uint)fitting.Length);
        Bytes(fitting);
    }
}
