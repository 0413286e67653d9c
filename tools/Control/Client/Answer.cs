using System;
using System.Text;
using SharpVisor.Console;

namespace SharpVisor.Control.Client;

/// <summary>What the hypervisor answered.</summary>
internal sealed class Answer
{
    internal Answer(byte outcome, ReadOnlyMemory<byte> payload)
    {
        Outcome = outcome;
        Payload = payload;
        if (outcome == 0 || payload.Length < 2)
        {
            return;
        }

        PayloadReader fields = new(payload.Span);
        State = (VmState)fields.UInt8();
        Reason = Text(fields.Text());
        Rest = fields.Rest.ToArray();
    }

    /// <summary>A ControlOutcome, or a number that this program does not know.</summary>
    internal byte Outcome { get; }

    /// <summary>Whether it was done.</summary>
    internal bool IsOk => Outcome == 0;

    /// <summary>All behind the outcome.</summary>
    internal ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Where it was refused: the VM's state.</summary>
    internal VmState State { get; }

    /// <summary>Where it was refused: why, as the end of a sentence; may be empty.</summary>
    internal string Reason { get; } = "";

    /// <summary>Where it was refused: what stands behind the reason.</summary>
    internal byte[] Rest { get; } = [];

    /// <summary>Bytes as text; what is no UTF-8 becomes a replacement character.</summary>
    internal static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
