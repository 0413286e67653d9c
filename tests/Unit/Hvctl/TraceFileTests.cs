using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using CsCheck;
using SharpVisor.Debug;
using SharpVisor.Hvctl.Tracing;
using Xunit;

namespace SharpVisor.Tests.Unit.Hvctl;

public sealed class TraceFileTests
{
    private const ulong Linux = 1ul << 16;
    private const ulong Other = 2ul << 16;

    [Fact]
    public void Exits_are_slices_injections_instants_and_turns_are_on_the_tracks_of_CPUs()
    {
        JsonElement[] events = Write(
            Record(0, 100, TraceKind.Arrive, Linux),
            Record(0, 110, TraceKind.Entry, Linux),
            Record(0, 200, TraceKind.Exit, Linux | (0x9200_0046ul << 32), 0x1000, 0x0a00_0250),
            Record(0, 205, TraceKind.Injection, Linux, 0, 33),
            Record(0, 210, TraceKind.Entry, Linux),
            Record(0, 300, TraceKind.Interrupt, Linux, 0x2000, 27),
            Record(0, 310, TraceKind.Depart, Linux, 2, Other),
            Record(0, 320, TraceKind.Entry, Other),
            Record(0, 400, TraceKind.Exit, Other | (0x5a00_0000ul << 32), 0x3000, 0x8400_0000),
            Record(1, 420, TraceKind.Entry, Linux));
        string[] expected =
            [
                "virtio 1 notify 2/0 12.5+1.25", "inject SPI 1 2/0 13.125", "inject virtual timer 2/0 25", "linux vcpu0 1/0 0+26.25",
                "virtual timer 2/0 25+15", "other vcpu0 1/0 26.25+13.75", "linux vcpu0 1/1 40+0",
            ];
        Assert.Equal(expected.Order(Order), events.Where(one => one.GetProperty("ph").GetString() != "M").Select(Describe).Order(Order));
    }

    [Fact]
    public void Whatever_the_records_are_viewers_can_read_the_file()
    {
        Gen<TraceRecord> record =
            from cpu in Gen.Int[0, 3]
            from time in Gen.ULong[0, 1000]
            from kind in Gen.ULong[0, 15]
            from vm in Gen.ULong[0, 3]
            from vcpu in Gen.ULong[0, 2]
            from detail in Gen.UInt
            from first in Gen.ULong
            from second in Gen.OneOf(Gen.ULong, Gen.ULong[0, 1 << 18])
            select new TraceRecord(cpu, time, kind | (vcpu << 8) | (vm << 16) | ((ulong)detail << 32), first, second);
        record.Array[0, 200].Sample(records => Write([.. records.OrderBy(one => one.Time)]).Length != 0, iter: 300);
    }

    [Theory]
    [InlineData("trace nobody -o {0}", 1, "there is no virtual machine 'nobody'")]
    [InlineData("trace one --seconds 0", 2, "--seconds takes a number from")]
    [InlineData("trace one -o /nowhere/at/all.json", 1, "/nowhere/at")]
    public async Task What_is_wrong_is_said_and_no_file_is_left(string words, int exitCode, string message)
    {
        string folder = Directory.CreateTempSubdirectory("trace").FullName;
        try
        {
            HvctlUnderTest hvctl = new("one");
            Assert.Equal(exitCode, await hvctl.RunAsync(words.Replace("{0}", Path.Combine(folder, "out.json"))));
            Assert.Contains(message, hvctl.Error);
            Assert.Empty(Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_trace_is_written_whole_and_tracing_ends_with_it()
    {
        string folder = Directory.CreateTempSubdirectory("trace").FullName;
        try
        {
            string file = Path.Combine(folder, "out.json");
            HvctlUnderTest hvctl = new("one");
            JsonElement summary = await hvctl.JsonAsync($"trace one --seconds 0.1 -o {file}");
            Assert.Equal(file, Assert.Single(Directory.GetFiles(folder)));
            TraceSchema.Check(File.ReadAllText(file));
            Assert.Equal(0, summary.GetProperty("lostRecords").GetInt32());
            Assert.Equal((false, 0u), hvctl.Served.Machine.Traced);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static readonly System.StringComparer Order = System.StringComparer.Ordinal;

    private static TraceRecord Record(int cpu, ulong time, TraceKind kind, ulong what, ulong first = 0, ulong second = 0) =>
        new(cpu, time, what | (byte)kind, first, second);

    private static JsonElement[] Write(params TraceRecord[] records)
    {
        MemoryStream stream = new();
        using (TraceFile file = new(stream, new TraceClock(8_000_000, 100), 1, new Dictionary<int, string> { [1] = "linux", [2] = "other" }, 2))
        {
            foreach (TraceRecord record in records)
            {
                file.Add(record);
            }

            file.Finish(7);
        }

        return TraceSchema.Check(Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static string Describe(JsonElement one)
    {
        string text = $"{one.GetProperty("name").GetString()} {one.GetProperty("pid").GetInt32()}/{one.GetProperty("tid").GetInt32()} {one.GetProperty("ts").GetDouble():0.###}";
        return one.TryGetProperty("dur", out JsonElement length) ? $"{text}+{length.GetDouble():0.###}" : text;
    }
}
