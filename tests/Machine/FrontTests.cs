using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Fetching;
using SharpVisor.Build.Pipeline;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>The commands that people type: make, build.ps1, and what the verbs answer.</summary>
public sealed class FrontTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(300);

    [Fact]
    public async Task Both_fronts_print_the_same_help()
    {
        (int exitCode, string make) = await MakeAsync("help");
        Assert.Equal(0, exitCode);
        (int scriptExitCode, string script) = RunScript("help");
        Assert.Equal(0, scriptExitCode);
        Assert.Contains("smoke", make, StringComparison.Ordinal);
        Assert.Equal(make.Trim(), script.Trim());
    }

    [Fact]
    public void The_script_builds_the_image()
    {
        (int exitCode, string output) = RunScript("build");
        Assert.Equal(0, exitCode);
        Assert.Matches(@"build/sharpvisor\.img: \d+ bytes", output);
    }

    [Fact]
    public void The_script_passes_on_the_exit_code_of_a_wrong_verb()
    {
        (int exitCode, _) = RunScript("nonsense");
        Assert.Equal(2, exitCode);
    }

    [Theory]
    [InlineData("SMP=99", "SMP=99")]
    [InlineData("GIC=4", "GIC=4")]
    [InlineData("MEM=lots", "MEM=lots")]
    [InlineData("GUEST=/not/there", "/not/there")]
    [InlineData("INITRD=/not/there", "/not/there")]
    [InlineData("COLOUR=red", "COLOUR")]
    public async Task A_wrong_variable_is_named_before_anything_starts(string variable, string named)
    {
        (int exitCode, string output) = await RunAsync("", "run", variable);
        Assert.Equal(2, exitCode);
        Assert.Contains(named, output, StringComparison.Ordinal);
        Assert.DoesNotContain("qemu", output.Replace("QEMU", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_prints_its_command_takes_a_script_and_ends_with_0()
    {
        (int exitCode, string output) = await RunAsync("hello q", "run", "GUEST=embedded");
        Assert.Equal(0, exitCode);
        Assert.Matches(@"qemu-system-aarch64 .*-M virt,virtualization=on,gic-version=3 -cpu cortex-a72 -smp 2 -m 1024M -kernel \S+/build/sharpvisor\.img", output);
        Assert.Matches(@"control channel: build/run/control(-\d+)?\.sock; try: build/hvctl list", output);
        Assert.Contains("hello ", output, StringComparison.Ordinal);
        Assert.Contains("sharpvisor: machine stopped, exit code 0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ends_with_1_when_the_guest_crashed()
    {
        string guest = Repository.GuestImage("faults");
        (int exitCode, string output) = await RunAsync("", "run", $"GUEST={guest}", "CMDLINE=vectors", "MEMORY=64M", "VCPUS=1");
        Assert.Equal(1, exitCode);
        Assert.Contains("sharpvisor: guest: crashed", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_comes_to_an_end_on_a_machine_that_cannot_switch_itself_off()
    {
        string tree = TestMachine.LogPath(".dtb");
        try
        {
            // A Raspberry Pi without what it could be switched off by, and without its interrupt controller.
            string text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(await new GuestArtefacts(_ => { }).RaspberryPi3TreeAsync()));
            text = text.Replace("bcm2835-pm-wdt", "bcm2835-pm-xxx", StringComparison.Ordinal).Replace("bcm2836-l1-intc", "bcm2836-l1-xxxx", StringComparison.Ordinal);
            await File.WriteAllBytesAsync(tree, Encoding.Latin1.GetBytes(text));
        }
        catch (FetchException exception)
        {
            Assert.Skip("no device tree of the Raspberry Pi: " + exception.Message);
        }

        (int exitCode, string output) = await RunAsync("", "run", "BOARD=raspi3b", "GUEST=embedded", "QEMU_ARGS=-dtb " + tree);
        Assert.Equal(2, exitCode);
        Assert.Contains("sharpvisor: cannot start: no GICv3, no GICv2 with virtualization extensions and no BCM2836", output, StringComparison.Ordinal);
        Assert.Contains("sharpvisor: machine stopped, exit code 2", output, StringComparison.Ordinal);
        Assert.Contains("switch it off by hand", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_under_make_fails_when_the_guest_crashed()
    {
        string guest = Repository.GuestImage("faults");
        (int exitCode, _) = await MakeAsync("run", $"GUEST={guest}", "CMDLINE=stack", "MEMORY=64M");
        Assert.NotEqual(0, exitCode);
    }

    [Fact]
    public async Task Arguments_for_the_emulator_are_passed_on()
    {
        (_, string output) = await RunAsync("q", "run", "GUEST=embedded", "QEMU_ARGS=-name 'a machine'");
        Assert.Contains("-name 'a machine'", output, StringComparison.Ordinal);
        Assert.Contains("sharpvisor: machine stopped, exit code 0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PowerShell_completes_the_words_of_hvctl()
    {
        string launcher = HostToolStep.Launcher;
        (int exitCode, string script) = await StartAsync(launcher, "", ["completion", "powershell"]);
        Assert.Equal(0, exitCode);
        string line = $"& '{launcher}' log lev";
        using PowerShell shell = PowerShell.Create(InitialSessionState.CreateDefault2());
        shell.AddScript(script).Invoke();
        Assert.Empty(shell.Streams.Error);
        shell.Commands.Clear();
        CommandCompletion completion = CommandCompletion.CompleteInput(line, line.Length, null, shell);
        Assert.Equal(["level"], completion.CompletionMatches.Select(match => match.CompletionText));
    }

    private static Task<(int ExitCode, string Output)> RunAsync(string input, params string[] arguments) =>
        StartAsync("dotnet", input, [Path.Combine(Repository.Output, "dotnet/bin/Build/release/SharpVisor.Build.dll"), .. arguments]);

    private static async Task<(int ExitCode, string Output)> MakeAsync(params string[] arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "make is the front of Linux and macOS");
        return await StartAsync("make", "", ["-s", "--no-print-directory", "-C", Repository.Root, .. arguments]);
    }

    private static async Task<(int ExitCode, string Output)> StartAsync(string program, string input, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (Variable variable in Variables.All)
        {
            start.Environment.Remove(variable.Name);
        }

        // What make told the make that runs these tests is not for another one.
        start.Environment.Remove("MAKEFLAGS");
        start.Environment.Remove("MAKELEVEL");
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end: {output.Result}");
        }

        return (process.ExitCode, (await output + await errors).Replace("\r", "", StringComparison.Ordinal));
    }

    /// <summary>Runs build.ps1 in PowerShell's engine, which has no cmdlets of its own but the core ones.</summary>
    private static (int ExitCode, string Output) RunScript(params string[] arguments)
    {
        using PowerShell shell = PowerShell.Create(InitialSessionState.CreateDefault2());
        shell.AddCommand(Path.Combine(Repository.Root, "build.ps1"));
        foreach (string argument in arguments)
        {
            shell.AddArgument(argument);
        }

        Collection<PSObject> output = shell.Invoke();
        object exitCode = shell.Runspace.SessionStateProxy.GetVariable("LASTEXITCODE");
        return ((int)exitCode, string.Join('\n', output.Select(line => line.ToString())));
    }
}
