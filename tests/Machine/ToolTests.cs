using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using CsCheck;
using SharpVisor.Build;
using SharpVisor.Build.Fetching;
using SharpVisor.Build.Running;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>The small parts of the verbs that run machines.</summary>
public sealed class ToolTests
{
    [Theory]
    [InlineData("plain-1.0", "plain-1.0")]
    [InlineData("", "''")]
    [InlineData("two words", "'two words'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("a\"b$c", "'a\"b$c'")]
    public void A_printed_word_can_be_copied_into_a_shell(string word, string printed) =>
        Assert.Equal(printed, ShellWords.Join([word]));

    [Theory]
    [InlineData("sharpvisor: machine stopped, exit code 0", 0)]
    [InlineData("sharpvisor: machine stopped, exit code 2 ", 2)]
    [InlineData("guest text without an endsharpvisor: machine stopped, exit code 1", 1)]
    public void The_closing_line_tells_the_exit_code(string line, int exitCode)
    {
        Assert.True(ClosingLine.TryParse(line, out int actual));
        Assert.Equal(exitCode, actual);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sharpvisor: guest: powered off")]
    [InlineData("sharpvisor: machine stopped, exit code 0 or so")]
    public void Other_lines_are_no_closing_line(string line) => Assert.False(ClosingLine.TryParse(line, out _));

    [Theory]
    [InlineData("sharpvisor: machine stopped, exit code 2\r\nsharpvisor: firmware cannot switch the machine off: switch it off by hand\r\n", true)]
    [InlineData("sharpvisor: machine stopped, exit code 2\r\nsharpvisor: firmware cannot switch the machine off: switch it off by hand\r\n\r\n$ ", false)]
    [InlineData("sharpvisor: machine stopped, exit code 2\r\n", false)]
    [InlineData("sharpvisor: firmware cannot switch the machine off: switch it off by hand\r\n", false)]
    public void A_machine_that_was_left_on_says_so_behind_its_closing_line(string output, bool isLeftOn)
    {
        LastLine last = new();
        last.Add(Encoding.ASCII.GetBytes(output));
        Assert.Equal(isLeftOn, ClosingLine.IsLeftOn(last.Before, last.Text));
    }

    [Fact]
    public void The_last_lines_do_not_depend_on_how_the_bytes_come() =>
        Gen.Char["ab \r\n"].Array[0, 60].Select(Gen.Int[1, 9].Array[60]).Sample((characters, cuts) =>
        {
            LastLine inOne = new();
            inOne.Add(Encoding.ASCII.GetBytes(characters));
            LastLine inPieces = new();
            int from = 0;
            foreach (int cut in cuts)
            {
                int to = Math.Min(characters.Length, from + cut);
                inPieces.Add(Encoding.ASCII.GetBytes(characters[from..to]));
                from = to;
            }

            string expected = "";
            string before = "";
            foreach (string line in new string(characters).Split('\r', '\n'))
            {
                if (line.Trim(' ').Length != 0)
                {
                    before = expected;
                    expected = line;
                }
            }

            Assert.Equal(expected, inOne.Text);
            Assert.Equal(expected, inPieces.Text);
            Assert.Equal(before, inOne.Before);
            Assert.Equal(before, inPieces.Before);
        });

    [Fact]
    public void A_bundle_reads_back_as_it_was_written() =>
        Gen.Select(Gen.Byte.Array[0, 9000], Gen.Byte.Array[0, 9000], Gen.Int[1, 8], Gen.Long[1, 1L << 40], Gen.Int[0, 3]).Sample((kernel, ramdisk, vcpus, memory, gic) =>
        {
            GuestSettings guest = new() { Kernel = "", CommandLine = "a=b \"c d\"", VCpus = vcpus, Memory = memory, GicVersion = gic };
            byte[] blob = BundleBuilder.Create("one", guest, kernel, ramdisk);
            Assert.Equal(FdtError.None, FdtReader.TryCreate(blob, out FdtReader tree));
            Assert.Equal(kernel, Image(blob, tree, "/images/kernel"));
            Assert.Equal(ramdisk, Image(blob, tree, "/images/ramdisk"));

            Assert.True(tree.TryFindPath("/vms/one"u8, out FdtNode vm));
            Assert.Equal("kernel", Text(tree, vm, "kernel"));
            Assert.Equal("ramdisk", Text(tree, vm, "ramdisk"));
            Assert.Equal("a=b \"c d\"", Text(tree, vm, "bootargs"));
            Assert.True(tree.TryGetCell(vm, "vcpus"u8, out uint cpus));
            Assert.Equal((uint)vcpus, cpus);
            Assert.True(tree.TryGetNumber(vm, "memory"u8, out ulong bytes));
            Assert.Equal((ulong)memory, bytes);
            Assert.Equal(gic != 0, tree.TryGetCell(vm, "gic"u8, out uint version));
            Assert.Equal((uint)gic, version);
        });

    [Fact]
    public void Each_header_of_an_archive_stands_at_a_multiple_of_4_and_has_110_digits()
    {
        using MemoryStream stream = new();
        CpioWriter archive = new(stream);
        archive.AddFolder("etc");
        archive.AddFile("etc/a", "12345"u8, executable: true);
        archive.AddLink("init", "bin/sh");
        archive.AddCharacterDevice("dev/console", 5, 1);
        archive.Finish();
        byte[] bytes = stream.ToArray();
        Assert.Equal(0, bytes.Length % 512);

        List<string> entries = [];
        int place = 0;
        do
        {
            uint Field(int index) => Convert.ToUInt32(Encoding.ASCII.GetString(bytes, place + 6 + (index * 8), 8), 16);
            Assert.Equal(0, place % 4);
            Assert.Equal("070701", Encoding.ASCII.GetString(bytes, place, 6));
            int nameLength = (int)Field(11) - 1;
            string name = Encoding.ASCII.GetString(bytes, place + 110, nameLength);
            int data = (place + 110 + nameLength + 1 + 3) & ~3;
            entries.Add($"{name} {Convert.ToString(Field(1), 8)} {Field(9)}:{Field(10)} {Encoding.ASCII.GetString(bytes, data, (int)Field(6))}");
            place = (data + (int)Field(6) + 3) & ~3;
        }
        while (!entries[^1].StartsWith("TRAILER!!!", StringComparison.Ordinal));

        Assert.Equal(
            ["etc 40755 0:0 ", "etc/a 100755 0:0 12345", "init 120777 0:0 bin/sh", "dev/console 20600 5:1 ", "TRAILER!!! 0 0:0 "],
            entries);
    }

    [Fact]
    public void Every_pinned_package_has_a_hash()
    {
        IReadOnlyList<PackagePin> pins = PackageLock.Read(Repository.Combine("tools/Build/Fetching/debian.lock"));
        Assert.NotEmpty(pins);
        Assert.All(pins, pin => Assert.Matches("^[0-9a-f]{64}$", pin.Sha256));
    }

    private static byte[] Image(byte[] bundle, FdtReader tree, string path)
    {
        Assert.True(tree.TryFindPath(Encoding.ASCII.GetBytes(path), out FdtNode node));
        Assert.True(tree.TryGetNumber(node, "data-position"u8, out ulong position));
        Assert.True(tree.TryGetNumber(node, "data-size"u8, out ulong size));
        Assert.Equal(0ul, position % 4096);
        return bundle[(int)position..(int)(position + size)];
    }

    private static string Text(FdtReader tree, FdtNode node, string property)
    {
        Assert.True(tree.TryGetString(node, Encoding.ASCII.GetBytes(property), out ReadOnlySpan<byte> value));
        return Encoding.UTF8.GetString(value);
    }
}
