using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Hvctl;
using SharpVisor.Hvctl.Attaching;
using Xunit;

namespace SharpVisor.Tests.Unit.Hvctl;

/// <summary>hvctl as it is called, and what it answers.</summary>
internal sealed class HvctlUnderTest
{
    internal HvctlUnderTest(params string[] runningVms)
    {
        Served = new ServedMachine(runningVms);
        OpenAsync = (_, _) => Served.OpenAsync();
    }

    internal ServedMachine Served { get; }

    /// <summary>How it connects.</summary>
    internal Func<string, CancellationToken, Task<Stream>> OpenAsync { get; set; }

    /// <summary>What is typed in <c>attach</c>.</summary>
    internal Stream Input { get; set; } = new MemoryStream();

    /// <summary>Whether a person types.</summary>
    internal bool IsInputTerminal { get; set; }

    internal bool HasColour { get; set; }

    internal string Output { get; private set; } = "";

    internal string Error { get; private set; } = "";

    /// <summary>What <c>attach</c> showed.</summary>
    internal MemoryStream Screen { get; } = new();

    /// <summary>Calls it; the words are separated by spaces.</summary>
    internal async Task<int> RunAsync(string words)
    {
        StringWriter output = new() { NewLine = "\n" };
        StringWriter error = new() { NewLine = "\n" };
        Host host = new()
        {
            Output = output,
            Error = error,
            HasColour = HasColour,
            OpenAsync = OpenAsync,
            OpenTerminal = () => new RawTerminal(Input, Screen, IsInputTerminal, null),
        };
        string[] arguments = ["--socket", "/a/machine", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        int exitCode = await CommandLineTool.RunAsync(arguments, host).WaitAsync(TimeSpan.FromSeconds(60));
        Output = output.ToString();
        Error = error.ToString();
        return exitCode;
    }

    /// <summary>Calls it with <c>--json</c>: one value comes, and nothing on standard error.</summary>
    internal async Task<JsonElement> JsonAsync(string words, int exitCode = ExitCode.Ok)
    {
        Assert.Equal(exitCode, await RunAsync(words + " --json"));
        Assert.Equal("", Error);
        using JsonDocument document = JsonDocument.Parse(Output);
        return document.RootElement.Clone();
    }

    /// <summary>Calls it; all that it says fits into 80 columns.</summary>
    internal async Task<string> PageAsync(string words, int exitCode = ExitCode.Ok)
    {
        Assert.Equal(exitCode, await RunAsync(words));
        Assert.DoesNotContain(Output.Split('\n'), line => line.Length > 80);
        return Output;
    }
}
