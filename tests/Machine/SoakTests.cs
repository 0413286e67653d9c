using System;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using SharpVisor.Build.Soak;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>A short run of what <c>make soak</c> does at length.</summary>
public sealed class SoakTests
{
    private const int Length = 30;

    [Theory]
    [InlineData(1, 1, 3)]
    [InlineData(2, 2, 3)]
    [InlineData(3, 2, 2)]
    public async Task Machines_that_come_and_go_leave_nothing_behind(int seed, int cpus, int gicVersion)
    {
        MachineSettings machine = new() { Cpus = cpus, GicVersion = gicVersion };
        string verdict = await new SoakRun(seed, Length, _ => { }).ExecuteAsync(machine, TestMachine.LogPath(".log"));
        Assert.Contains("memory as at the beginning", verdict, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Linux_that_is_destroyed_or_reset_in_the_middle_of_its_boot_leaves_nothing_behind()
    {
        GuestSettings linux = await TestMachine.LinuxAsync();
        byte[] bundle = await TestMachine.BundleAsync($"""
            [[vm]]
            name = "linux"
            kernel = '{linux.Kernel}'
            ramdisk = '{linux.Ramdisk}'
            cmdline = "{linux.CommandLine}"
            memory = "256M"
            vcpus = 3
            share-pages = true
            autostart = false
            """);
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpus = 2 }, bundle);
        HypervisorPrompt prompt = new(machine, Patience.LinuxBoot);
        await prompt.ExpectPromptAsync();
        string free = await prompt.ReadFreeMemoryAsync();
        for (int i = 0; i < 6; i++)
        {
            await prompt.AskAsync("vm start linux");
            await Task.Delay(TimeSpan.FromMilliseconds(400 * i));
            if (i % 3 == 2)
            {
                await prompt.AskAsync("vm reset linux", "sharpvisor: linux: reset");
                await Task.Delay(TimeSpan.FromMilliseconds(300));
            }

            await prompt.AskAsync("vm destroy linux", "sharpvisor: linux: destroyed");
            Assert.Equal(free, await prompt.ReadFreeMemoryAsync());
        }

        await prompt.AskAsync("vm start linux");
        await prompt.AttachAsync("linux", "sharpvisor:/#");
    }
}
