using System;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>What guests may ask of the hypervisor itself: channels between them, stolen time.</summary>
public sealed partial class VendorCallTests
{
    [Theory]
    [InlineData(1, 3, "cortex-a72")]
    [InlineData(2, 3, "cortex-a72")]
    [InlineData(2, 2, "cortex-a53")]
    [InlineData(2, 3, "max")]
    public async Task Two_guests_that_agree_share_memory_and_ring_each_others_doorbell(int cpus, int gicVersion, string cpu)
    {
        byte[] bundle = await TestMachine.BundleAsync($"""
            [[vm]]
            name = "left"
            kernel = '{Repository.GuestImage("channel")}'
            cmdline = "right"
            memory = "1M"

            [[vm]]
            name = "right"
            kernel = '{Repository.GuestImage("channel")}'
            cmdline = "left"
            memory = "1M"
            autostart = false
            """);
        MachineSettings machine = new() { Cpu = cpu, Cpus = cpus, GicVersion = gicVersion };
        await using EmulatedMachine emulated = TestMachine.Start(machine, bundle);
        await TestMachine.ExpectAsync(emulated, "attached to", Patience.SmallGuest);
        await emulated.TypeAsync("\u001dmerged on\rvm start right\r");
        await TestMachine.ExpectEndAsync(emulated, 0, Patience.SmallGuest);
        Assert.Equal(2, Regex.Count(emulated.Output, "CHANNEL rounds 500 bad words 0"));
        Assert.Contains("CHANNEL peer gone", emulated.Output, StringComparison.Ordinal);
        Assert.Contains("CHANNEL left", emulated.Output, StringComparison.Ordinal);
        Assert.Contains("CHANNEL memory gone", emulated.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_channel_bears_that_one_of_its_guests_is_reset_stopped_paused_and_destroyed(int cpus)
    {
        byte[] bundle = await TestMachine.BundleAsync($"""
            [[vm]]
            name = "hello"
            kernel = '{Repository.GuestImage("hello")}'
            memory = "1M"

            [[vm]]
            name = "left"
            kernel = '{Repository.GuestImage("channel")}'
            cmdline = "right for ever"
            memory = "1M"
            autostart = false

            [[vm]]
            name = "right"
            kernel = '{Repository.GuestImage("channel")}'
            cmdline = "left for ever"
            memory = "1M"
            autostart = false
            """);
        await using EmulatedMachine emulated = TestMachine.Start(new MachineSettings { Cpus = cpus }, bundle);
        await TestMachine.ExpectAsync(emulated, "Type and it is echoed", Patience.SmallGuest);
        int place = 0;
        string before = await FreeAsync();
        await CommandAsync("merged on");
        await CommandAsync("vm start left");
        await CommandAsync("vm start right");
        await TalkAsync();
        await CommandAsync("vm reset left");
        await ExpectAsync("[right] CHANNEL peer gone");
        await TalkAsync();
        await CommandAsync("vm stop right");
        await ExpectAsync("[left] CHANNEL peer gone");
        await CommandAsync("vm start right");
        await TalkAsync();
        int talks = place;
        await CommandAsync("vm pause left");
        await ExpectAsync("left: paused");
        await CommandAsync("vm resume left");
        await CommandAsync("vm destroy left");
        await ExpectAsync("[right] CHANNEL peer gone");
        Assert.Equal(1, Regex.Count(emulated.Output[talks..], "CHANNEL peer gone")); // a pause is not the end
        await CommandAsync("vm start left");
        await TalkAsync();
        await CommandAsync("vm destroy right");
        await ExpectAsync("[left] CHANNEL peer gone");
        await CommandAsync("vm destroy left");
        for (int i = 0; i < 50 && await FreeAsync() != before; i++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken); // what is taken apart is so a little later
        }

        Assert.Equal(before, await FreeAsync());
        Assert.DoesNotContain("CHANNEL rounds", emulated.Output, StringComparison.Ordinal); // with bad words
        await emulated.TypeAsync("poweroff\r");
        await TestMachine.ExpectEndAsync(emulated, 0, Patience.SmallGuest);

        async Task ExpectAsync(string text) => place = await TestMachine.ExpectAsync(emulated, text, Patience.SmallGuest, place);

        async Task CommandAsync(string command)
        {
            await emulated.TypeAsync((place == 0 ? "\u001d" : "") + command + "\r");
            await ExpectAsync("hv> " + command);
        }

        async Task TalkAsync()
        {
            int from = place;
            place = Math.Max(
                await TestMachine.ExpectAsync(emulated, "[left] CHANNEL talks", Patience.SmallGuest, from),
                await TestMachine.ExpectAsync(emulated, "[right] CHANNEL talks", Patience.SmallGuest, from));
        }

        async Task<string> FreeAsync()
        {
            await CommandAsync("mem");
            int from = place;
            await ExpectAsync("free");
            await ExpectAsync("\n");
            return Free().Match(emulated.Output, from).Value;
        }
    }

    [Fact]
    public async Task Two_guests_on_one_CPU_are_told_that_half_of_their_time_was_stolen()
    {
        byte[] bundle = await TestMachine.BundleAsync($"""
            [[vm]]
            name = "left"
            kernel = '{Repository.GuestImage("stolen")}'
            memory = "1M"

            [[vm]]
            name = "right"
            kernel = '{Repository.GuestImage("stolen")}'
            memory = "1M"
            """);
        await using EmulatedMachine emulated = TestMachine.Start(new MachineSettings { Cpus = 1, CountsInstructions = true }, bundle);
        await TestMachine.ExpectAsync(emulated, "attached to", Patience.SmallGuest);
        await emulated.TypeAsync("\u001dmerged on\r");
        Assert.NotNull(await emulated.WaitForExitAsync(Patience.LinuxBoot));
        MatchCollection told = Stolen().Matches(emulated.Output);
        Assert.Equal(2, told.Count);
        foreach (Match match in told)
        {
            double part = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) / double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
            Assert.InRange(part, 0.48, 0.52);
        }

        Assert.DoesNotContain("went back", emulated.Output, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(emulated.Output, "STOLEN abort at 0xb000000"));
    }

    [Fact]
    public async Task Linux_finds_stolen_time_and_shows_it()
    {
        const string commands = """
            dmesg | grep -i 'stolen time'
            for i in 1 2 3 4; do timeout 4 sh -c 'while :; do :; done' & done
            sleep 3
            set -- $(head -n 1 /proc/stat); echo STEAL ${9} of ${2}
            poweroff
            """;
        GuestSettings linux = await TestMachine.LinuxAsync(commands);
        byte[] bundle = await TestMachine.BundleAsync($"""
            [[vm]]
            name = "linux"
            kernel = '{linux.Kernel}'
            ramdisk = '{linux.Ramdisk}'
            cmdline = "{linux.CommandLine}"
            memory = "256M"
            vcpus = 4
            """);
        await using EmulatedMachine emulated = TestMachine.Start(new MachineSettings { Cpus = 2 }, bundle);
        await TestMachine.ExpectEndAsync(emulated, 0, Patience.LinuxBoot + Patience.LinuxCommand);
        Assert.Contains("using stolen time PV", emulated.Output, StringComparison.Ordinal);
        Assert.Matches("STEAL [1-9][0-9]* of", emulated.Output);
    }

    [GeneratedRegex(@"[^\n]*free[^\n]*")]
    private static partial Regex Free();

    [GeneratedRegex(@"STOLEN (\d+) of (\d+)")]
    private static partial Regex Stolen();
}
