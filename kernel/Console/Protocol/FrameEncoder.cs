using System;
using System.Buffers.Binary;
using SharpVisor.Formats;

namespace SharpVisor.Console;

/// <summary>Makes frames. The payload is written into <see cref="Payload"/> first, or given as bytes.</summary>
internal sealed class FrameEncoder
{
    private const int LargestBlock = 254;

    private readonly byte[] _content = new byte[ControlFrame.LargestContent];

    /// <summary>Where a payload may be written before it is encoded: <see cref="ControlFrame.LargestPayload"/> bytes.</summary>
    internal Span<byte> Payload => new(_content, ControlFrame.HeaderLength, ControlFrame.LargestPayload);

    /// <summary>Encodes a frame with a payload of the caller's.</summary>
    /// <param name="session">Session of the client.</param>
    /// <param name="id">Number of the request.</param>
    /// <param name="operation">What is asked for; an answer has <see cref="ControlFrame.AnswerBit"/>.</param>
    /// <param name="outcome">How it ended; in a request <see cref="ControlFrame.OutcomeOfRequest"/>.</param>
    /// <param name="payload">At most <see cref="ControlFrame.LargestPayload"/> bytes.</param>
    /// <param name="destination">Room for <see cref="ControlFrame.LargestEncoded"/> bytes.</param>
    /// <returns>Bytes of the encoded frame, the zero behind it counted.</returns>
    internal int Encode(byte session, ushort id, byte operation, byte outcome, ReadOnlySpan<byte> payload, Span<byte> destination)
    {
        payload.CopyTo(Payload);
        return Encode(session, id, operation, outcome, payload.Length, destination);
    }

    /// <summary>Encodes a frame with what was written into <see cref="Payload"/>.</summary>
    /// <inheritdoc cref="Encode(byte, ushort, byte, byte, ReadOnlySpan{byte}, Span{byte})"/>
    internal int Encode(byte session, ushort id, byte operation, byte outcome, int payloadLength, Span<byte> destination)
    {
        Span<byte> content = _content;
        content[0] = ControlFrame.Version;
        content[1] = session;
        BinaryPrimitives.WriteUInt16LittleEndian(content.Slice(2), id);
        content[4] = operation;
        content[5] = outcome;
        int length = ControlFrame.HeaderLength + payloadLength;
        BinaryPrimitives.WriteUInt32LittleEndian(content.Slice(length), Crc32.Compute(content.Slice(0, length)));
        return Stuff(content.Slice(0, length + ControlFrame.ChecksumLength), destination);
    }

    /// <summary>
    /// COBS (Cheshire and Baker, 1999): each block begins with the number of bytes to the next one; a block of less
    /// than 255 stands for its bytes and a zero behind them, but for the last.
    /// </summary>
    private static int Stuff(ReadOnlySpan<byte> content, Span<byte> destination)
    {
        int next = 0;
        bool isLast = false;
        while (!isLast)
        {
            ReadOnlySpan<byte> block = content.Slice(0, Math.Min(LargestBlock, content.Length));
            int zero = block.IndexOf((byte)0);
            block = zero < 0 ? block : block.Slice(0, zero);
            destination[next++] = (byte)(block.Length + 1);
            block.CopyTo(destination.Slice(next));
            next += block.Length;
            isLast = zero < 0 && block.Length == content.Length;
            content = content.Slice(block.Length + (zero < 0 ? 0 : 1));
        }

        destination[next++] = 0;
        return next;
    }
}
