using System;
using System.Buffers.Binary;

namespace SharpVisor.Formats;

/// <summary>
/// Writes a flattened device tree (version 17) into a span. The structure grows from the front; property names
/// gather in the last <see cref="StringsCapacity"/> bytes until <see cref="TryFinish"/> moves them behind the
/// structure, and behind the names stands the length of each, so that looking for one costs little. What does not
/// fit makes the writer fail for good.
/// </summary>
public ref struct FdtWriter
{
    /// <summary>Room for property names, in bytes; a blob must have more than that.</summary>
    public const int StringsCapacity = 2048;

    private const int MostNames = 128;
    private const int HeaderSize = 40;
    private const int ReservationsSize = 16;
    private const int StructureStart = HeaderSize + ReservationsSize;

    private readonly Span<byte> _blob;
    private readonly int _stringsStart;
    private readonly int _lengthsStart;
    private int _stringsEnd;
    private int _names;
    private int _structureEnd;
    private int _depth;
    private bool _failed;

    /// <summary>Begins a tree in <paramref name="blob"/>, which must be 8-byte aligned where it will be read.</summary>
    public FdtWriter(Span<byte> blob)
    {
        _blob = blob;
        _structureEnd = StructureStart;
        _stringsStart = blob.Length - StringsCapacity;
        _stringsEnd = _stringsStart;
        _lengthsStart = blob.Length - MostNames;
        _names = 0;
        _depth = 0;
        _failed = _stringsStart < StructureStart;
    }

    /// <summary>Opens a node; the root has an empty name.</summary>
    public void BeginNode(scoped ReadOnlySpan<byte> name)
    {
        Token(1);
        Bytes(name, 1);
        _depth++;
    }

    /// <summary>Opens a node named <c>name@address</c>, the address in hexadecimal.</summary>
    public void BeginNode(scoped ReadOnlySpan<byte> name, ulong address)
    {
        Span<byte> full = stackalloc byte[64];
        if (name.Length > 40)
        {
            _failed = true;
            return;
        }

        name.CopyTo(full);
        int length = name.Length;
        full[length++] = (byte)'@';
        int shift = 60;
        while (shift > 0 && address >> shift == 0)
        {
            shift -= 4;
        }

        for (; shift >= 0; shift -= 4)
        {
            full[length++] = "0123456789abcdef"u8[(int)(address >> shift) & 15];
        }

        BeginNode(full.Slice(0, length));
    }

    /// <summary>Closes the node opened last.</summary>
    public void EndNode()
    {
        _failed |= _depth == 0;
        _depth--;
        Token(2);
    }

    /// <summary>A property with no value.</summary>
    public void Property(scoped ReadOnlySpan<byte> name) => PropertyBytes(name, default);

    /// <summary>A property of raw bytes; also a list of strings, each with its zero byte.</summary>
    public void PropertyBytes(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        PropertyHeader(name, value.Length);
        Bytes(value, 0);
    }

    /// <summary>A property that is one string; the zero byte is added.</summary>
    public void PropertyString(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        PropertyHeader(name, value.Length + 1);
        Bytes(value, 1);
    }

    /// <summary>A property of 32-bit cells.</summary>
    public void PropertyCells(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<uint> cells)
    {
        PropertyHeader(name, cells.Length * 4);
        for (int i = 0; i < cells.Length; i++)
        {
            Token(cells[i]);
        }
    }

    /// <summary>A property of one cell.</summary>
    public void PropertyCell(scoped ReadOnlySpan<byte> name, uint value)
    {
        PropertyHeader(name, 4);
        Token(value);
    }

    /// <summary>A property of one 64-bit number (two cells).</summary>
    public void PropertyNumber(scoped ReadOnlySpan<byte> name, ulong value)
    {
        PropertyHeader(name, 8);
        Token((uint)(value >> 32));
        Token((uint)value);
    }

    /// <summary>A <c>reg</c> of pairs of 64-bit address and size (two cells each).</summary>
    public void PropertyRegions(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<ulong> numbers)
    {
        PropertyHeader(name, numbers.Length * 8);
        for (int i = 0; i < numbers.Length; i++)
        {
            Token((uint)(numbers[i] >> 32));
            Token((uint)numbers[i]);
        }
    }

    /// <summary>Completes the tree.</summary>
    /// <param name="size">Bytes of the finished blob.</param>
    /// <returns>False where it did not fit or nodes were not closed.</returns>
    public bool TryFinish(out int size)
    {
        size = 0;
        Token(9);
        if (_failed || _depth != 0)
        {
            return false;
        }

        int stringsSize = _stringsEnd - _stringsStart;
        _blob.Slice(_stringsStart, stringsSize).CopyTo(_blob.Slice(_structureEnd));
        size = _structureEnd + stringsSize;

        Header(0, 0xd00d_feed);
        Header(4, (uint)size);
        Header(8, StructureStart);
        Header(12, (uint)_structureEnd);
        Header(16, HeaderSize);
        Header(20, 17);
        Header(24, 16);
        Header(28, 0);
        Header(32, (uint)stringsSize);
        Header(36, (uint)(_structureEnd - StructureStart));
        _blob.Slice(HeaderSize, ReservationsSize).Clear();
        return true;
    }

    private void Header(int offset, uint value) => BinaryPrimitives.WriteUInt32BigEndian(_blob.Slice(offset), value);

    private void PropertyHeader(scoped ReadOnlySpan<byte> name, int length)
    {
        Token(3);
        Token((uint)length);
        Token((uint)StringOffset(name));
    }

    /// <summary>Place of a name in the strings block; it is added where it is not there yet.</summary>
    private int StringOffset(scoped ReadOnlySpan<byte> name)
    {
        int offset = _stringsStart;
        for (int i = 0; i < _names; i++)
        {
            int length = _blob[_lengthsStart + i];
            if (length == name.Length && _blob.Slice(offset, length).SequenceEqual(name))
            {
                return offset - _stringsStart;
            }

            offset += length + 1;
        }

        if (_failed || _names == MostNames || name.Length > byte.MaxValue || _lengthsStart - _stringsEnd < name.Length + 1)
        {
            _failed = true;
            return 0;
        }

        name.CopyTo(_blob.Slice(_stringsEnd));
        _blob[_stringsEnd + name.Length] = 0;
        _blob[_lengthsStart + _names] = (byte)name.Length;
        _stringsEnd += name.Length + 1;
        _names++;
        return offset - _stringsStart;
    }

    private void Token(uint value)
    {
        if (_failed || _stringsStart - _structureEnd < 4)
        {
            _failed = true;
            return;
        }

        BinaryPrimitives.WriteUInt32BigEndian(_blob.Slice(_structureEnd), value);
        _structureEnd += 4;
    }

    private void Bytes(scoped ReadOnlySpan<byte> value, int zeros)
    {
        int padded = (value.Length + zeros + 3) & ~3;
        if (_failed || _stringsStart - _structureEnd < padded)
        {
            _failed = true;
            return;
        }

        value.CopyTo(_blob.Slice(_structureEnd));
        _blob.Slice(_structureEnd + value.Length, padded - value.Length).Clear();
        _structureEnd += padded;
    }
}
