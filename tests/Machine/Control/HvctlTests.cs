using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine.Control;

/// <summary>hvctl, the broker and the hypervisor together: as people and scripts use them.</summary>
public sealed class HvctlTests
{
    private const string Ready = "Type and it is echoed";

    [Fact]
    public async Task Machines_are_watched_and_driven_from_the_workstation()
    {
        await using HvctlMachine machine = HvctlMachine.Start(new MachineSettings { Cpus = 2 }, await MakeAsync("left", "right"));
        await machine.DoAsync("attach", "right", "--history", "99", "--until", Ready);
        Assert.Equal("left running, right running", await machine.StatesAsync());

        await machine.DoAsync("pause", "left");
        Assert.Equal("left paused, right running", await machine.StatesAsync());
        JsonElement registers = (await machine.JsonAsync("regs", "left"))[0].GetProperty("registers");
        Assert.StartsWith("0x00000000402", registers.GetProperty("pc").GetString(), StringComparison.Ordinal);
        (int exitCode, _, string error) = await machine.CallAsync("pause", "left");
        Assert.Equal(1, exitCode);
        Assert.Contains("cannot pause left: it is paused", error, StringComparison.Ordinal);
        await machine.DoAsync("resume", "--all");
        Assert.Equal("left running, right running", await machine.StatesAsync());

        (exitCode, string output, _) = await machine.CallAsync("typed from afar", ["attach", "left"]);
        Assert.Equal(0, exitCode);
        Assert.Equal("typed from afar", output);

        await machine.DoAsync("stop", "left");
        Assert.Equal("left stopped, right running", await machine.StatesAsync());
        await machine.DoAsync("start", "left");
        await machine.DoAsync("reset", "left");
        await machine.DoAsync("attach", "left", "--history", "99", "--until", Ready);
        Assert.Equal(2, (await machine.JsonAsync("info", "left")).GetProperty("restarts").GetInt32());

        JsonElement top = await machine.JsonAsync("top", "--interval", "0.5");
        Assert.Equal(2, top.GetProperty("vms").GetArrayLength());
        Assert.Equal(2, (await machine.JsonAsync("cpu")).GetArrayLength());
        Assert.Contains("sharpvisor: left: reset", (await machine.JsonAsync("log")).GetProperty("text").GetString(), StringComparison.Ordinal);
        string line = $"hvctl --socket {machine.Socket} info ";
        Assert.Equal("left\nright\n", Words(await machine.DoAsync("complete-line", line.Length.ToString(CultureInfo.InvariantCulture), line)));

        await machine.DoAsync("poweroff");
        await TestMachine.ExpectEndAsync(machine.Emulated, 0, Patience.SmallGuest);
        (exitCode, _, _) = await machine.CallAsync("list");
        Assert.Equal(3, exitCode);
    }

    [Fact]
    public async Task A_bundle_is_sent_its_machines_run_and_go_without_a_trace()
    {
        await using HvctlMachine machine = HvctlMachine.Start(new MachineSettings { Cpus = 2 }, await MakeAsync("first"));
        await machine.DoAsync("attach", "first", "--history", "99", "--until", Ready);
        long free = await machine.FreeAsync();
        string file = machine.Write("more.itb", await MakeAsync("second", "third"));
        for (int i = 0; i < 3; i++)
        {
            JsonElement sent = await machine.JsonAsync("create", file, "--start");
            Assert.Equal(["second", "third"], sent.GetProperty("vms").EnumerateArray().Select(vm => vm.GetProperty("name").GetString()!));
            Assert.Equal("first running, second running, third running", await machine.StatesAsync());
            await machine.DoAsync("attach", "third", "--history", "99", "--until", Ready);
            await machine.DoAsync("destroy", "second", "third");
            Assert.Equal("first running", await machine.StatesAsync());
            Assert.Equal(free, await machine.FreeAsync());
        }
    }

    [Fact]
    public async Task Clients_that_send_at_the_same_time_create_each_its_own()
    {
        await using HvctlMachine machine = HvctlMachine.Start(new MachineSettings { Cpus = 2 }, await MakeAsync("first"));
        string[] names = ["left", "middle", "right"];
        List<string> files = [];
        foreach (string name in names)
        {
            files.Add(machine.Write(name + ".itb", await MakeAsync(name, name + "-2")));
        }

        JsonElement[] sent = await Task.WhenAll(files.Select(file => machine.JsonAsync("create", file, "--start")));
        for (int i = 0; i < names.Length; i++)
        {
            Assert.Equal([names[i], names[i] + "-2"], sent[i].GetProperty("vms").EnumerateArray().Select(vm => vm.GetProperty("name").GetString()!));
        }

        Assert.Equal(7, (await machine.JsonAsync("list")).EnumerateArray().Count(vm => vm.GetProperty("state").GetString() == "running"));
    }

    [Fact]
    public async Task What_is_no_good_bundle_is_refused_with_the_reason_and_nothing_changes()
    {
        await using HvctlMachine machine = HvctlMachine.Start(new MachineSettings { Cpus = 2 }, await MakeAsync("first"));
        await machine.DoAsync("attach", "first", "--history", "99", "--until", Ready);
        long free = await machine.FreeAsync();
        byte[] good = await MakeAsync("second", "third");
        byte[] otherImage = Changed(good, "Hello from"u8);
        byte[] otherTree = Changed(good, "boot bundle"u8);
        byte[] sameName = await MakeAsync("first");
        byte[] noise = new byte[50_000];
        new Random(3).NextBytes(noise);
        byte[] otherSize = [.. good];
        otherSize.AsSpan(4, 4).Fill(0xff);
        (string Name, byte[] Bytes, string Reason)[] bad =
        [
            ("truncated", good[..(good.Length - 1000)], "truncated file?"),
            ("half", good[..100], "not a boot bundle"),
            ("empty", [], ""),
            ("image", otherImage, "its data does not match its hash"),
            ("tree", otherTree, "the boot bundle's tree does not match its hash"),
            ("noise", noise, "not a boot bundle"),
            ("size", otherSize, ""),
            ("name", sameName, "first"),
        ];
        foreach ((string name, byte[] bytes, string reason) in bad)
        {
            string file = machine.Write(name + ".itb", bytes);
            (int exitCode, string output, string error) = await machine.CallAsync("create", file, "--start", "--json");
            Assert.True(exitCode == 1, $"{name} ended with {exitCode}: {output}{error}");
            using JsonDocument document = JsonDocument.Parse(output);
            Assert.Contains(reason, document.RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Equal("first running", await machine.StatesAsync());
            Assert.Equal(free, await machine.FreeAsync());
        }

        // Far more than there is memory: refused before a byte of it is sent.
        string large = machine.Write("large.itb", good);
        using (FileStream stream = new(large, FileMode.Open))
        {
            stream.SetLength(8L << 30);
        }

        Stopwatch watch = Stopwatch.StartNew();
        (int refused, _, string why) = await machine.CallAsync("create", large);
        Assert.Equal(1, refused);
        Assert.Contains("is refused", why, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30));
        Assert.Equal(free, await machine.FreeAsync());

        // And the good one still comes in.
        await machine.DoAsync("create", machine.Write("good.itb", good));
        Assert.Equal("first running, second created, third created", await machine.StatesAsync());
    }

    [Fact]
    public async Task A_client_that_is_killed_while_it_sends_and_garbage_beside_it_disturb_nobody()
    {
        await using HvctlMachine machine = HvctlMachine.Start(new MachineSettings { Cpus = 2 }, await MakeAsync("first"));
        await machine.DoAsync("attach", "first", "--history", "99", "--until", Ready);
        long free = await machine.FreeAsync();
        byte[] noise = new byte[48 << 20];
        new Random(5).NextBytes(noise.AsSpan(0, 1 << 20));
        string file = machine.Write("long.itb", noise);
        using Socket garbage = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await garbage.ConnectAsync(new UnixDomainSocketEndPoint(machine.Socket));
        for (int i = 0; i < 2; i++)
        {
            using Process sending = machine.Begin("create", file);
            while (await machine.FreeAsync() == free)
            {
                Assert.False(sending.HasExited);
            }

            await garbage.SendAsync(noise.AsMemory(0, 100_000));
            Assert.Equal("first running", await machine.StatesAsync());
            sending.Kill();
            await sending.WaitForExitAsync();
            Stopwatch watch = Stopwatch.StartNew();
            while (await machine.FreeAsync() != free)
            {
                Assert.True(watch.Elapsed < Patience.SmallGuest, "the memory of a bundle that will not come was not given back");
            }
        }

        Assert.Equal("first running", await machine.StatesAsync());
    }

    [Fact]
    public async Task Many_clients_at_once_each_get_their_own_answers()
    {
        string[] names = ["one", "two", "three", "four"];
        await using HvctlMachine machine = HvctlMachine.Start(new MachineSettings { Cpus = 2 }, await MakeAsync(names));
        await machine.DoAsync("attach", "one", "--history", "99", "--until", Ready);
        await Task.WhenAll(names.Select(async name =>
        {
            for (int i = 0; i < 3; i++)
            {
                await machine.DoAsync("pause", name);
                Assert.Equal("paused", (await machine.JsonAsync("info", name)).GetProperty("state").GetString());
                await machine.DoAsync("resume", name);
                string typed = string.Create(CultureInfo.InvariantCulture, $"for {name} {i}");
                (int exitCode, string output, string error) = await machine.CallAsync(typed, ["attach", name, "--until", typed]);
                Assert.True(exitCode == 0, $"{error}{output}");
            }
        }));
        Assert.Equal("one running, two running, three running, four running", await machine.StatesAsync());
    }

    private static byte[] Changed(byte[] bundle, ReadOnlySpan<byte> place)
    {
        byte[] changed = [.. bundle];
        changed[changed.AsSpan().IndexOf(place)] ^= 0x10;
        return changed;
    }

    private static string Words(string lines) =>
        string.Concat(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[0] + "\n"));

    private static Task<byte[]> MakeAsync(params IReadOnlyList<string> names)
    {
        StringBuilder definitions = new();
        foreach (string name in names)
        {
            definitions.AppendLine(CultureInfo.InvariantCulture, $"""
                [[vm]]
                name = "{name}"
                kernel = '{Repository.GuestImage("hello")}'
                memory = "16M"
                """);
        }

        return TestMachine.BundleAsync(definitions.ToString());
    }
}
