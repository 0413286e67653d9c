using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using System.Xml.Linq;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine.Control;

/// <summary>Traces and profiles of live machines.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task A_trace_of_a_booting_Linux_has_a_track_for_each_CPU_and_VCpu()
    {
        GuestSettings linux = await TestMachine.LinuxAsync();
        byte[] bundle = BundleBuilder.Create(GuestChoice.VmName, linux with { VCpus = 2, Memory = 256L << 20 });
        await using HvctlMachine machine = HvctlMachine.Start(new MachineSettings { Cpus = 2 }, bundle);
        string file = machine.Write("trace.json", []);
        JsonElement summary = await machine.JsonAsync("trace", GuestChoice.VmName, "--seconds", "3", "-o", file);
        JsonElement[] events = TraceSchema.Check(File.ReadAllText(file));
        Assert.True(summary.GetProperty("events").GetInt64() > 1000);
        string[] names = events.Where(one => Text(one, "name") == "thread_name").Select(one => one.GetProperty("args").GetProperty("name").GetString()!).ToArray();
        Assert.Superset(new[] { "CPU 0", "CPU 1", "VCpu 0" }.ToHashSet(), names.ToHashSet());
        Assert.Contains(events, one => Text(one, "name") == "UART write" && Text(one, "ph") == "X");
        Assert.Contains(events, one => Text(one, "name") == "virtual timer" && Text(one, "ph") == "X");
        Assert.Contains(events, one => Text(one, "name") == "inject virtual timer" && Text(one, "ph") == "i");
        Assert.Contains(events, one => Text(one, "name") == GuestChoice.VmName + " vcpu0" && one.GetProperty("pid").GetInt32() == 1);
    }

    [Fact]
    public async Task A_profile_names_the_functions_of_a_guest_and_draws_them()
    {
        string hello = Repository.GuestImage("hello");
        byte[] bundle = await TestMachine.BundleAsync($"[[vm]]\nname = \"left\"\nkernel = \"{hello}\"\nmemory = \"64M\"\n");
        await using HvctlMachine machine = HvctlMachine.Start(new MachineSettings { Cpus = 2 }, bundle);
        await machine.DoAsync("attach", "left", "--history", "99", "--until", "Type and it is echoed");
        string svg = machine.Write("profile.svg", []);
        string elf = Path.ChangeExtension(hello, ".elf");
        JsonElement profile = await machine.JsonAsync("profile", "left", "--seconds", "1", "--symbols", elf, "--offset", "0x40200000", "-o", svg);
        Assert.True(profile.GetProperty("samples").GetInt32() > 20);
        JsonElement first = profile.GetProperty("functions")[0];
        Assert.False(first.GetProperty("name").GetString()!.StartsWith("0x", StringComparison.Ordinal), first.ToString());
        XDocument picture = XDocument.Load(svg);
        Assert.Contains(picture.Descendants(), title => title.Value.StartsWith(first.GetProperty("name").GetString()!, StringComparison.Ordinal));
        Assert.Contains(picture.Descendants(), title => title.Value.Contains("Guests_Start__Begin", StringComparison.Ordinal));
    }

    private static string? Text(JsonElement one, string name) => one.GetProperty(name).GetString();
}
