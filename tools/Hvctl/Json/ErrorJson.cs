namespace SharpVisor.Hvctl.Json;

/// <summary>Why something was not done.</summary>
/// <param name="Code">A word for programs: the protocol's outcomes (noSuchVm, wrongState, ...), usage, noConnection, timedOut, interrupted.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="ExitCode">What hvctl ends with.</param>
/// <param name="Suggestion">What was probably meant; or null.</param>
internal sealed record ErrorJson(string Code, string Message, int ExitCode, string? Suggestion)
{
    internal static ErrorJson From(Failure failure) => new(failure.Code, failure.Message, failure.ExitCode, failure.Suggestion);
}
