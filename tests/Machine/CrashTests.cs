using System;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>What is done with a machine that crashes is its definition's to say.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task A_machine_starts_again_later_each_time_until_a_person_ends_that()
    {
        await using EmulatedMachine machine = await StartAsync("restart");
        HypervisorPrompt prompt = new(machine, Patience.SmallGuest);
        await prompt.ExpectAsync("sharpvisor: broken: crashed");
        await prompt.ExpectAsync("sharpvisor: broken: starts again in 1 s");
        await prompt.ExpectAsync("case vectors");
        await prompt.ExpectAsync("sharpvisor: broken: starts again in 2 s");
        await prompt.ExpectAsync("case vectors");
        await prompt.ExpectAsync("sharpvisor: broken: starts again in 4 s");
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm list", "broken                          restarting ");
        await prompt.AskAsync("vm info broken", "broken is crashed, starts again in ", " s, restarted 2 times");
        await prompt.AskAsync("vm stop broken", "sharpvisor: broken: stopped from the console");
        await prompt.AskAsync("vm stop broken", "cannot stop broken: it is crashed");
        await prompt.AskAsync("vm start broken");
        await prompt.ExpectAsync("sharpvisor: broken: starts again in 1 s"); // a person's start forgives
        await prompt.AskAsync("vm destroy broken", "sharpvisor: broken: destroyed");
        await prompt.AskAsync("vm list", "broken                          defined ");
        await machine.TypeAsync("poweroff\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    [Fact]
    public async Task A_machine_that_is_kept_keeps_its_registers_and_the_hypervisor_up()
    {
        await using EmulatedMachine machine = await StartAsync("keep");
        HypervisorPrompt prompt = new(machine, Patience.SmallGuest);
        await prompt.ExpectAsync("sharpvisor: broken: kept as it is");
        await prompt.ExpectPromptAsync();
        await prompt.AskAsync("vm list", "broken                          crashed ");
        await prompt.AskAsync("regs broken", "broken VCpu 0", "PC ", "VBAR_EL1");
        await prompt.AskAsync("vm destroy broken", "sharpvisor: broken: destroyed");
        await prompt.AskAsync("regs broken", "cannot read the registers of broken");
        await machine.TypeAsync("poweroff\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    [Fact]
    public async Task Without_a_policy_a_crash_ends_it()
    {
        await using EmulatedMachine machine = await StartAsync("stop");
        await TestMachine.ExpectEndAsync(machine, 1, Patience.SmallGuest);
        Assert.Contains("sharpvisor: broken: crashed", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("starts again", machine.Output, StringComparison.Ordinal);
    }

    private static async Task<EmulatedMachine> StartAsync(string policy) => TestMachine.Start(new MachineSettings { Cpus = 2 }, await TestMachine.BundleAsync($"""
        [[vm]]
        name = "broken"
        kernel = '{Repository.GuestImage("faults")}'
        cmdline = "vectors"
        memory = "16M"
        on-crash = "{policy}"
        """));
}
