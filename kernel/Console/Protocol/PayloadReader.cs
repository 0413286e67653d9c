using System;
using System.Buffers.Binary;

namespace SharpVisor.Console;

/// <summary>
/// Reads a payload, little-endian. What is not there reads as 0, as an older sender would have it; whether all was there
/// that was asked for is in <see cref="IsComplete"/>.
/// </summary>
internal ref struct PayloadReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins with a payload.</summary>
    internal PayloadReader(ReadOnlySpan<byte> payload)
    {
        _rest = payload;
        IsComplete = true;
    }

    /// <summary>Whether everything that was read was there.</summary>
    internal bool IsComplete { get; private set; }

    /// <summary>What was not read.</summary>
    internal readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>A byte.</summary>
    internal byte UInt8()
    {
        ReadOnlySpan<byte> bytes = Bytes(sizeof(byte));
        return bytes.IsEmpty ? (byte)0 : bytes[0];
    }

    /// <summary>Two bytes.</summary>
    internal ushort UInt16()
    {
        ReadOnlySpan<byte> bytes = Bytes(sizeof(ushort));
        return bytes.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    /// <summary>Four bytes.</summary>
    internal uint UInt32()
    {
        ReadOnlySpan<byte> bytes = Bytes(sizeof(uint));
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    /// <summary>Eight bytes.</summary>
    internal ulong UInt64()
    {
        ReadOnlySpan<byte> bytes = Bytes(sizeof(ulong));
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>A text behind its length.</summary>
    internal ReadOnlySpan<byte> Text() => Bytes(UInt8());

    /// <summary>So many bytes; none where there are fewer.</summary>
    internal ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > _rest.Length)
        {
            IsComplete = false;
            _rest = default;
            return default;
        }

        ReadOnlySpan<byte> bytes = _rest.Slice(0, count);
        _rest = _rest.Slice(count);
        return bytes;
    }
}
