using SharpVisor.Interrupts;
using Xunit;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>From a line, an SGI or a timer to the guest's acknowledge and end.</summary>
public class GicDeliveryTests
{
    private const int Level = 33;
    private const int Edge = 40;

    private static TestMachine OpenWithShared(int version, int count = 1, int listRegisters = 4)
    {
        TestMachine machine = TestMachine.Open(version, count, listRegisters);
        machine.Write(0, 0xc00 + (Edge / 16 * 4), 2u << (2 * (Edge % 16)));
        for (int i = 32; i < 64; i++)
        {
            machine.Route(0, i, 0);
        }

        machine.SetEnable(0, 32, uint.MaxValue);
        return machine;
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Level_that_stays_high_comes_again_when_it_is_ended(int version)
    {
        TestMachine machine = OpenWithShared(version);
        machine.SetLine(0, Level, true);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal((uint)Level, machine.Acknowledge(0));
            Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(0));
            machine.End(0, Level);
        }

        Assert.Equal((uint)Level, machine.Acknowledge(0));
        machine.SetLine(0, Level, false);
        machine.End(0, Level);
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(0));
    }

    [Fact]
    public void Level_that_falls_before_it_is_acknowledged_is_gone()
    {
        TestMachine machine = OpenWithShared(3);
        machine.SetLine(0, Level, true);
        Assert.True(machine.Interfaces[0].IsSignalled);
        machine.SetLine(0, Level, false);
        Assert.False(machine.Interfaces[0].IsSignalled);
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(0));
    }

    [Fact]
    public void Edge_stays_pending_when_its_line_falls_and_needs_no_maintenance()
    {
        TestMachine machine = OpenWithShared(3);
        machine.SetLine(0, Edge, true);
        machine.SetLine(0, Edge, false);
        Assert.Equal((uint)Edge, machine.Acknowledge(0));
        machine.SetLine(0, Edge, true);
        Assert.True(machine.IsPending(0, Edge) && machine.IsActive(0, Edge));
        machine.End(0, Edge);
        Assert.Equal((uint)Edge, machine.Acknowledge(0));
        machine.End(0, Edge);
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(0));
        Assert.Equal(0, machine.Maintenances);
    }

    [Fact]
    public void Level_that_its_handler_lowers_needs_no_maintenance()
    {
        TestMachine machine = OpenWithShared(3);
        machine.SetLine(0, Level, true);
        Assert.Equal((uint)Level, machine.Acknowledge(0));
        machine.SetLine(0, Level, false);
        machine.End(0, Level);
        Assert.Equal(0, machine.Maintenances);
        Assert.False(machine.IsActive(0, Level));
    }

    [Fact]
    public void Timer_needs_no_maintenance_and_two_list_register_accesses_each_time()
    {
        TestMachine machine = TestMachine.Open(3);
        machine.Enable(0, TestMachine.Timer);
        machine.SetTimer(0, true);
        TestCpuInterface cpu = machine.Interfaces[0];
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal((uint)TestMachine.Timer, machine.Acknowledge(0));
            machine.SetTimer(0, false);
            machine.End(0, TestMachine.Timer);
            Assert.False(machine.TimerActive[0]);
            int before = cpu.Reads + cpu.Writes;
            machine.SetTimer(0, true);
            Assert.Equal(2, cpu.Reads + cpu.Writes - before);
        }

        Assert.Equal(0, machine.Maintenances);
    }

    [Fact]
    public void Timer_that_stays_asserted_comes_again_after_its_end()
    {
        TestMachine machine = TestMachine.Open(3);
        machine.Enable(0, TestMachine.Timer);
        machine.SetTimer(0, true);
        Assert.Equal((uint)TestMachine.Timer, machine.Acknowledge(0));
        machine.End(0, TestMachine.Timer);
        Assert.Equal((uint)TestMachine.Timer, machine.Acknowledge(0));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Disabled_timer_shows_whether_hardware_asserts_it(int version)
    {
        TestMachine machine = TestMachine.Open(version);
        Assert.False(machine.IsPending(0, TestMachine.Timer));
        machine.SetTimer(0, true);
        Assert.True(machine.IsPending(0, TestMachine.Timer));
        machine.SetTimer(0, false);
        Assert.False(machine.IsPending(0, TestMachine.Timer));
        machine.SetTimer(0, true);
        machine.SetTimer(0, false);
        machine.Enable(0, TestMachine.Timer);
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(0));
        Assert.False(machine.TimerActive[0]);
        machine.SetTimer(0, true);
        Assert.Equal((uint)TestMachine.Timer, machine.Acknowledge(0));
    }

    [Fact]
    public void Timer_whose_condition_passed_while_groups_were_off_is_not_delivered()
    {
        TestMachine machine = TestMachine.Open(3, 1, 1);
        machine.Enable(0, TestMachine.Timer);
        machine.Write(0, 0, 0);
        machine.SetTimer(0, true);
        machine.SetTimer(0, false);
        machine.Write(0, 0, 3);
        Assert.False(machine.Interfaces[0].IsSignalled);
        Assert.False(machine.TimerActive[0]);
    }

    [Fact]
    public void Clearing_the_active_state_of_the_timer_deactivates_the_physical_one()
    {
        TestMachine machine = TestMachine.Open(3);
        machine.Enable(0, TestMachine.Timer);
        machine.SetTimer(0, true);
        Assert.Equal((uint)TestMachine.Timer, machine.Acknowledge(0));
        machine.SetTimer(0, false);
        machine.WriteBits(0, TestMachine.Timer, 0x380, 1u << TestMachine.Timer);
        Assert.False(machine.TimerActive[0]);
        Assert.False(machine.IsActive(0, TestMachine.Timer));
    }

    [Fact]
    public void Another_VCpu_that_clears_the_active_state_of_a_timer_makes_its_owner_deactivate_the_physical_one()
    {
        TestMachine machine = TestMachine.Open(3, 2);
        machine.Enable(1, TestMachine.Timer);
        machine.SetTimer(1, true);
        Assert.Equal((uint)TestMachine.Timer, machine.Acknowledge(1));
        machine.SetTimer(1, false);
        machine.WriteBits(0, TestMachine.Timer, 0x380, 1u << TestMachine.Timer, owner: 1);
        Assert.False(machine.TimerActive[1]);
    }

    [Fact]
    public void Timer_that_was_disabled_in_its_list_register_is_taken_out_and_comes_back_when_enabled()
    {
        TestMachine machine = TestMachine.Open(3);
        machine.Enable(0, TestMachine.Timer);
        machine.SetTimer(0, true);
        machine.WriteBits(0, TestMachine.Timer, 0x180, 1u << TestMachine.Timer);
        Assert.False(machine.Interfaces[0].IsSignalled);
        Assert.True(machine.TimerActive[0]);
        machine.Enable(0, TestMachine.Timer);
        Assert.Equal((uint)TestMachine.Timer, machine.Acknowledge(0));
    }

    [Fact]
    public void Higher_priority_preempts_a_lower_one()
    {
        TestMachine machine = OpenWithShared(3, 1, 1);
        machine.SetPriority(0, 34, 0x80);
        machine.SetPriority(0, 35, 0x40);
        machine.SetLine(0, 34, true);
        Assert.Equal(34u, machine.Acknowledge(0));
        machine.SetLine(0, 35, true);
        Assert.Equal(35u, machine.Acknowledge(0));
        machine.SetLine(0, 35, false);
        machine.End(0, 35);
        Assert.True(machine.IsActive(0, 34));
        machine.SetLine(0, 34, false);
        machine.End(0, 34);
        Assert.False(machine.IsActive(0, 34));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public void More_pending_interrupts_than_list_registers_are_all_delivered_by_priority(int listRegisters)
    {
        TestMachine machine = OpenWithShared(3, 1, listRegisters);
        for (int i = 0; i < 32; i++)
        {
            machine.SetPriority(0, 32 + i, (i * 7 % 31) * 8);
            machine.WriteBits(0, 32 + i, 0x200, 1u << i);
        }

        int last = 0;
        for (int i = 0; i < 32; i++)
        {
            uint interrupt = machine.Acknowledge(0);
            Assert.InRange(interrupt, 32u, 63u);
            int priority = (int)(interrupt - 32) * 7 % 31 * 8;
            Assert.True(priority >= last);
            last = priority;
            machine.End(0, interrupt);
        }

        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(0));
    }

    [Fact]
    public void An_end_outside_the_list_registers_counts_even_if_another_exit_comes_before_its_maintenance()
    {
        TestMachine machine = OpenWithShared(3, 1, 1);
        machine.SetPriority(0, 34, 0x80);
        machine.SetPriority(0, 35, 0x90);
        machine.WriteBits(0, 34, 0x200, 1u << 2);
        Assert.Equal(34u, machine.Acknowledge(0));
        machine.WriteBits(0, 35, 0x200, 1u << 3);
        machine.End(0, 34, lateMaintenance: true);
        Assert.Equal(35u, machine.Acknowledge(0));
        machine.End(0, 35);
        Assert.False(machine.IsActive(0, 34) || machine.IsActive(0, 35));
    }

    [Fact]
    public void A_pending_interrupt_whose_group_the_guest_masks_does_not_keep_others_out()
    {
        TestMachine machine = OpenWithShared(3, 1, 1);
        machine.WriteBits(0, 34, 0x80, 1u << 2);
        machine.SetPriority(0, 35, 0x80);
        machine.Run(0, () => machine.CpuFrame.Write(0, 0, 4, 1));
        machine.WriteBits(0, 34, 0x200, 1u << 2);
        machine.WriteBits(0, 35, 0x200, 1u << 3);
        Assert.Equal(35u, machine.Acknowledge(0));
        machine.End(0, 35);
        machine.Run(0, () => machine.CpuFrame.Write(0, 0, 4, 2));
        Assert.Equal(34u, machine.Acknowledge(0, group1Only: true));
    }

    [Fact]
    public void With_EOImode_1_an_interrupt_outside_the_list_registers_can_be_deactivated()
    {
        TestMachine machine = OpenWithShared(2, 1, 1);
        machine.Run(0, () => machine.CpuFrame.Write(0, 0, 4, 3 | (1 << 9)));
        machine.WriteBits(0, 34, 0x200, 7u << 2);
        for (uint i = 34; i < 37; i++)
        {
            Assert.Equal(i, machine.Acknowledge(0));
            machine.End(0, i);
        }

        Assert.Equal(7u << 2, machine.ReadBits(0, 34, 0x300));
        machine.Deactivate(0, 35);
        Assert.Equal(5u << 2, machine.ReadBits(0, 34, 0x300));
        machine.Deactivate(0, 36);
        machine.Deactivate(0, 34);
        Assert.Equal(0u, machine.ReadBits(0, 34, 0x300));
    }

    [Fact]
    public void With_EOImode_1_active_interrupts_do_not_keep_pending_ones_out()
    {
        TestMachine machine = OpenWithShared(2, 1, 2);
        machine.Run(0, () => machine.CpuFrame.Write(0, 0, 4, 3 | (1 << 9)));
        for (int i = 34; i < 50; i++)
        {
            machine.WriteBits(0, i, 0x200, 1u << (i - 32));
            Assert.Equal((uint)i, machine.Acknowledge(0));
            machine.End(0, (uint)i);
        }

        Assert.Equal(0xffffu << 2, machine.ReadBits(0, 34, 0x300));
    }

    [Fact]
    public void A_disabled_pending_interrupt_leaves_the_other_VCpus_list_register_before_the_write_is_over()
    {
        TestMachine machine = OpenWithShared(3, 2);
        machine.Route(0, Level, 1);
        machine.SetLine(0, Level, true);
        Assert.True(machine.Interfaces[1].IsSignalled);
        machine.Distributor.Write(0, 0x184, 4, 1u << (Level - 32));
        Assert.False(machine.Interfaces[1].IsSignalled);
        machine.Run(0, () => { });
        Assert.False(machine.Interfaces[1].IsSignalled);
        Assert.True(machine.IsPending(0, Level));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_pending_interrupt_that_is_routed_elsewhere_moves(int version)
    {
        TestMachine machine = OpenWithShared(version, 2);
        machine.SetLine(0, Level, true);
        Assert.True(machine.Interfaces[0].IsSignalled);
        machine.Route(0, Level, 1);
        Assert.False(machine.Interfaces[0].IsSignalled);
        Assert.Equal((uint)Level, machine.Acknowledge(1));
        machine.Route(0, Level, 0);
        Assert.True(machine.IsActive(0, Level));
        machine.End(1, Level);
        Assert.Equal((uint)Level, machine.Acknowledge(0));
    }

    [Fact]
    public void A_route_to_nobody_delivers_nothing()
    {
        TestMachine machine = OpenWithShared(3, 2);
        machine.Write(0, 0x6000 + (8 * Level), 0x1_0000_0000, 8);
        machine.SetLine(0, Level, true);
        Assert.False(machine.Interfaces[0].IsSignalled || machine.Interfaces[1].IsSignalled);
        Assert.True(machine.IsPending(0, Level));
    }

    [Fact]
    public void Of_several_targets_exactly_one_gets_the_interrupt()
    {
        TestMachine machine = OpenWithShared(2, 3);
        machine.Write(0, 0x800 + Level, 6, 1);
        machine.SetLine(0, Level, true);
        Assert.Equal(
            (false, true, false),
            (machine.Interfaces[0].IsSignalled, machine.Interfaces[1].IsSignalled, machine.Interfaces[2].IsSignalled));
        machine.Stop(1);
        Assert.True(machine.Interfaces[2].IsSignalled);
    }

    [Fact]
    public void An_interrupt_routed_to_any_goes_to_one_that_runs()
    {
        TestMachine machine = OpenWithShared(3, 2);
        machine.Write(0, 0x6000 + (8 * Level), 1ul << 31, 8);
        machine.Stop(0);
        machine.SetLine(1, Level, true);
        Assert.Equal((uint)Level, machine.Acknowledge(1));
    }

    [Fact]
    public void What_is_pending_for_a_VCpu_that_is_off_is_delivered_when_it_comes_on()
    {
        TestMachine machine = OpenWithShared(3, 2);
        machine.Stop(1);
        machine.Route(0, Level, 1);
        machine.SetLine(0, Level, true);
        machine.Start(1);
        machine.OpenInterface(1);
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(0));
        Assert.Equal((uint)Level, machine.Acknowledge(1));
        machine.SetLine(1, Level, false);
        machine.End(1, Level);
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(1));
        machine.WriteBits(1, 3, 0x80, 1u << 3);
        machine.Run(0, () => machine.Gic.SendSgi(0, (3ul << 24) | 2));
        Assert.Equal(3u, machine.Acknowledge(1));
    }

    [Fact]
    public void A_VCpu_that_comes_on_starts_with_its_interface_closed()
    {
        TestMachine machine = OpenWithShared(3, 2);
        machine.Stop(1);
        machine.Start(1);
        Assert.Equal((0u, 0u, 0xffu), (machine.Interfaces[1].Control, machine.Interfaces[1].PriorityMask, machine.Interfaces[1].RunningPriority));
    }

    [Fact]
    public void Group_enables_of_the_distributor_hold_interrupts_back()
    {
        TestMachine machine = OpenWithShared(3);
        machine.Write(0, 0, 2);
        machine.SetLine(0, Level, true);
        Assert.False(machine.Interfaces[0].IsSignalled);
        machine.Write(0, 0, 3);
        Assert.True(machine.Interfaces[0].IsSignalled);
        machine.Write(0, 0, 2);
        Assert.False(machine.Interfaces[0].IsSignalled);
    }

    [Fact]
    public void A_new_priority_of_an_active_interrupt_counts_from_its_next_time()
    {
        TestMachine machine = OpenWithShared(3);
        machine.SetPriority(0, Edge, 0x80);
        machine.SetLine(0, Edge, true);
        Assert.Equal((uint)Edge, machine.Acknowledge(0));
        machine.SetPriority(0, Edge, 0xf0);
        machine.SetLine(0, Edge, false);
        machine.SetLine(0, Edge, true);
        Assert.Equal(0x80u, machine.Interfaces[0].RunningPriority);
        machine.End(0, Edge);
        machine.Run(0, () => machine.CpuFrame.Write(0, 4, 4, 0xf0));
        Assert.Equal(SoftwareCpuInterface.Spurious, machine.Acknowledge(0));
        machine.Run(0, () => machine.CpuFrame.Write(0, 4, 4, 0xf8));
        Assert.Equal((uint)Edge, machine.Acknowledge(0));
    }

    [Fact]
    public void A_sleeping_VCpu_sees_that_something_is_pending()
    {
        TestMachine machine = OpenWithShared(3, 2);
        Assert.False(machine.Gic.HasPendingFor(1));
        machine.WriteBits(1, 0, 0x80, 1);
        machine.Gic.SendSgi(0, 2);
        Assert.True(machine.Gic.HasPendingFor(1));
        machine.Run(1, () => machine.Gic.ServiceRequests(1));
        Assert.True(machine.Gic.HasPendingFor(1));
        Assert.Equal(0u, machine.Acknowledge(1));
        Assert.False(machine.Gic.HasPendingFor(1));
    }
}
