using System;
using SharpVisor.Console;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl;

/// <summary>The machine's answers as words for programs.</summary>
internal static class Outcomes
{
    /// <summary>An answer's outcome as JSON has it: the protocol's name for it, in camel case.</summary>
    internal static string Code(Answer? answer) => answer is null ? "refused" : Code(answer.Outcome);

    /// <inheritdoc cref="Code(Answer?)"/>
    internal static string Code(byte outcome)
    {
        string name = Enum.GetName((ControlOutcome)outcome) ?? "refused";
        return string.Concat(name[..1].ToLowerInvariant(), name.AsSpan(1));
    }

    /// <summary>What helps where an operation does not fit a VM's state; empty where nothing does.</summary>
    internal static string Advise(ControlOperation operation, string vm, Answer? answer)
    {
        if (answer is null || answer.Outcome != (byte)ControlOutcome.WrongState)
        {
            return "";
        }

        return answer.State switch
        {
            VmState.Running when operation == ControlOperation.Start => $"; 'hvctl reset {vm}' starts it anew",
            VmState.Paused when operation is ControlOperation.Start or ControlOperation.Shutdown => $"; 'hvctl resume {vm}' lets it go on",
            VmState.Defined or VmState.Created or VmState.Stopped or VmState.Crashed
                when operation is not (ControlOperation.Create or ControlOperation.Destroy or ControlOperation.Start) => $"; 'hvctl start {vm}' starts it",
            _ => "",
        };
    }
}
