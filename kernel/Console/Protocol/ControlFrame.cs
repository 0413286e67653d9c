namespace SharpVisor.Console;

/// <summary>
/// The frame of the control channel: COBS, ended by a zero byte, so that whoever has lost the thread finds it again at
/// the next zero. Inside, little-endian: version, session, request number (2 bytes), operation, outcome, payload,
/// CRC-32 of all before it.
/// </summary>
internal static class ControlFrame
{
    /// <summary>The version of the frame that is written and understood.</summary>
    internal const byte Version = 1;

    /// <summary>Most bytes of payload.</summary>
    internal const int LargestPayload = 4096;

    /// <summary>Bytes before the payload.</summary>
    internal const int HeaderLength = 6;

    /// <summary>Bytes of the checksum.</summary>
    internal const int ChecksumLength = 4;

    /// <summary>Bytes of a frame without payload.</summary>
    internal const int SmallestContent = HeaderLength + ChecksumLength;

    /// <summary>Most bytes of a frame before it is encoded.</summary>
    internal const int LargestContent = SmallestContent + LargestPayload;

    /// <summary>Most bytes of a frame on the line, its zero counted: COBS adds one for every 254 that are begun.</summary>
    internal const int LargestEncoded = LargestContent + (LargestContent / 254) + 2;

    /// <summary>Set in the operation of an answer.</summary>
    internal const byte AnswerBit = 0x80;

    /// <summary>
    /// The outcome in a request whose operation has <see cref="AnswerBit"/> itself (groups 8 and up), and in no answer: by
    /// that it is known as a request. Those of the groups below have 0.
    /// </summary>
    internal const byte RequestMark = 0xff;

    /// <summary>The lowest and the highest version of the protocol that is spoken: operations and their payloads.</summary>
    internal const ushort LowestProtocol = 1;

    /// <inheritdoc cref="LowestProtocol"/>
    internal const ushort HighestProtocol = 1;

    /// <summary>Stands for the end of a stream where a position is asked for: nothing that is old.</summary>
    internal const ulong FromEnd = ulong.MaxValue;

    /// <summary>Whether a frame asks for something, and does not answer.</summary>
    internal static bool IsRequest(byte operation, byte outcome) => (operation & AnswerBit) == 0 || outcome == RequestMark;

    /// <summary>The outcome in a request.</summary>
    internal static byte OutcomeOfRequest(byte operation) => (operation & AnswerBit) == 0 ? (byte)0 : RequestMark;
}
