using SharpVisor.Interrupts;
using Xunit;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>Interrupts that VCpus send each other.</summary>
public class GicSgiTests
{
    private const uint ToOthers = 1 << 24;
    private const uint ToSelf = 2 << 24;

    private static TestMachine OpenVersion3(int count)
    {
        TestMachine machine = TestMachine.Open(3, count);
        for (int i = 0; i < count; i++)
        {
            machine.WriteBits(i, 0, 0x80, 0xffff);
        }

        return machine;
    }

    private static void SendVersion3(TestMachine machine, int from, ulong value) => machine.Run(from, () => machine.Gic.SendSgi(from, value));

    [Fact]
    public void GICv2_tells_the_source_of_each_SGI_and_keeps_sources_apart()
    {
        TestMachine machine = TestMachine.Open(2, 3);
        machine.Write(0, 0xf00, (4 << 16) | 5);
        machine.Write(1, 0xf00, (4 << 16) | 5);
        Assert.Equal(3ul, machine.Read(2, 0xf24 + 1, 1));
        Assert.Equal(5u, machine.Acknowledge(2));
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(2));
        machine.End(2, 5);
        Assert.Equal(5u | (1 << 10), machine.Acknowledge(2));
        machine.End(2, 5 | (1 << 10));
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(2));
    }

    [Fact]
    public void GICv2_filters_send_to_all_others_and_to_self()
    {
        TestMachine machine = TestMachine.Open(2, 3);
        machine.Write(1, 0xf00, ToOthers | 2);
        Assert.Equal(
            (2u | (1 << 10), SoftwareCpuInterface.Spurious, 2u | (1 << 10)),
            (machine.Acknowledge(0), machine.Acknowledge(1), machine.Acknowledge(2)));
        machine.Write(1, 0xf00, ToSelf | 7);
        Assert.Equal(7u | (1 << 10), machine.Acknowledge(1));
    }

    [Fact]
    public void GICv2_reserved_filter_and_absent_targets_send_nothing()
    {
        TestMachine machine = TestMachine.Open(2, 2);
        machine.Write(0, 0xf00, (3 << 24) | (0xff << 16) | 1);
        machine.Write(0, 0xf00, (0xfc << 16) | 1);
        Assert.False(machine.Interfaces[0].IsSignalled || machine.Interfaces[1].IsSignalled);
    }

    [Fact]
    public void GICv2_SGIs_become_pending_by_their_own_registers_only()
    {
        TestMachine machine = TestMachine.Open(2);
        machine.WriteBits(0, 0, 0x200, 0xffff);
        Assert.Equal(0u, machine.ReadBits(0, 0, 0x200));
        machine.Write(0, 0xf20, 1, 1);
        Assert.Equal(1u, machine.ReadBits(0, 0, 0x200));
        machine.WriteBits(0, 0, 0x280, 1);
        Assert.Equal(1u, machine.ReadBits(0, 0, 0x200));
        machine.Write(0, 0xf10, 1, 1);
        Assert.Equal(0u, machine.ReadBits(0, 0, 0x200));
    }

    [Fact]
    public void GICv2_SGIs_cannot_be_disabled()
    {
        TestMachine machine = TestMachine.Open(2);
        machine.WriteBits(0, 0, 0x180, 0xffff);
        Assert.Equal(0xffffu, machine.ReadBits(0, 0, 0x100));
    }

    [Fact]
    public void GICv3_SGI_reaches_each_VCpu_in_its_list_once()
    {
        TestMachine machine = OpenVersion3(4);
        SendVersion3(machine, 0, (6ul << 24) | 0b1011);
        Assert.Equal(
            (6u, 6u, SoftwareCpuInterface.Spurious, 6u),
            (machine.Acknowledge(0), machine.Acknowledge(1), machine.Acknowledge(2), machine.Acknowledge(3)));
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(1));
    }

    [Fact]
    public void GICv3_SGI_to_all_others_leaves_the_sender_out()
    {
        TestMachine machine = OpenVersion3(3);
        SendVersion3(machine, 1, (1ul << 40) | (9ul << 24));
        Assert.Equal((9u, SoftwareCpuInterface.Spurious, 9u), (machine.Acknowledge(0), machine.Acknowledge(1), machine.Acknowledge(2)));
    }

    [Theory]
    [InlineData(1ul << 16)]
    [InlineData(1ul << 32)]
    [InlineData(1ul << 48)]
    [InlineData(1ul << 44)]
    public void GICv3_SGI_to_affinities_that_are_not_there_goes_nowhere(ulong elsewhere)
    {
        TestMachine machine = OpenVersion3(2);
        SendVersion3(machine, 0, elsewhere | 3);
        Assert.False(machine.Interfaces[0].IsSignalled || machine.Interfaces[1].IsSignalled);
    }

    [Fact]
    public void GICv3_SGI_of_a_group_that_its_target_has_not_chosen_is_dropped()
    {
        TestMachine machine = OpenVersion3(2);
        machine.Run(0, () => machine.Gic.SendGroup0Sgi(0, 2));
        Assert.False(machine.IsPending(1, 0));
        machine.WriteBits(1, 0, 0x80, 0);
        SendVersion3(machine, 0, 2);
        Assert.False(machine.IsPending(1, 0));
        machine.Run(0, () => machine.Gic.SendGroup0Sgi(0, 2));
        Assert.True(machine.IsPending(1, 0));
    }

    [Fact]
    public void GICv3_SGIs_that_pile_up_need_one_kick_and_merge()
    {
        TestMachine machine = OpenVersion3(2);
        int before = machine.Kicks;
        machine.Run(0, () =>
        {
            machine.Gic.SendSgi(0, 2);
            machine.Gic.SendSgi(0, 2);
            machine.Gic.SendSgi(0, (1ul << 24) | 2);
        });
        Assert.Equal(1, machine.Kicks - before);
        Assert.Equal(0u, machine.Acknowledge(1));
        machine.End(1, 0);
        Assert.Equal(1u, machine.Acknowledge(1));
        machine.End(1, 1);
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(1));
    }

    [Fact]
    public void GICv3_SGI_sent_while_it_is_active_waits_behind_it_without_maintenance()
    {
        TestMachine machine = OpenVersion3(2);
        SendVersion3(machine, 0, 2);
        Assert.Equal(0u, machine.Acknowledge(1));
        SendVersion3(machine, 0, 2);
        machine.End(1, 0);
        Assert.Equal(0u, machine.Acknowledge(1));
        Assert.Equal(0, machine.Maintenances);
    }

    [Fact]
    public void Reading_another_VCpus_pending_SGI_takes_its_mailbox_into_account()
    {
        TestMachine machine = OpenVersion3(2);
        machine.Stop(1);
        SendVersion3(machine, 0, (4ul << 24) | 2);
        Assert.True(machine.IsPending(0, 4, owner: 1));
        machine.WriteBits(0, 0, 0x280, 1u << 4, owner: 1);
        Assert.False(machine.IsPending(0, 4, owner: 1));
    }

    [Fact]
    public void Clearing_the_active_state_instead_of_ending_lets_the_SGI_come_again()
    {
        TestMachine machine = TestMachine.Open(2);
        machine.Write(0, 0xf00, ToSelf | 1);
        Assert.Equal(1u, machine.Acknowledge(0));
        machine.WriteBits(0, 0, 0x380, 1u << 1);
        Assert.False(machine.IsActive(0, 1));
        machine.Write(0, 0xf00, ToSelf | 1);
        Assert.True(machine.IsPending(0, 1));
    }

    [Fact]
    public void Enabling_another_ones_timer_tells_that_one_so_that_it_does_not_sleep_on()
    {
        TestMachine machine = OpenVersion3(2);
        Assert.False(machine.Gic.IsEnabled(1, TestMachine.Timer));
        int kicks = machine.Kicks;
        machine.WriteRedistributor(0, 1, 0x1_0100, 1 << TestMachine.Timer);
        Assert.True(machine.Gic.IsEnabled(1, TestMachine.Timer));
        Assert.Equal(kicks + 1, machine.Kicks);
        machine.WriteRedistributor(0, 0, 0x1_0100, 1 << TestMachine.Timer);
        Assert.Equal(kicks + 1, machine.Kicks);
    }
}
