using System;
using System.Text;
using SharpVisor.Console;

namespace SharpVisor.Tests.Unit.Console.Protocol;

/// <summary>An answer of the server's.</summary>
internal sealed record Answer(byte Session, ushort Id, byte Operation, ControlOutcome Outcome, byte[] Payload)
{
    /// <summary>The reason of a failure.</summary>
    public string Reason => Encoding.ASCII.GetString(Payload.AsSpan(2, Payload[1]));

    public PayloadReader Read() => new(Payload);
}
