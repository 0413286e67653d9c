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

    [GeneratedRegex(@"STOLEN (\d+) of (\d+)")]
    private static partial Regex Stolen();
}
