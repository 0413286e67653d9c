using System;

namespace SharpVisor.Debug.Gdb;

/// <summary>
/// What is sent to gdb: packets with their checksums, runs shortened (GDB manual, "Remote Protocol: Overview"). The bytes
/// have positions, and stay until the reader says that it has them.
/// </summary>
public sealed class GdbOutput
{
    /// <summary>Bytes that are kept at most; a power of two.</summary>
    public const int Capacity = 16 << 10;

    private const byte Escape = (byte)'}';
    private const byte EscapedBit = 0x20;

    // A count is written as a character: that many repetitions and 29. '#' and '$' mean something else.
    private const int CountBase = 29;
    private const int FewestRepetitions = 3;
    private const int MostRepetitions = 126 - CountBase;
    private const int CountOfHash = '#' - CountBase;

    private readonly byte[] _bytes = new byte[Capacity];
    private ulong _released;
    private ulong _packetStart;
    private ulong _packetEnd;
    private byte _sum;
    private byte _last;
    private int _repetitions;

    private static ReadOnlySpan<byte> Digits => "0123456789abcdef"u8;

    /// <summary>Position behind the last byte.</summary>
    public ulong Position { get; private set; }

    /// <summary>Position of the first byte that is still kept.</summary>
    public ulong Released => _released;

    /// <summary>Bytes that there is room for.</summary>
    public int Room => Capacity - (int)(Position - _released);

    /// <summary>Forgets everything; positions begin anew.</summary>
    public void Reset()
    {
        Position = 0;
        _released = 0;
        _packetStart = 0;
        _packetEnd = 0;
    }

    /// <summary>The reader has everything before a position.</summary>
    public void Release(ulong position)
    {
        if (position > _released && position <= Position)
        {
            _released = position;
        }
    }

    /// <summary>Copies bytes from a position on, as many as there are and go in.</summary>
    public int Read(ulong position, Span<byte> destination)
    {
        int count = 0;
        if (position >= _released)
        {
            while (count < destination.Length && position < Position)
            {
                destination[count++] = _bytes[(int)position++ & (Capacity - 1)];
            }
        }

        return count;
    }

    /// <summary>A byte outside packets: an acknowledgement.</summary>
    public void Plain(byte value)
    {
        if (Room > 0)
        {
            _bytes[(int)Position++ & (Capacity - 1)] = value;
        }
    }

    /// <summary>Begins a packet.</summary>
    public void Begin()
    {
        _packetStart = Position;
        _repetitions = -1;
        Plain((byte)'$');
        _sum = 0;
    }

    /// <summary>Ends it.</summary>
    public void End()
    {
        Flush();
        byte sum = _sum;
        Plain((byte)'#');
        Plain(Digits[sum >> 4]);
        Plain(Digits[sum & 15]);
        _packetEnd = Position;
    }

    /// <summary>A packet of a text.</summary>
    public void Packet(ReadOnlySpan<byte> text)
    {
        Begin();
        Text(text);
        End();
    }

    /// <summary>Sends the last packet again.</summary>
    public void Repeat()
    {
        int length = (int)(_packetEnd - _packetStart);
        ulong start = _packetStart;
        if (length > Room || Position - start > Capacity)
        {
            return;
        }

        _packetStart = Position;
        for (int i = 0; i < length; i++)
        {
            Plain(_bytes[(int)(start + (uint)i) & (Capacity - 1)]);
        }

        _packetEnd = Position;
    }

    /// <summary>Adds a character, which is none of <c>$ # } *</c>.</summary>
    public void Put(byte character)
    {
        if (_repetitions >= 0 && character == _last && _repetitions < MostRepetitions)
        {
            _repetitions++;
            return;
        }

        Flush();
        _last = character;
        _repetitions = 0;
    }

    /// <summary>Adds a text without such characters.</summary>
    public void Text(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Put(text[i]);
        }
    }

    /// <summary>Adds a number in hexadecimal, without leading zeros.</summary>
    public void Number(ulong value)
    {
        int shift = 60;
        while (shift != 0 && value >> shift == 0)
        {
            shift -= 4;
        }

        for (; shift >= 0; shift -= 4)
        {
            Put(Digits[(int)(value >> shift) & 15]);
        }
    }

    /// <summary>Adds a byte as two digits.</summary>
    public void Byte(byte value)
    {
        Put(Digits[value >> 4]);
        Put(Digits[value & 15]);
    }

    /// <summary>Adds bytes as two digits each.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            Byte(bytes[i]);
        }
    }

    /// <summary>Adds any byte as it is, escaped where it must be.</summary>
    public void Binary(byte value)
    {
        Flush();
        if (value is (byte)'$' or (byte)'#' or Escape or (byte)'*')
        {
            Raw(Escape);
            value ^= EscapedBit;
        }

        Raw(value);
    }

    private void Raw(byte value)
    {
        _sum += value;
        Plain(value);
    }

    /// <summary>Writes the last character and how often it is repeated.</summary>
    private void Flush()
    {
        if (_repetitions < 0)
        {
            return;
        }

        Raw(_last);
        while (_repetitions >= FewestRepetitions)
        {
            // Six and seven would be '#' and '$'.
            int count = _repetitions is CountOfHash or CountOfHash + 1 ? CountOfHash - 1 : _repetitions;
            Raw((byte)'*');
            Raw((byte)(count + CountBase));
            _repetitions -= count;
            if (_repetitions != 0)
            {
                Raw(_last);
                _repetitions--;
            }
        }

        for (; _repetitions > 0; _repetitions--)
        {
            Raw(_last);
        }

        _repetitions = -1;
    }
}
