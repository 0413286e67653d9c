using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using System.Xml.Linq;
using SharpVisor.Debug;
using SharpVisor.Hvctl;
using SharpVisor.Hvctl.Profiling;
using SharpVisor.Hvctl.Tracing;
using Xunit;

namespace SharpVisor.Tests.Unit.Hvctl;

public sealed class ProfileTests
{
    private const string Kallsyms = """
        ffff800008000000 T _text
        ffff800008010000 T start_kernel
        ffff800008010100 t idle
        ffff800008010200 d no_code
        ffff800008020000 t helper	[module]

        """;

    [Fact]
    public void Samples_are_counted_by_function_and_drawn_by_calls()
    {
        Profile profile = new(1, Read(Kallsyms), 0x1000);
        Add(profile, 0, TraceKind.Sample, 0xffff800008010104 + 0x1000, 5);
        Add(profile, 1, TraceKind.Sample, 0xffff800008021000, 5);
        Add(profile, 0, TraceKind.Callers, 0xffff800008010010 + 0x1000, 0);
        Add(profile, 0, TraceKind.Sample, 0xffff800008010108 + 0x1000, 5);
        Add(profile, 0, TraceKind.Callers, 0xffff800008010100 + 0x1000, 0); // behind the last call of start_kernel
        Add(profile, 1, TraceKind.Sample, 0x400000, 0);
        profile.Add(new TraceRecord(1, 0, (2ul << 16) | (byte)TraceKind.Sample, 0xffff800008010000, 5));
        profile.Finish();
        Assert.Equal([("idle", 2), ("[user]", 1), ("helper [module]", 1)], profile.Functions);
        Assert.Equal((4, 1), (profile.Samples, profile.UserSamples));
        CallNode start = Assert.Single(profile.Root.Callees, node => node.Name == "start_kernel");
        Assert.Equal(2, start.Samples);
        Assert.Equal("idle", Assert.Single(start.Callees).Name);

        MemoryStream stream = new();
        FlameGraph.Write(stream, profile.Root, "a <title> & more");
        XDocument svg = XDocument.Parse(Encoding.UTF8.GetString(stream.ToArray()));
        XNamespace names = "http://www.w3.org/2000/svg";
        Assert.Equal(names + "svg", svg.Root!.Name);
        Assert.Equal(5, svg.Descendants(names + "rect").Count());
        Assert.Contains("idle: 2 samples, 50.0 %", svg.Descendants(names + "title").Select(title => title.Value));
    }

    [Theory]
    [InlineData("ffffffffffffffff B The real System.map is in the linux-image-6.1-dbg package\n", "Debian's empty stand-in")]
    [InlineData("0000000000000000 T _text\n0000000000000000 T start_kernel\n", "the guest hides them (kptr_restrict)")]
    [InlineData("what is this\n", "has no symbols")]
    [InlineData("\u007fELF", "without names of functions")]
    public async Task Symbols_that_are_none_are_told_apart(string text, string message)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            HvctlUnderTest hvctl = new("one");
            Assert.Equal(1, await hvctl.RunAsync($"profile one --symbols {file}"));
            Assert.Contains(message, hvctl.Error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task The_place_of_the_kernel_is_found_from_a_running_ones_symbols()
    {
        string here = Path.GetTempFileName();
        string there = Path.GetTempFileName();
        try
        {
            File.WriteAllText(here, Kallsyms);
            File.WriteAllText(there, Kallsyms.Replace("ffff80000", "ffffc0000", StringComparison.Ordinal));
            HvctlUnderTest hvctl = new("one");
            System.Text.Json.JsonElement profile = await hvctl.JsonAsync($"profile one --seconds 0.1 --symbols {here} --kallsyms {there}");
            Assert.Equal("0x400000000000", profile.GetProperty("offset").GetString());
            Assert.Equal((false, 0u), hvctl.Served.Machine.Traced);
            Assert.Equal(2, await hvctl.RunAsync("profile one --offset 10"));
            Assert.Equal(2, await hvctl.RunAsync($"profile one --symbols {here} --offset ten"));
        }
        finally
        {
            File.Delete(here);
            File.Delete(there);
        }
    }

    private static GuestSymbols Read(string text)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            return GuestSymbols.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Add(Profile profile, int cpu, TraceKind kind, ulong first, ulong second) =>
        profile.Add(new TraceRecord(cpu, 0, (1ul << 16) | (byte)kind, first, second));
}
