using System;
using SharpVisor.Console;

namespace SharpVisor.Control.Wire;

/// <summary>A request or an answer, as it is inside a frame.</summary>
/// <param name="Session">Whose it is; the broker's business.</param>
/// <param name="Id">Number of the request; its answer has the same.</param>
/// <param name="Operation">What is asked; in answers with <see cref="ControlFrame.AnswerBit"/>.</param>
/// <param name="Outcome">In requests <see cref="ControlFrame.OutcomeOfRequest"/>.</param>
/// <param name="Payload">The rest.</param>
internal readonly record struct Frame(byte Session, ushort Id, byte Operation, byte Outcome, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Whether it answers a request.</summary>
    internal bool IsAnswer => !ControlFrame.IsRequest(Operation, Outcome);

    /// <summary>The bytes that go onto the line, the zero at their end too.</summary>
    internal byte[] Encode()
    {
        Span<byte> encoded = stackalloc byte[ControlFrame.LargestEncoded];
        int length = new FrameEncoder().Encode(Session, Id, Operation, Outcome, Payload.Span, encoded);
        return encoded[..length].ToArray();
    }
}
