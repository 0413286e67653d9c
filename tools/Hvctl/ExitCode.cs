namespace SharpVisor.Hvctl;

/// <summary>What hvctl ends with. Scripts rely on the numbers: they stay.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    internal const int Ok = 0;

    /// <summary>The machine refused it, or part of it.</summary>
    internal const int Refused = 1;

    /// <summary>The command line makes no sense.</summary>
    internal const int WrongUsage = 2;

    /// <summary>No machine is there, or it went away.</summary>
    internal const int NoConnection = 3;

    /// <summary>The machine did not answer, or what was waited for did not happen, in time.</summary>
    internal const int TimedOut = 4;

    /// <summary>Broken off by Ctrl-C or a signal.</summary>
    internal const int Interrupted = 130;
}
