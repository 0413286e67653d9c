namespace SharpVisor.Build;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">0 when it was content.</param>
/// <param name="Output">What it wrote, standard output and standard error in the order in which lines came.</param>
internal sealed record ProcessResult(int ExitCode, string Output);
