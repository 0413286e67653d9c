using System;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl;

/// <summary>Something that the person at the keyboard is to read; ends the command.</summary>
internal sealed class Failure : Exception
{
    internal Failure(int exitCode, string code, string message)
        : base(message)
    {
        ExitCode = exitCode;
        Code = code;
    }

    /// <summary>What hvctl ends with.</summary>
    internal int ExitCode { get; }

    /// <summary>The reason in a word, for programs.</summary>
    internal string Code { get; }

    /// <summary>What was probably meant; or null.</summary>
    internal string? Suggestion { get; init; }

    /// <summary>A request that the machine did not do or did not answer.</summary>
    /// <param name="exception">Why.</param>
    /// <param name="attempt">What was tried, as the beginning of a sentence; empty for nothing.</param>
    internal static Failure From(ControlException exception, string attempt = "")
    {
        string message = attempt.Length == 0 ? exception.Message : $"{attempt}: {exception.Message}";
        return exception.Error switch
        {
            ControlError.Refused => new Failure(Hvctl.ExitCode.Refused, Outcomes.Code(exception.Answer), message),
            ControlError.NoConnection => new Failure(Hvctl.ExitCode.NoConnection, "noConnection", exception.Message),
            _ => new Failure(Hvctl.ExitCode.TimedOut, "timedOut", exception.Message),
        };
    }
}
