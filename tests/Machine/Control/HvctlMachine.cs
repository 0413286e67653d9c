using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Pipeline;
using SharpVisor.Build.Running;
using SharpVisor.Control.Broker;
using Xunit;

namespace SharpVisor.Tests.Machine.Control;

/// <summary>An emulated machine with a broker before its control channel, and hvctl as a person calls it.</summary>
internal sealed class HvctlMachine : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    private readonly string _folder;
    private readonly MachineChannel _channel;

    private HvctlMachine(string folder, MachineChannel channel, EmulatedMachine emulated)
    {
        _folder = folder;
        _channel = channel;
        Emulated = emulated;
    }

    internal EmulatedMachine Emulated { get; }

    /// <summary>The socket that clients connect to.</summary>
    internal string Socket => _channel.Address;

    /// <summary>Starts the hypervisor with a bundle.</summary>
    internal static HvctlMachine Start(MachineSettings machine, byte[] bundle)
    {
        string folder = Directory.CreateTempSubdirectory("hvctl").FullName;
        MachineChannel channel = MachineChannel.Open(Path.Combine(folder, "control.sock"));
        string file = Path.Combine(folder, "boot.itb");
        File.WriteAllBytes(file, bundle);
        List<string> command = [.. QemuCommand.Create(machine, Repository.Image, file), .. channel.QemuArguments];
        return new HvctlMachine(folder, channel, TestMachine.Start(command));
    }

    /// <summary>Starts hvctl; the caller waits for it, or ends it.</summary>
    internal Process Begin(params IReadOnlyList<string> words)
    {
        Assert.True(File.Exists(HostToolStep.Program), "hvctl is not there: make build makes it");
        ProcessStartInfo start = new("dotnet", [HostToolStep.Program, "--socket", Socket, "--timeout", "60", .. words])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    /// <summary>Calls hvctl.</summary>
    internal Task<(int ExitCode, string Output, string Error)> CallAsync(params IReadOnlyList<string> words) => CallAsync("", words);

    /// <summary>Calls hvctl with text for its standard input.</summary>
    internal async Task<(int ExitCode, string Output, string Error)> CallAsync(string input, IReadOnlyList<string> words)
    {
        using Process process = Begin(words);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill();
            Assert.Fail($"hvctl {string.Join(' ', words)} did not end");
        }

        return (process.ExitCode, await output, await error);
    }

    /// <summary>Calls hvctl, which must do what it is told.</summary>
    /// <returns>Its output.</returns>
    internal async Task<string> DoAsync(params IReadOnlyList<string> words)
    {
        (int exitCode, string output, string error) = await CallAsync(words);
        Assert.True(exitCode == 0, $"hvctl {string.Join(' ', words)} ended with {exitCode}: {error}{output}");
        return output;
    }

    /// <summary>Calls hvctl for JSON.</summary>
    internal async Task<JsonElement> JsonAsync(params IReadOnlyList<string> words)
    {
        using JsonDocument document = JsonDocument.Parse(await DoAsync([.. words, "--json"]));
        return document.RootElement.Clone();
    }

    /// <summary>The VMs and their states: "left running, right paused".</summary>
    internal async Task<string> StatesAsync()
    {
        List<string> states = [];
        foreach (JsonElement vm in (await JsonAsync("list")).EnumerateArray())
        {
            states.Add($"{vm.GetProperty("name").GetString()} {vm.GetProperty("state").GetString()}");
        }

        return string.Join(", ", states);
    }

    /// <summary>Bytes of memory that nobody has.</summary>
    internal async Task<long> FreeAsync() => (await JsonAsync("mem")).GetProperty("freeBytes").GetInt64();

    /// <summary>A file beside the machine's socket.</summary>
    internal string Write(string name, byte[] bytes)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllBytes(file, bytes);
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        await Emulated.DisposeAsync();
        await _channel.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
