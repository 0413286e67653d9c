using System;

namespace SharpVisor.Drivers;

/// <summary>
/// Questions to the VideoCore's firmware and its answers (Raspberry Pi firmware wiki, "Mailbox property interface"): length
/// and code, then for each question a tag, room for values in bytes, a code and values, and an end.
/// </summary>
public static class PropertyMessage
{
    private const int Code = 1;
    private const int Header = 2;

    // Of a tag.
    private const int Room = 1;
    private const int TagCode = 2;
    private const int Values = 3;

    private const uint Request = 0;
    private const uint Success = 0x8000_0000;
    private const uint IsAnswer = 0x8000_0000;

    /// <summary>Words of a message with nothing in it yet, its end left out.</summary>
    public static int Begin(Span<uint> message)
    {
        message[Code] = Request;
        return Header;
    }

    /// <summary>Adds a question.</summary>
    /// <param name="message">What <see cref="Begin"/> has begun.</param>
    /// <param name="length">Its length in words until now; then with the question.</param>
    /// <param name="tag">What is asked for.</param>
    /// <param name="values">What the question says, and room for what the answer does.</param>
    public static void Append(Span<uint> message, ref int length, uint tag, ReadOnlySpan<uint> values)
    {
        Span<uint> question = message.Slice(length);
        question[0] = tag;
        question[Room] = (uint)values.Length * sizeof(uint);
        question[TagCode] = Request;
        values.CopyTo(question.Slice(Values));
        length += Values + values.Length;
    }

    /// <summary>Ends a message.</summary>
    public static void End(Span<uint> message, int length)
    {
        message[length] = 0;
        message[0] = (uint)(length + 1) * sizeof(uint);
    }

    /// <summary>Finds the answer to a question. False where the firmware did not know the tag, or not how to answer.</summary>
    public static bool TryFind(ReadOnlySpan<uint> message, uint tag, Span<uint> values)
    {
        if (message[Code] != Success)
        {
            return false;
        }

        int at = Header;
        while (at + Values <= message.Length && message[at] != 0)
        {
            int count = (int)Math.Min(message[at + Room] / sizeof(uint), (uint)message.Length);
            ReadOnlySpan<uint> answer = message.Slice(at);
            if (answer[0] == tag)
            {
                if ((answer[TagCode] & IsAnswer) == 0 || count < values.Length || answer.Length < Values + values.Length)
                {
                    return false;
                }

                answer.Slice(Values, values.Length).CopyTo(values);
                return true;
            }

            at += Values + count;
        }

        return false;
    }
}
