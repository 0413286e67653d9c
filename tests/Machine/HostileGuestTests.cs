using System;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>A guest that does its worst (tests/Guests/hostile) hurts nobody but itself, and nobody's share of the CPU.</summary>
public sealed partial class HostileGuestTests
{
    private const int MostLinesOfOneVm = 80;

    [Theory]
    [InlineData(1, 3, "cortex-a72")]
    [InlineData(2, 2, "cortex-a53")]
    public async Task A_neighbour_on_the_same_CPU_gets_its_half(int seed, int gicVersion, string cpu)
    {
        MachineSettings machine = new() { Cpu = cpu, Cpus = 1, GicVersion = gicVersion, CountsInstructions = true };
        double alone = await WorkOfNeighbourAsync(machine, "");
        double beside = await WorkOfNeighbourAsync(machine, Hostile(seed, milliseconds: 1000, vcpus: 1, "restless=1"));
        Assert.InRange(beside / alone, 0.48, 0.52);
    }

    [Theory]
    [InlineData(10, 3, "cortex-a72", 0)]
    [InlineData(11, 2, "cortex-a72", 1)]
    [InlineData(12, 3, "max,pauth-impdef=on", 2)]
    [InlineData(13, 3, "cortex-a53", 3)]
    [InlineData(14, 3, "cortex-a72", 4)]
    public async Task Four_VCpus_that_do_their_worst_leave_the_others_and_the_prompt_alone(int seed, int gicVersion, string cpu, int lastAct)
    {
        byte[] bundle = await TestMachine.BundleAsync($"""
            [[vm]]
            name = "hello"
            kernel = '{Repository.GuestImage("hello")}'
            memory = "1M"

            {Neighbour(milliseconds: 2000)}

            {Hostile(seed, milliseconds: 3000, vcpus: 4)}
            """);
        MachineSettings machine = new() { Cpu = cpu, Cpus = 2, GicVersion = gicVersion };
        await using EmulatedMachine emulated = TestMachine.Start(machine, bundle);
        int place = await TestMachine.ExpectAsync(emulated, "Type and it is echoed", Patience.SmallGuest);
        await emulated.TypeAsync("so far");
        place = await TestMachine.ExpectAsync(emulated, "so far", Patience.SmallGuest, place);
        await TestMachine.ExpectAsync(emulated, "sharpvisor: neighbour: powered off", Patience.LinuxBoot);
        if (lastAct == 4)
        {
            // It overwrites its memory, itself too. What it executes then may go on for ever.
            await emulated.TypeAsync("\u001dvm list\r");
            await TestMachine.ExpectAsync(emulated, "neighbour", Patience.SmallGuest, place);
            await WaitForLastActAsync(emulated);
        }
        else
        {
            Match end = await ExpectEndOfHostileAsync(emulated);
            Assert.True(end.Success, "the hostile guest did not end");
            await emulated.TypeAsync("so good");
            place = await TestMachine.ExpectAsync(emulated, "so good", Patience.SmallGuest, place);
            await emulated.TypeAsync("\u001dvm list\r");
            await TestMachine.ExpectAsync(emulated, "hostile", Patience.SmallGuest, place);
            await emulated.TypeAsync("attach hostile\r");
            await TestMachine.ExpectAsync(emulated, "HOSTILE last act", Patience.SmallGuest, place);
        }

        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"HOSTILE last act {lastAct}"), emulated.Output, StringComparison.Ordinal);
        Assert.Matches(@"HOSTILE rounds [1-9]", emulated.Output);
        Assert.DoesNotContain("HOSTILE unexpected", emulated.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("PANIC", emulated.Output, StringComparison.Ordinal);
        Assert.InRange(Regex.Count(emulated.Output, "sharpvisor: hostile"), 1, MostLinesOfOneVm);
        await emulated.TypeAsync("\u001dpoweroff\r");
        Assert.NotNull(await emulated.WaitForExitAsync(Patience.SmallGuest));
        Assert.True(ClosingLine.TryParse(emulated.LastLine, out _), emulated.LastLine);
    }

    [Theory]
    [InlineData(3, "max,pauth-impdef=on", 59_392)]
    [InlineData(2, "cortex-a72", 44_032)]
    public async Task Every_system_register_and_every_device_register_in_every_width_can_be_tried(int gicVersion, string cpu, int addresses)
    {
        byte[] bundle = await TestMachine.BundleAsync(Hostile(20, milliseconds: 1, vcpus: 1, "sweep=1"));
        MachineSettings machine = new() { Cpu = cpu, Cpus = 1, GicVersion = gicVersion };
        await using EmulatedMachine emulated = TestMachine.Start(machine, bundle);
        await TestMachine.ExpectEndAsync(emulated, 1, Patience.LinuxBoot);
        Assert.Contains("HOSTILE swept registers 65536", emulated.Output, StringComparison.Ordinal);
        Match swept = SweptAddresses().Match(emulated.Output);
        Assert.True(swept.Success);
        Assert.Equal(addresses, int.Parse(swept.Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.DoesNotContain("HOSTILE unexpected", emulated.Output, StringComparison.Ordinal);
        Assert.Contains("sharpvisor: hostile: crashed", emulated.Output, StringComparison.Ordinal);
    }

    private static async Task<double> WorkOfNeighbourAsync(MachineSettings machine, string others)
    {
        byte[] bundle = await TestMachine.BundleAsync(Neighbour(milliseconds: 400) + Environment.NewLine + others);
        await using EmulatedMachine emulated = TestMachine.Start(machine, bundle);
        await TestMachine.ExpectAsync(emulated, "sharpvisor: neighbour: powered off", Patience.CountedRun);
        Match share = Share().Match(emulated.Output);
        Assert.True(share.Success);
        return double.Parse(share.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Looks into the hostile guest's console again and again until it has come to its last act.</summary>
    private static async Task WaitForLastActAsync(EmulatedMachine emulated)
    {
        int place = 0;
        for (int i = 0; i < 30 && place >= 0; i++)
        {
            await emulated.TypeAsync("\u001dattach hostile\r");
            place = await emulated.WaitForAsync("HOSTILE last act", 0, TimeSpan.FromSeconds(1));
            if (place >= 0)
            {
                return;
            }

            place = 0;
        }
    }

    private static async Task<Match> ExpectEndOfHostileAsync(EmulatedMachine emulated)
    {
        DateTime limit = DateTime.UtcNow + Patience.LinuxBoot; // it has 3 s of the machine's time to do its worst
        Match match;
        do
        {
            await Task.Delay(100);
            match = HostileEnd().Match(emulated.Output);
        }
        while (!match.Success && DateTime.UtcNow < limit);
        return match;
    }

    private static string Neighbour(int milliseconds) => string.Create(CultureInfo.InvariantCulture, $"""
        [[vm]]
        name = "neighbour"
        kernel = '{Repository.GuestImage("share")}'
        cmdline = "ms={milliseconds}"
        memory = "1M"
        """);

    private static string Hostile(int seed, int milliseconds, int vcpus, string more = "") => string.Create(CultureInfo.InvariantCulture, $"""
        [[vm]]
        name = "hostile"
        kernel = '{Repository.GuestImage("hostile")}'
        cmdline = "seed={seed} ms={milliseconds} vcpus={vcpus} {more}"
        memory = "2M"
        vcpus = {vcpus}
        """);

    [GeneratedRegex(@"HOSTILE swept addresses (\d+)")]
    private static partial Regex SweptAddresses();

    [GeneratedRegex(@"SHARE (\d+)")]
    private static partial Regex Share();

    [GeneratedRegex(@"sharpvisor: hostile: (crashed|powered off)")]
    private static partial Regex HostileEnd();
}
