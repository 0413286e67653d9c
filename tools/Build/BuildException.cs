using System;

namespace SharpVisor.Build;

/// <summary>Something that the person at the keyboard is to read: printed without a stack trace, ends the build.</summary>
internal sealed class BuildException : Exception
{
    /// <summary>Exit code of a build, run or test that failed.</summary>
    internal const int Failed = 1;

    /// <summary>Exit code of a command line that makes no sense.</summary>
    internal const int WrongUsage = 2;

    internal BuildException(string message, int exitCode = Failed)
        : base(message)
    {
        ExitCode = exitCode;
    }

    internal int ExitCode { get; }
}
