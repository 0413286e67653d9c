using System.Collections.Generic;
using System.Linq;
using SharpVisor.Build;
using Xunit;

namespace SharpVisor.Tests.Unit.Build;

/// <summary>Variables: where values come from and what is refused.</summary>
public class SettingsTests
{
    [Fact]
    public void Without_values_the_table_decides()
    {
        Settings settings = Parse([]);
        Assert.Equal(("virt", "cortex-a72", 3), (settings.Board, settings.Cpu, settings.Gic));
        Assert.Equal(settings.Smp, settings.VCpus);
        Assert.Equal(settings.Gic, settings.GuestGic);
    }

    [Fact]
    public void Arguments_win_over_the_environment()
    {
        Settings settings = Parse(["SMP=4"], ("SMP", "2"), ("GIC", "2"));
        Assert.Equal((4, 4, 2, 2), (settings.Smp, settings.VCpus, settings.Gic, settings.GuestGic));
    }

    [Fact]
    public void An_empty_value_is_no_value() => Assert.Equal("virt", Parse([], ("BOARD", "")).Board);

    [Fact]
    public void A_value_may_hold_spaces_quotes_and_equals_signs() =>
        Assert.Equal("console=ttyAMA0 a=\"b c\" quiet", Parse(["CMDLINE=console=ttyAMA0 a=\"b c\" quiet"]).CommandLine);

    [Theory]
    [InlineData("SMP=0")]
    [InlineData("SMP=9")]
    [InlineData("SMP=two")]
    [InlineData("GIC=4")]
    [InlineData("BOARD=raspi9")]
    [InlineData("MEM=lots")]
    [InlineData("GUEST=/no/such/file")]
    [InlineData("TOOLCHAIN=gcc")]
    [InlineData("SPM=1")]
    [InlineData("smp=1")]
    [InlineData("run")]
    [InlineData("=1")]
    public void Nonsense_is_refused_as_wrong_usage(string argument) =>
        Assert.Equal(BuildException.WrongUsage, Assert.Throws<BuildException>(() => Parse([argument])).ExitCode);

    [Fact]
    public void A_refusal_says_what_would_be_right() =>
        Assert.Equal("SMP=99 is wrong: it takes a number from 1 to 8.", Assert.Throws<BuildException>(() => Parse(["SMP=99"])).Message);

    [Fact]
    public void A_misspelt_variable_on_make_s_command_line_is_refused() =>
        Assert.Contains("no variable SPM", Assert.Throws<BuildException>(() => Parse([], ("MAKEFLAGS", "s -- SPM=1"))).Message);

    [Theory]
    [InlineData("", "")]
    [InlineData("s", "")]
    [InlineData(" -- SMP=4", "SMP")]
    [InlineData("-- SMP=4", "SMP")]
    [InlineData("w -- CMDLINE=a\\ b\\ C=d SMP=4", "CMDLINE SMP")]
    [InlineData("-j4 X=1", "")]
    public void Names_are_found_in_MAKEFLAGS(string flags, string names) =>
        Assert.Equal(names, string.Join(' ', MakeFlags.VariableNames(flags)));

    [Theory]
    [InlineData("", "")]
    [InlineData("  -d  int ", "-d|int")]
    [InlineData("-device 'a b' \"c d\"e", "-device|a b|c de")]
    [InlineData("''", "")]
    public void Several_words_in_a_value_are_split(string text, string words) => Assert.Equal(words, string.Join('|', QuotedWords.Split(text)));

    [Fact]
    public void An_open_quote_is_refused() => Assert.Throws<BuildException>(() => QuotedWords.Split("'a"));

    [Theory]
    [InlineData("1G", 1L << 30)]
    [InlineData("512M", 512L << 20)]
    [InlineData("512", 512L << 20)]
    [InlineData("65536K", 64L << 20)]
    [InlineData("65536k", 64L << 20)]
    public void Sizes_are_read(string text, long bytes) => Assert.Equal(bytes, Variables.ParseSize(text));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("M")]
    [InlineData("-1M")]
    [InlineData("1T")]
    [InlineData("99999999999999999999")]
    public void What_is_no_size_is_none(string text) => Assert.Null(Variables.ParseSize(text));

    [Fact]
    public void Every_variable_s_own_value_is_one_that_it_takes() =>
        Assert.All(Variables.All.Where(variable => variable.Initial.Length > 0), variable => Assert.Null(variable.Check(variable.Initial)));

    private static Settings Parse(string[] arguments, params (string Name, string Value)[] environment)
    {
        Dictionary<string, string> values = environment.ToDictionary(pair => pair.Name, pair => pair.Value);
        return Settings.Parse(arguments, name => values.GetValueOrDefault(name));
    }
}
