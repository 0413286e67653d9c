using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Bundles.Definitions;
using Xunit;

namespace SharpVisor.Tests.Unit.Bundles;

/// <summary>Each mistake in a definition is told at its place, with what would be right.</summary>
public sealed class DefinitionErrorTests : IDisposable
{
    // Three lines, so that what a test adds stands in line 5.
    private const string Sound = "[[vm]]\nname = \"web\"\nkernel = \"Image\"\nmemory = \"64M\"\n";

    private readonly DefinitionFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("nmae = 1", "5:1: vm has no key \"nmae\"; did you mean name?")]
    [InlineData("initrd = \"x\"", "5:1: vm has no key \"initrd\"; did you mean ramdisk?")]
    [InlineData("on_crash = \"stop\"", "5:1: vm has no key \"on_crash\"; did you mean on-crash?")]
    [InlineData("colour = 1", "5:1: vm has no key \"colour\"; the keys are autostart, burst, cap, cmdline, cpus, disk, gic, kernel, memory, memory-guarantee, name, on-crash, on-debugger-lost, ramdisk, realtime, share-pages, vcpus, weight")]
    [InlineData("ramdisk = \"no\"", "5:11: ramdisk: \"no\" does not exist; it takes the path of a file, from this file's folder")]
    [InlineData("ramdisk = \"folder\"", "5:11: ramdisk: \"folder\" is a folder; it takes the path of a file, from this file's folder")]
    [InlineData("ramdisk = \"empty\"", "5:11: ramdisk: \"empty\" is empty; it takes the path of a file, from this file's folder")]
    [InlineData("ramdisk = \"\"", "5:11: ramdisk names no file; it takes the path of a file, from this file's folder")]
    [InlineData("ramdisk = 1", "5:11: ramdisk is a whole number; it takes a string such as \"Image\", the path of a file")]
    [InlineData("vcpus = 0", "5:9: vcpus = 0 is out of range; it takes a number from 1 to 8")]
    [InlineData("vcpus = 9", "5:9: vcpus = 9 is out of range; it takes a number from 1 to 8")]
    [InlineData("vcpus = 2.5", "5:9: vcpus is a number with a fraction; it takes a number from 1 to 8")]
    [InlineData("vcpus = { a = 1 }", "5:9: vcpus is a table; it takes a number from 1 to 8")]
    [InlineData("gic = 4", "5:7: gic = 4 is out of range; it takes 2 or 3")]
    [InlineData("  gic  =  \"3\"", "5:11: gic is a string; it takes 2 or 3")]
    [InlineData("weight = 10001", "5:10: weight = 10001 is out of range; it takes a number from 1 to 10000")]
    [InlineData("autostart = \"yes\"", "5:13: autostart is a string; it takes true or false")]
    [InlineData("share-pages = 1", "5:15: share-pages is a whole number; it takes true or false")]
    [InlineData("cmdline = true", "5:11: cmdline is true or false; it takes a string such as \"console=ttyAMA0\"")]
    [InlineData("cmdline = \"a\\nb\"", "5:11: cmdline holds a control character; it takes one line of text")]
    [InlineData("on-crash = \"explode\"", "5:12: on-crash = \"explode\" is no such word; it takes \"stop\", \"restart\" or \"keep\"")]
    [InlineData("memory-guarantee = \"65M\"", "5:20: memory-guarantee is more than memory; it takes at most what memory says")]
    [InlineData("memory-guarantee = \"64\"", "5:20: memory-guarantee = \"64\" cannot be read; it takes a size such as \"512M\" or \"1G\"")]
    [InlineData("cap = \"25\"", "5:7: cap = \"25\" cannot be read; it takes a part of one CPU such as \"25%\" or \"150%\"")]
    [InlineData("cap = \"0%\"", "5:7: cap is out of range; it takes \"0.1%\" to \"6400%\"")]
    [InlineData("cap = 25", "5:7: cap is a whole number; it takes a part of one CPU such as \"25%\" or \"150%\"")]
    [InlineData("burst = \"30s\"", "5:1: burst means nothing without a cap; add for instance cap = \"25%\", or leave burst out")]
    [InlineData("cap = \"5%\"\nburst = \"0s\"", "6:9: burst is out of range; it takes \"1us\" to \"3600s\" of CPU time")]
    [InlineData("cap = \"5%\"\nburst = \"30\"", "6:9: burst = \"30\" cannot be read; it takes a duration such as \"500us\", \"2ms\" or \"1s\"")]
    [InlineData("cpus = 1", "5:8: cpus is a whole number; it takes a list of different numbers from 0 to 63 such as [0, 1]")]
    [InlineData("cpus = []", "5:8: cpus is empty; it takes a list of different numbers from 0 to 63 such as [0, 1]")]
    [InlineData("cpus = [0, 64]", "5:12: cpus holds 64, which is out of range; it takes a list of different numbers from 0 to 63 such as [0, 1]")]
    [InlineData("cpus = [1, 1]", "5:12: cpus holds 1 twice; it takes a list of different numbers from 0 to 63 such as [0, 1]")]
    [InlineData("cpus = [\"1\"]", "5:9: cpus holds a string; it takes a list of different numbers from 0 to 63 such as [0, 1]")]
    [InlineData("realtime = \"2ms\"", "5:12: realtime is a string; it takes a table such as { budget = \"2ms\", period = \"10ms\" }")]
    [InlineData("realtime = { budget = \"2ms\" }", "5:12: realtime has no period; add for instance period = \"10ms\"")]
    [InlineData("realtime = { budget = \"11ms\", period = \"10ms\" }", "5:23: budget is out of range; it takes at least \"50us\" and at most what period says")]
    [InlineData("realtime = { budget = \"1us\", period = \"10ms\" }", "5:23: budget is out of range; it takes at least \"50us\" and at most what period says")]
    [InlineData("realtime = { budget = \"1ms\", period = \"11s\" }", "5:39: period is out of range; it takes at most \"10s\"")]
    [InlineData("realtime = { budget = \"1ms\", period = \"2ms\", perod = 1 }", "5:46: realtime has no key \"perod\"; did you mean period?")]
    [InlineData("realtime.budget = \"1ms\"", "5:1: realtime has no period; add for instance period = \"10ms\"")]
    [InlineData("[vm.realtime]\nbudget = \"1ms\"", "5:1: realtime has no period; add for instance period = \"10ms\"")]
    [InlineData("vcpus = 1\nvcpus = 2", "6:1: vcpus is given twice, first in line 5; leave one of them")]
    [InlineData("[vm]", "5:1: vm is no table of a virtual machine; write [[vm]]")]
    [InlineData("[[vms]]", "5:1: vms is no table of a virtual machine; write [[vm]]")]
    public void A_mistake_is_told_at_its_place(string addition, string expected) =>
        Assert.Equal(["vms.toml:" + expected], _folder.Mistakes(Sound + addition + "\n"));

    [Theory]
    [InlineData("", "1:1: no virtual machine is defined; begin each with [[vm]]")]
    [InlineData("# nothing\n", "1:1: no virtual machine is defined; begin each with [[vm]]")]
    [InlineData("vm = 3\n", "1:1: \"vm\" belongs to no virtual machine; each virtual machine is a table that begins with [[vm]]")]
    [InlineData("[[vm]]\nkernel = \"Image\"\nmemory = \"1M\"\n", "1:1: vm has no name; add for instance name = \"web\"")]
    [InlineData("[[vm]]\nname = \"a\"\nmemory = \"1M\"\n", "1:1: vm has no kernel; add for instance kernel = \"Image\"")]
    [InlineData("[[vm]]\nname = \"a\"\nkernel = \"Image\"\n", "1:1: vm has no memory; add for instance memory = \"512M\"")]
    [InlineData("[[vm]]\nnmae = \"a\"\nkernel = \"Image\"\nmemory = \"1M\"\n", "2:1: vm has no key \"nmae\"; did you mean name?")]
    [InlineData("[[vm]]\nname = \"A\"\nkernel = \"Image\"\nmemory = \"1M\"\n", "2:8: name = \"A\" cannot be a name; it takes 1 to 31 of a-z, 0-9 and -")]
    [InlineData("[[vm]]\nname = \"a\"\nkernel = \"Image\"\nmemory = \"512K\"\n", "4:10: memory is out of range; it takes \"1M\" to \"512G\", in steps of \"4K\"")]
    [InlineData("[[vm]]\nname = \"a\"\nkernel = \"Image\"\nmemory = 64\n", "4:10: memory is a whole number; it takes a size such as \"512M\" or \"1G\"")]
    [InlineData("[[vm]]\nname = \"a\"\nkernel = \"large\"\nmemory = \"1M\"\n", "4:10: memory is smaller than the kernel and the ramdisk, which have 1500000 bytes; more than \"2M\" is needed")]
    public void A_wrong_file_is_told_what_would_be_right(string text, string expected)
    {
        _folder.Add("large", new byte[1_500_000]);
        Assert.Equal(["vms.toml:" + expected], _folder.Mistakes(text));
    }

    [Fact]
    public void What_is_no_TOML_is_told_beside_what_can_be_read() =>
        Assert.Equal(
            [
                "vms.toml:5:7: cap is a whole number; it takes a part of one CPU such as \"25%\" or \"150%\"",
                "vms.toml:5:9: Unexpected token found `%` while expecting token `newline`; see toml.io for how TOML is written",
            ],
            _folder.Mistakes(Sound + "cap = 25%\n"));

    [Fact]
    public void A_name_that_is_taken_is_told_with_who_has_it() =>
        Assert.Equal(["vms.toml:6:8: name = \"web\" is taken by the virtual machine in line 2; each has a name of its own"], _folder.Mistakes(Sound + Sound));

    [Fact]
    public void All_mistakes_are_told_in_one_run_in_the_order_of_the_file()
    {
        string text = "[[vm]]\nname = 1\nkernel = \"no\"\nmemory = \"x\"\nvcpus = 0\n" + Sound + "gic = 1\nweigth = 2\n";
        IReadOnlyList<string> mistakes = _folder.Mistakes(text);
        Assert.Equal(["2:8", "3:10", "4:10", "5:9", "10:7", "11:1"], mistakes.Select(mistake => string.Join(':', mistake.Split(':')[1..3])));
    }

    [Fact]
    public void More_machines_than_a_bundle_holds_are_refused()
    {
        string text = string.Concat(Enumerable.Range(0, 257).Select(index => Sound.Replace("web", $"web-{index}", StringComparison.Ordinal)));
        Assert.Equal(["vms.toml:1025:1: too many virtual machines; a bundle holds at most 256"], _folder.Mistakes(text));
    }

    [Fact]
    public void A_command_line_that_Linux_would_cut_is_refused()
    {
        Assert.Empty(_folder.Mistakes($"{Sound}cmdline = \"{new string('a', 2047)}\"\n"));
        Assert.StartsWith("vms.toml:5:11: cmdline is too long;", Assert.Single(_folder.Mistakes($"{Sound}cmdline = \"{new string('a', 2048)}\"\n")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\\")]
    [InlineData("\\u")]
    [InlineData("\\ud800\"")]
    [InlineData("\\UFFFFFFFF\"")]
    [InlineData("\"\"")]
    public void A_file_that_ends_in_a_string_is_refused(string end) => Assert.NotEmpty(_folder.Mistakes(Sound + "cmdline = \"" + end));

    [Fact]
    public void Garbage_ends_in_messages_and_never_in_an_exception()
    {
        const string Whole = Sound + "cpus = [0, 1]\nrealtime = { budget = \"2ms\", period = \"10ms\" }\n[[vm]]\nname='b'\n[vm.realtime]\n";
        Gen.Select(Gen.Int[0, Whole.Length], Gen.Select(Gen.Int[0, Whole.Length - 1], Gen.Char["[]{}=\"'.,\n\\#%aubxUD80 \0\u001f\r\té"]).Array[0, 5]).Sample((length, changes) =>
        {
            char[] text = Whole.ToCharArray();
            foreach ((int place, char value) in changes)
            {
                text[place] = value;
            }

            _folder.Read(new string(text, 0, length), out IReadOnlyList<DefinitionError> errors);
            foreach (DefinitionError error in errors)
            {
                Assert.InRange(error.Line, 1, 20);
                Assert.InRange(error.Column, 1, Whole.Length + 1);
                Assert.NotEmpty(error.Problem);
                Assert.DoesNotContain('\n', error.ToString());
            }
        }, iter: 2000, threads: 1);
    }
}
