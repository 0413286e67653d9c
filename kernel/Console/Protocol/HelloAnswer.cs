using System;

namespace SharpVisor.Console;

/// <summary>The answer to <see cref="ControlOperation.Hello"/>.</summary>
internal ref struct HelloAnswer
{
    /// <summary>Version of the protocol that is spoken from now on.</summary>
    internal ushort Version { get; set; }

    /// <summary>The lowest version that could be spoken.</summary>
    internal ushort Lowest { get; set; }

    /// <summary>The highest one.</summary>
    internal ushort Highest { get; set; }

    /// <summary>Most bytes of payload that are taken.</summary>
    internal ushort LargestPayload { get; set; }

    /// <summary>How many requests a client should have unanswered at most.</summary>
    internal byte Window { get; set; }

    /// <summary>Bit n: operations 0xn0 to 0xnf are known.</summary>
    internal ulong Capabilities { get; set; }

    /// <summary>Nanoseconds since the machine's start.</summary>
    internal ulong Now { get; set; }

    /// <summary>Name of what answers.</summary>
    internal ReadOnlySpan<byte> Name { get; set; }

    /// <summary>Writes it.</summary>
    internal readonly void Write(ref PayloadWriter payload)
    {
        payload.UInt16(Version);
        payload.UInt16(Lowest);
        payload.UInt16(Highest);
        payload.UInt16(LargestPayload);
        payload.UInt8(Window);
        payload.UInt8(0);
        payload.UInt64(Capabilities);
        payload.UInt64(Now);
        payload.Text(Name);
    }

    /// <summary>Reads it.</summary>
    internal static HelloAnswer Read(ref PayloadReader payload)
    {
        HelloAnswer answer = default;
        answer.Version = payload.UInt16();
        answer.Lowest = payload.UInt16();
        answer.Highest = payload.UInt16();
        answer.LargestPayload = payload.UInt16();
        answer.Window = payload.UInt8();
        payload.UInt8();
        answer.Capabilities = payload.UInt64();
        answer.Now = payload.UInt64();
        answer.Name = payload.Text();
        return answer;
    }
}
