using System.CommandLine;

namespace SharpVisor.Hvctl;

/// <summary>Options that every verb takes.</summary>
internal static class GlobalOptions
{
    private const double UsualTimeout = 10;

    /// <summary>Answers as JSON.</summary>
    internal static readonly Option<bool> Json = new("--json") { Description = "Answer as JSON (tools/Hvctl/README.md has the fields)", Recursive = true };

    /// <summary>Where the machine is.</summary>
    internal static readonly Option<string?> Socket = new("--socket", "-s")
    {
        Description = "Socket or serial device of the machine (HVCTL_SOCKET; else this working copy's build/run/control.sock)",
        HelpName = "PATH",
        Recursive = true,
    };

    /// <summary>How long to wait for an answer.</summary>
    internal static readonly Option<double> Timeout = new("--timeout")
    {
        Description = "Seconds to wait for the machine",
        HelpName = "SECONDS",
        Recursive = true,
        DefaultValueFactory = _ => UsualTimeout,
    };

    static GlobalOptions() => NumberRange.Require(Timeout, 0.01, 1e6);
}
