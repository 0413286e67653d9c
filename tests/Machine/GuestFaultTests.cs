using System;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>A guest can hurt only itself: tests/Guests/faults plays one case a boot.</summary>
public sealed class GuestFaultTests
{
    [Theory]
    [InlineData("jump", @"jump to IPA 0xe0000000", 0x21)]
    [InlineData("read-no-device", @"read from IPA 0xc000000: no memory and no device", 0x25)]
    [InlineData("write-no-device", @"write to IPA 0xc000000: no memory and no device", 0x25)]
    [InlineData("read-no-memory", @"read from IPA 0xe0000000: no memory and no device", 0x25)]
    public async Task An_access_to_what_is_not_there_is_reported_and_becomes_an_abort(string name, string report, int exceptionClass)
    {
        await using EmulatedMachine machine = Start(name);
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
        Assert.Matches($@"\nsharpvisor: guest vcpu0 at pc 0x[0-9a-f]+: {report}.*\n", machine.Output);
        Assert.Contains($"exception: class 0x{exceptionClass:x} address 0x", machine.Output, StringComparison.Ordinal);
        Assert.Contains("\nsurvived\n", machine.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cortex-a72", 0)]
    [InlineData("max", 2)]
    public async Task System_registers_that_a_guest_does_not_have_are_undefined_and_named(string cpu, int trapped)
    {
        // Registers that the CPU does not have either are undefined without the hypervisor's doing; max has two of the
        // four that the guest reads.
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpu = cpu, Cpus = 1 }, TestMachine.OwnGuest("faults", "registers"));
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
        Assert.Equal(trapped, Regex.Count(machine.Output, @"vcpu0 at pc 0x[0-9a-f]+: read of .*undefined"));
        Assert.Equal(4, Regex.Count(machine.Output, @"exception: class 0x0 address"));
        Assert.Contains("\nsurvived\n", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_undefined_instruction_is_the_guests_own_affair()
    {
        await using EmulatedMachine machine = Start("undefined");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
        Assert.Contains("exception: class 0x0 address", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"sharpvisor: guest vcpu", machine.Output);
    }

    [Theory]
    [InlineData("stack")]
    [InlineData("vectors")]
    public async Task A_guest_that_cannot_take_its_exceptions_crashes_alone(string name)
    {
        await using EmulatedMachine machine = Start(name);
        await TestMachine.ExpectEndAsync(machine, 1, Patience.SmallGuest);
        Assert.Matches(@"sharpvisor: guest vcpu0 at pc 0x[0-9a-f]+: .*VM crashed", machine.Output);
        Assert.Contains("sharpvisor: guest: crashed", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_crash_of_one_VCpu_stops_those_that_spin()
    {
        await using EmulatedMachine machine = Start("secondary", cpus: 2);
        await TestMachine.ExpectEndAsync(machine, 1, Patience.SmallGuest);
        Assert.Matches(@"sharpvisor: guest vcpu1 at pc 0x[0-9a-f]+: .*VM crashed", machine.Output);
        Assert.Contains("sharpvisor: guest: crashed", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hypervisors_console_answers_while_a_guest_spins()
    {
        await using EmulatedMachine machine = Start("spin");
        int place = await TestMachine.ExpectAsync(machine, "spinning\n", Patience.SmallGuest);
        await machine.TypeAsync("\x1dvm list\r");
        place = await TestMachine.ExpectAsync(machine, "running", Patience.SmallGuest, place);
        await machine.TypeAsync("vm stop guest\r");
        place = await TestMachine.ExpectAsync(machine, "sharpvisor: guest: stopped", Patience.SmallGuest, place);
        await machine.TypeAsync("vm list\r"); // one stopped by hand may be started again
        await TestMachine.ExpectAsync(machine, "stopped", Patience.SmallGuest, place);
        await machine.TypeAsync("poweroff\r");
        Assert.Equal(0, await machine.WaitForExitAsync(Patience.SmallGuest));
        Assert.True(ClosingLine.TryParse(machine.LastLine, out _), machine.LastLine);
    }

    [Fact]
    public async Task A_guest_cannot_fill_the_console_with_its_faults()
    {
        await using EmulatedMachine machine = Start("flood");
        await TestMachine.ExpectAsync(machine, "survived", Patience.SmallGuest);
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
        Assert.InRange(Regex.Count(machine.Output, "sharpvisor: guest vcpu0 at pc"), 2, 100);
        Assert.Contains("no more from this VM", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_that_prints_the_closing_line_does_not_choose_the_exit_code()
    {
        await using EmulatedMachine machine = Start("liar");
        await TestMachine.ExpectEndAsync(machine, 1, Patience.SmallGuest);
        Assert.Contains("sharpvisor: machine stopped, exit code 0", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_calls_are_answered_with_not_supported()
    {
        await using EmulatedMachine machine = Start("calls");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
        Assert.Matches("unknown hvc 0x(f{8}){1,2}\n", machine.Output);
        Assert.Matches("unknown smc 0x(f{8}){1,2}\n|exception: class 0x0 address", machine.Output);
        Assert.Contains("version 0x10001\n", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Device_accesses_that_their_syndrome_does_not_describe_are_carried_out()
    {
        await using EmulatedMachine machine = Start("accesses");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
        Assert.Contains("pair 0x1000000011\n", machine.Output, StringComparison.Ordinal);
        Assert.Contains("post-indexed 0x9000fe400000011\n", machine.Output, StringComparison.Ordinal);
        Assert.Contains("* by a vector register\n", machine.Output, StringComparison.Ordinal);
        Assert.Contains("byte 0x11\nhalf 0x10\n", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("exception:", machine.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_VCpu_can_be_started_again_after_it_ended_itself(int gicVersion)
    {
        await using EmulatedMachine machine = Start("cpu", cpus: 2, gicVersion);
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
        Assert.Equal(3, Regex.Count(machine.Output, "start 0x0\n"));
        Assert.Contains("start of none 0xfffffffffffffffe\n", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_line_that_a_guest_writes_arrives_whole()
    {
        await using EmulatedMachine machine = Start("lines");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
        for (int i = 0; i < 200; i++)
        {
            Assert.Contains($"\nline {i} of many, and all of it\n", machine.Output, StringComparison.Ordinal);
        }
    }

    private static EmulatedMachine Start(string name, int cpus = 1, int gicVersion = 3) =>
        TestMachine.Start(new MachineSettings { Cpus = cpus, GicVersion = gicVersion }, TestMachine.OwnGuest("faults", name) with { VCpus = cpus });
}
