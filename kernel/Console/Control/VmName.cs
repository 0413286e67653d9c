using System;

namespace SharpVisor.Console;

/// <summary>A VM's name by value, so that a status outlives the VM.</summary>
internal unsafe struct VmName
{
    /// <summary>Longest name in bytes.</summary>
    internal const int Capacity = 31;

    private fixed byte _text[Capacity];
    private byte _length;

    /// <summary>Keeps a name; what is longer than <see cref="Capacity"/> is cut.</summary>
    internal static VmName From(ReadOnlySpan<byte> text)
    {
        VmName name = default;
        int length = Math.Min(text.Length, Capacity);
        for (int i = 0; i < length; i++)
        {
            name._text[i] = text[i];
        }

        name._length = (byte)length;
        return name;
    }

    /// <summary>Bytes of the name.</summary>
    internal readonly int Length => _length;

    /// <summary>A byte of the name, 0 to <see cref="Length"/> - 1.</summary>
    internal readonly byte this[int index] => _text[index];

    /// <summary>Whether it is the name.</summary>
    internal readonly bool Is(ReadOnlySpan<byte> text)
    {
        bool same = text.Length == _length;
        for (int i = 0; same && i < _length; i++)
        {
            same = _text[i] == text[i];
        }

        return same;
    }

    /// <summary>Copies the name; the buffer must have room for <see cref="Capacity"/> bytes.</summary>
    /// <returns>Its length.</returns>
    internal readonly int CopyTo(Span<byte> buffer)
    {
        for (int i = 0; i < _length; i++)
        {
            buffer[i] = _text[i];
        }

        return _length;
    }
}
