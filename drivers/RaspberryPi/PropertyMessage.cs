using System;

namespace SharpVisor.Drivers;

/// <summary>
/// A question to the VideoCore's firmware and its answer, of one tag (Raspberry Pi firmware wiki, "Mailbox property
/// interface"): length, code, then tag, room for values in bytes, code of the tag, values, and an end.
/// </summary>
public static class PropertyMessage
{
    /// <summary>Words of a message beside its values.</summary>
    public const int Overhead = 6;

    /// <summary>Most values that a message has room for here.</summary>
    public const int MaximumValues = 8;

    private const int Code = 1;
    private const int Tag = 2;
    private const int Room = 3;
    private const int TagCode = 4;
    private const int Values = 5;
    private const uint Request = 0;
    private const uint Success = 0x8000_0000;
    private const uint IsAnswer = 0x8000_0000;

    /// <summary>Writes a question.</summary>
    /// <param name="message">At least <see cref="Overhead"/> words and the values.</param>
    /// <param name="tag">What is asked for.</param>
    /// <param name="values">What the question says, and room for what the answer does.</param>
    public static void Write(Span<uint> message, uint tag, ReadOnlySpan<uint> values)
    {
        message[0] = (uint)(Overhead + values.Length) * sizeof(uint);
        message[Code] = Request;
        message[Tag] = tag;
        message[Room] = (uint)values.Length * sizeof(uint);
        message[TagCode] = Request;
        values.CopyTo(message.Slice(Values));
        message[Values + values.Length] = 0;
    }

    /// <summary>Reads the answer to what was written with as many values. False where the firmware did not know the tag.</summary>
    public static bool TryRead(ReadOnlySpan<uint> message, uint tag, Span<uint> values)
    {
        if (message[Code] != Success || message[Tag] != tag || (message[TagCode] & IsAnswer) == 0)
        {
            return false;
        }

        message.Slice(Values, values.Length).CopyTo(values);
        return true;
    }
}
