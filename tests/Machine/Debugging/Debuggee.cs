using System;
using System.Diagnostics;
using System.Text.Json;
using System.Threading.Tasks;
using SharpVisor.Tests.Machine.Control;
using Xunit;

namespace SharpVisor.Tests.Machine.Debugging;

/// <summary>A VM with <c>hvctl gdb</c> before it.</summary>
internal sealed class Debuggee : IDisposable
{
    private readonly Process _hvctl;

    private Debuggee(Process hvctl, int port)
    {
        _hvctl = hvctl;
        Port = port;
    }

    /// <summary>Where gdb comes.</summary>
    internal int Port { get; }

    internal static async Task<Debuggee> OpenAsync(HvctlMachine machine, string vm)
    {
        Process hvctl = machine.Begin("gdb", vm, "--json");
        string? line = await hvctl.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(line is null, "hvctl gdb does not listen: " + (line is null ? await hvctl.StandardError.ReadToEndAsync() : ""));
        using JsonDocument document = JsonDocument.Parse(line!);
        Assert.Equal(vm, document.RootElement.GetProperty("vm").GetString());
        return new Debuggee(hvctl, document.RootElement.GetProperty("port").GetInt32());
    }

    /// <summary>hvctl dies without a word.</summary>
    internal void Kill() => _hvctl.Kill();

    public void Dispose()
    {
        _hvctl.Kill();
        _hvctl.Dispose();
    }
}
