using System;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary><c>vm shutdown</c> presses the guest's power key.</summary>
public sealed class ShutdownTests
{
    private const string Shell = "sharpvisor:/#";

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Linux_ends_itself_and_the_hypervisor_stays(int gicVersion)
    {
        GuestSettings linux = await TestMachine.LinuxAsync();
        MachineSettings settings = new() { Cpus = 2, GicVersion = gicVersion };
        await using EmulatedMachine machine = TestMachine.Start(settings, linux with { VCpus = 2 });
        HypervisorPrompt prompt = new(machine, Patience.LinuxBoot);
        await prompt.ExpectAsync(Shell);
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm shutdown guest", "sharpvisor: guest: powered off");
        Assert.Contains("reboot: Power down", await prompt.AskAsync("scroll guest"), StringComparison.Ordinal);
        await prompt.AskAsync("vm list", "guest                           stopped ");
        await prompt.AskAsync("vm shutdown guest", "cannot shutdown guest: it is stopped");
        await prompt.AskAsync("vm start guest");
        await prompt.AttachAsync("guest", Shell);
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm shutdown guest", "sharpvisor: guest: powered off"); // the key is up again
        await machine.TypeAsync("poweroff\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    [Fact]
    public async Task A_guest_that_does_not_listen_to_the_key_cannot_be_asked()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), TestMachine.OwnGuest("hello"));
        HypervisorPrompt prompt = new(machine, Patience.SmallGuest);
        await prompt.ExpectAsync("Type and it is echoed");
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm shutdown guest", "cannot shutdown guest: the guest takes no such request");
    }
}
