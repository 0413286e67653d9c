using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl;
using SharpVisor.Hvctl.Commands;
using Xunit;

namespace SharpVisor.Tests.Unit.Hvctl;

/// <summary>What shells ask.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("hvctl sta", "start")]
    [InlineData("build/hvctl res", "reset resume")]
    [InlineData("hvctl log le", "level")]
    [InlineData("hvctl log level w", "warning")]
    [InlineData("hvctl completion ", "bash fish powershell zsh")]
    [InlineData("hvctl list --js", "--json")]
    [InlineData("hvctl start w", "web web-2")]
    [InlineData("hvctl start db w", "web web-2")]
    [InlineData("hvctl info ", "db web web-2")]
    [InlineData("hvctl start --all nothing-of-that-kind", "")]
    public async Task Words_and_names_complete(string line, string words)
    {
        HvctlUnderTest hvctl = new("web", "web-2", "db");
        Assert.Equal(words.Split(' ', StringSplitOptions.RemoveEmptyEntries), await AskAsync(hvctl, line));
    }

    [Fact]
    public async Task Names_are_those_that_the_machine_has_now()
    {
        HvctlUnderTest hvctl = new("web");
        Assert.Equal(["web"], await AskAsync(hvctl, "hvctl stop "));
        hvctl.Served.Machine.Add("new", VmState.Created);
        Assert.Equal(["new", "web"], await AskAsync(hvctl, "hvctl stop "));
    }

    [Fact]
    public async Task Without_a_machine_there_are_no_names_and_no_error()
    {
        HvctlUnderTest hvctl = new() { OpenAsync = ControlAddress.OpenAsync };
        Assert.Empty(await AskAsync(hvctl, "hvctl stop "));
        Assert.Equal("", hvctl.Error);
    }

    [Fact]
    public async Task Files_of_bundles_complete()
    {
        HvctlUnderTest hvctl = new("web");
        string folder = Directory.CreateTempSubdirectory("bundles").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "vms.itb"), "");
            await File.WriteAllTextAsync(Path.Combine(folder, "vms.toml"), "");
            Assert.Equal([Path.Combine(folder, "vms.itb")], await AskAsync(hvctl, $"hvctl create {folder}/v"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("bash", "complete -F _hvctl hvctl")]
    [InlineData("zsh", "compdef _hvctl hvctl")]
    [InlineData("fish", "complete -c hvctl")]
    [InlineData("powershell", "Register-ArgumentCompleter")]
    public async Task There_is_a_script_for_each_shell(string shell, string text)
    {
        HvctlUnderTest hvctl = new();
        Assert.Equal(ExitCode.Ok, await hvctl.RunAsync("completion " + shell));
        Assert.Contains(text, hvctl.Output, StringComparison.Ordinal);
        Assert.Contains(CompletionCommand.Asked, hvctl.Output, StringComparison.Ordinal);
    }

    private static async Task<string[]> AskAsync(HvctlUnderTest hvctl, string line)
    {
        StringWriter output = new() { NewLine = "\n" };
        Host host = new() { Output = output, Error = new StringWriter(), OpenAsync = hvctl.OpenAsync };
        Assert.Equal(ExitCode.Ok, await CommandLineTool.RunAsync([CompletionCommand.Asked, line.Length.ToString(CultureInfo.InvariantCulture), line], host));
        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Split('\t')[0]).Order(StringComparer.Ordinal).ToArray();
    }
}
