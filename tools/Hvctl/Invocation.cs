using System;
using System.CommandLine;
using System.IO;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Json;
using SharpVisor.Hvctl.Output;

namespace SharpVisor.Hvctl;

/// <summary>One command being executed: what was typed, where it is answered, and the machine once it is needed.</summary>
internal sealed class Invocation : IAsyncDisposable
{
    private MachineClient? _machine;

    internal Invocation(Host host, ParseResult words, CancellationToken cancellation)
    {
        Host = host;
        Words = words;
        Cancellation = cancellation;
        IsJson = words.GetValue(GlobalOptions.Json);
    }

    internal Host Host { get; }

    /// <summary>What was typed.</summary>
    internal ParseResult Words { get; }

    /// <summary>Ctrl-C or a signal.</summary>
    internal CancellationToken Cancellation { get; }

    /// <summary>Whether the answer is JSON.</summary>
    internal bool IsJson { get; }

    /// <summary>Where the machine is.</summary>
    internal string Address { get; private set; } = "";

    /// <summary>How long to wait for it.</summary>
    internal TimeSpan Limit => TimeSpan.FromSeconds(Words.GetValue(GlobalOptions.Timeout));

    /// <summary>The machine; connects to it the first time.</summary>
    /// <exception cref="ControlException">It is not there.</exception>
    internal async Task<MachineClient> MachineAsync()
    {
        if (_machine is null)
        {
            Address = ControlAddress.Resolve(Words.GetValue(GlobalOptions.Socket));
            Stream line = await Host.OpenAsync(Address, Cancellation);
            ClientOptions options = new()
            {
                Limit = Limit,
                Name = "hvctl",
                OnLate = () => Note("the machine does not answer yet; asking again"),
            };
            _machine = new MachineClient(await ControlClient.StartAsync(line, options, Cancellation));
        }

        return _machine;
    }

    /// <summary>Writes a line for people; for programs there is JSON.</summary>
    internal void Say(string line)
    {
        if (!IsJson)
        {
            Host.Output.WriteLine(line);
        }
    }

    /// <summary>Writes a line that is no part of the answer.</summary>
    internal void Note(string line)
    {
        if (!IsJson)
        {
            Host.Error.WriteLine("hvctl: " + line);
        }
    }

    /// <summary>Writes a table.</summary>
    internal void Say(Table table) => table.Write(Host.Output, Host.HasColour);

    /// <summary>Writes a value as JSON.</summary>
    internal void Write<T>(T value, JsonTypeInfo<T> type) => Host.Output.WriteLine(JsonSerializer.Serialize(value, type));

    /// <summary>Says why the command was not done, in the form that was asked for.</summary>
    internal static void Report(Host host, bool isJson, Failure failure)
    {
        if (isJson)
        {
            host.Output.WriteLine(JsonSerializer.Serialize(new FailureJson(ErrorJson.From(failure)), HvctlJson.Page.FailureJson));
        }
        else if (failure.ExitCode != ExitCode.Interrupted)
        {
            host.Error.WriteLine("hvctl: " + failure.Message);
        }
    }

    /// <summary>Ends the session with the machine.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_machine is not null)
        {
            await _machine.DisposeAsync();
        }
    }
}
