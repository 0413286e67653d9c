using System;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Loads and stores that the hypervisor decodes by itself, checked by tests/Guests/accesses.</summary>
public sealed class AccessTests
{
    private const string AllRight = "accesses: 24 right, 0 wrong, 0 exceptions";

    [Theory]
    [InlineData("cortex-a57", 2)]
    [InlineData("max", 3)]
    public async Task Device_accesses_without_a_syndrome_do_what_the_instruction_says(string cpu, int gicVersion)
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpu = cpu, GicVersion = gicVersion }, TestMachine.OwnGuest("accesses"));
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
        Assert.Contains(AllRight, machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bare_machine_gives_the_same_answers()
    {
        await using EmulatedMachine machine = TestMachine.StartBare(new MachineSettings { HasEl2 = false }, TestMachine.OwnGuest("accesses"));
        await TestMachine.ExpectAsync(machine, AllRight, Patience.SmallGuest);
    }
}
