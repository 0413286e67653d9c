using System;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Attaching;

namespace SharpVisor.Hvctl;

/// <summary>What hvctl is started in: its streams, its terminal, and the way to a machine. Tests give their own.</summary>
internal sealed class Host
{
    /// <summary>Columns that every page fits into.</summary>
    internal const int UsualWidth = 80;

    /// <summary>Standard output.</summary>
    internal required TextWriter Output { get; init; }

    /// <summary>Standard error.</summary>
    internal required TextWriter Error { get; init; }

    /// <summary>Whether standard output is a terminal.</summary>
    internal bool IsTerminal { get; init; }

    /// <summary>Whether standard error is a terminal.</summary>
    internal bool IsErrorTerminal { get; init; }

    /// <summary>Whether to use colours.</summary>
    internal bool HasColour { get; init; }

    /// <summary>Opens a control channel by its address.</summary>
    internal Func<string, CancellationToken, Task<Stream>> OpenAsync { get; init; } = ControlAddress.OpenAsync;

    /// <summary>The keyboard and the screen as bytes, for <c>attach</c>.</summary>
    internal Func<RawTerminal> OpenTerminal { get; init; } = RawTerminal.Open;

    /// <summary>
    /// The process's own. Nothing here asks the terminal for its size or keys: .NET would switch it to application mode,
    /// and an attached guest would get other cursor keys.
    /// </summary>
    internal static Host ForProcess()
    {
        bool isTerminal = !System.Console.IsOutputRedirected;
        bool isDumb = Environment.GetEnvironmentVariable("TERM") is "dumb" || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        UTF8Encoding encoding = new(encoderShouldEmitUTF8Identifier: false);
        return new Host
        {
            Output = new StreamWriter(System.Console.OpenStandardOutput(), encoding) { AutoFlush = true },
            Error = new StreamWriter(System.Console.OpenStandardError(), encoding) { AutoFlush = true },
            IsTerminal = isTerminal,
            IsErrorTerminal = !System.Console.IsErrorRedirected,
            HasColour = isTerminal && !isDumb,
        };
    }
}
