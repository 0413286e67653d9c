using System;
using System.Buffers.Binary;

namespace SharpVisor.Network;

/// <summary>
/// The newest frames of a capture, as a stream of records of which the oldest are forgotten. Its owner does the locking.
/// </summary>
/// <remarks>
/// A record: u16 its bytes, a multiple of 8; u8 <see cref="DropReason"/>; u8 network; u16 port; u16 bytes kept; u32 bytes
/// of the frame; u32 0; u64 time in nanoseconds; then the bytes kept. Little-endian. Positions count bytes from the begin
/// of the capture.
/// </remarks>
public sealed class CaptureRing
{
    /// <summary>Bytes of a record before the frame's.</summary>
    public const int HeadSize = 24;

    /// <summary>Most bytes of a frame that are kept.</summary>
    public const int LongestSnap = 4096;

    private const int Alignment = 8;

    private readonly byte[] _bytes;
    private ulong _start;
    private ulong _end;

    /// <summary>Makes an empty one.</summary>
    /// <param name="bytes">Where it is kept: a power of 2, more than a few records.</param>
    public CaptureRing(byte[] bytes) => _bytes = bytes;

    /// <summary>Position of the oldest record that is there.</summary>
    public ulong Start => _start;

    /// <summary>Position behind the newest.</summary>
    public ulong End => _end;

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        _start = 0;
        _end = 0;
    }

    /// <summary>Makes room for a record and writes its head.</summary>
    /// <returns>Position of its frame's bytes, to be given to <see cref="Fill"/>.</returns>
    public ulong Begin(ulong time, byte network, ushort port, DropReason reason, uint length, int kept)
    {
        int size = (HeadSize + kept + Alignment - 1) & ~(Alignment - 1);
        Span<byte> head = stackalloc byte[HeadSize];
        while (_end + (ulong)size - _start > (ulong)_bytes.Length)
        {
            Copy(_start, head.Slice(0, sizeof(ushort)));
            _start += BinaryPrimitives.ReadUInt16LittleEndian(head);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(head, (ushort)size);
        head[2] = (byte)reason;
        head[3] = network;
        BinaryPrimitives.WriteUInt16LittleEndian(head.Slice(4), port);
        BinaryPrimitives.WriteUInt16LittleEndian(head.Slice(6), (ushort)kept);
        BinaryPrimitives.WriteUInt32LittleEndian(head.Slice(8), length);
        BinaryPrimitives.WriteUInt32LittleEndian(head.Slice(12), 0);
        BinaryPrimitives.WriteUInt64LittleEndian(head.Slice(16), time);
        ulong position = _end;
        Fill(position, head);
        _end += (ulong)size;
        return position + HeadSize;
    }

    /// <summary>Writes bytes of the newest record.</summary>
    public void Fill(ulong position, ReadOnlySpan<byte> bytes)
    {
        int at = (int)(position & (ulong)(_bytes.Length - 1));
        int first = Math.Min(bytes.Length, _bytes.Length - at);
        bytes.Slice(0, first).CopyTo(_bytes.AsSpan(at));
        bytes.Slice(first).CopyTo(_bytes);
    }

    /// <summary>Copies whole records.</summary>
    /// <param name="position">
    /// From where on; moved on to the oldest one that is there. A position that is none of a record's has an undefined, harmless answer.
    /// </param>
    /// <param name="destination">Where to.</param>
    /// <returns>Bytes copied: as many records as there are and have room.</returns>
    public int Read(ref ulong position, Span<byte> destination)
    {
        position = position < _start || position > _end ? _start : position;
        Span<byte> head = stackalloc byte[sizeof(ushort)];
        int done = 0;
        for (ulong at = position; at < _end;)
        {
            Copy(at, head);
            int size = BinaryPrimitives.ReadUInt16LittleEndian(head);
            if (size < HeadSize || size > destination.Length - done || (ulong)size > _end - at)
            {
                break;
            }

            Copy(at, destination.Slice(done, size));
            done += size;
            at += (ulong)size;
        }

        return done;
    }

    private void Copy(ulong position, Span<byte> destination)
    {
        int at = (int)(position & (ulong)(_bytes.Length - 1));
        int first = Math.Min(destination.Length, _bytes.Length - at);
        _bytes.AsSpan(at, first).CopyTo(destination);
        _bytes.AsSpan(0, destination.Length - first).CopyTo(destination.Slice(first));
    }
}
