using System;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Debian's balloon driver on our balloon.</summary>
public sealed class BalloonTests
{
    private const string Shell = "sharpvisor:/# ";

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public async Task Linux_gives_memory_and_takes_it_back_as_it_is_told_and_says_what_it_has(int gicVersion, int cpus)
    {
        GuestSettings linux = await TestMachine.LinuxAsync() with { VCpus = cpus };
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { GicVersion = gicVersion, Cpus = cpus }, linux);
        await TestMachine.ExpectAsync(machine, Shell, Patience.LinuxBoot);
        HypervisorPrompt prompt = new(machine, Patience.LinuxCommand);
        await prompt.LeaveAsync();

        await prompt.AskAsync("vm memory guest 96M");
        await ExpectBalloonAsync(prompt, "balloon  160 MiB of 160 MiB; its guest has ");
        Assert.InRange(await ReadFreeAsync(machine, prompt), 10_000, 80_000);
        await prompt.LeaveAsync();

        await prompt.AskAsync("vm memory guest 256M");
        await ExpectBalloonAsync(prompt, "balloon  0 B of 0 B; its guest has ");
        Assert.InRange(await ReadFreeAsync(machine, prompt), 180_000, 256_000);
        await machine.TypeAsync("poweroff -f\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxCommand);
    }

    [Fact]
    public async Task A_driver_may_come_and_go_and_a_reset_guest_begins_with_the_same_balloon()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await TestMachine.LinuxAsync());
        await TestMachine.ExpectAsync(machine, Shell, Patience.LinuxBoot);
        await machine.TypeAsync("rmmod virtio_balloon; echo gone-$?\r");
        await TestMachine.ExpectAsync(machine, "\ngone-0\n", Patience.LinuxCommand);
        HypervisorPrompt prompt = new(machine, Patience.LinuxBoot);
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm memory guest 96M", "cannot set the memory of guest: the guest takes no such request");
        await prompt.AttachAsync("guest");
        await machine.TypeAsync("insmod /lib/modules/$(uname -r)/virtio_balloon.ko; echo there-$?\r");
        await prompt.ExpectAsync("\nthere-0\n");
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm memory guest 192M");
        await ExpectBalloonAsync(prompt, "balloon  64 MiB of 64 MiB");
        await prompt.AskAsync("vm reset guest", "sharpvisor: guest: reset");
        await ExpectBalloonAsync(prompt, "balloon  64 MiB of 64 MiB");
    }

    /// <summary>The guest needs its time.</summary>
    private static async Task ExpectBalloonAsync(HypervisorPrompt prompt, string text)
    {
        DateTime end = DateTime.UtcNow + Patience.LinuxBoot;
        string answer = "";
        while (DateTime.UtcNow < end)
        {
            answer = await prompt.AskAsync("vm info guest");
            if (answer.Contains(text, StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(200);
        }

        Assert.Fail($"'{text}' did not come; vm info says: {answer}");
    }

    /// <summary>What Linux calls free, in KiB.</summary>
    private static async Task<int> ReadFreeAsync(EmulatedMachine machine, HypervisorPrompt prompt)
    {
        await prompt.AttachAsync("guest");
        await machine.TypeAsync("echo free=$(sed -n 's/^MemFree: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)=\r");
        await prompt.ExpectAsync("\nfree=");
        int begin = prompt.Place;
        await prompt.ExpectAsync("=\n");
        return int.Parse(machine.Output[begin..(prompt.Place - 2)], System.Globalization.CultureInfo.InvariantCulture);
    }
}
