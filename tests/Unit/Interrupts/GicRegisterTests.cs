using System.Linq;
using SharpVisor.Interrupts;
using Xunit;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>The register frames: values, widths, what is read-only and what isn't there.</summary>
public class GicRegisterTests
{
    [Theory]
    [InlineData(2, 0x004u)]
    [InlineData(2, 0x008u)]
    [InlineData(2, 0xfe8u)]
    [InlineData(3, 0x0004u)]
    [InlineData(3, 0x0008u)]
    [InlineData(3, 0xffe8u)]
    public void Writes_to_read_only_registers_are_ignored(int version, uint offset)
    {
        TestMachine machine = TestMachine.Open(version, 2);
        ulong before = machine.Read(0, offset);
        Assert.NotEqual(0ul, before);
        machine.Write(0, offset, 0xffff_ffff);
        Assert.Equal(before, machine.Read(0, offset));
        machine.Write(0, offset, 0);
        Assert.Equal(before, machine.Read(0, offset));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void GICv2_GICD_TYPER_tells_288_interrupts_and_the_number_of_CPUs(int count)
    {
        ulong type = new TestMachine(2, count).Read(0, 4);
        Assert.Equal(8ul, type & 31);
        Assert.Equal((ulong)count - 1, type >> 5 & 7);
    }

    [Theory]
    [InlineData(2, 0xfe8u, 2)]
    [InlineData(3, 0xffe8u, 3)]
    public void PIDR2_names_the_architecture_version_at_its_place(int version, uint offset, int architecture)
    {
        var machine = new TestMachine(version);
        Assert.Equal((ulong)architecture, machine.Read(0, offset) >> 4);
        Assert.Equal(0ul, machine.Read(0, version == 2 ? 0xffe8u : 0xfe8));
    }

    [Fact]
    public void GICv3_GICD_CTLR_has_one_security_state_and_affinity_routing_for_ever()
    {
        var machine = new TestMachine(3);
        Assert.Equal(0x50ul, machine.Read(0, 0));
        machine.Write(0, 0, 0xffff_ffff);
        Assert.Equal(0x53ul, machine.Read(0, 0));
        machine.Write(0, 0, 0);
        Assert.Equal(0x50ul, machine.Read(0, 0));
    }

    [Fact]
    public void GICv2_GICD_CTLR_has_two_group_enables()
    {
        var machine = new TestMachine(2);
        Assert.Equal(0ul, machine.Read(0, 0));
        machine.Write(0, 0, 0xffff_ffff);
        Assert.Equal(3ul, machine.Read(0, 0));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Priorities_have_five_bits_and_are_accessible_by_byte(int version)
    {
        var machine = new TestMachine(version, 2);
        machine.Write(0, 0x420, 0xffff_ffff);
        Assert.Equal(0xf8f8_f8f8ul, machine.Read(0, 0x420));
        machine.Write(0, 0x420, 0xff7f_bf3f);
        Assert.Equal(0xf878_b838ul, machine.Read(0, 0x420));
        Assert.Equal(0xb8ul, machine.Read(0, 0x421, 1));
        machine.Write(0, 0x422, 0x11, 1);
        Assert.Equal(0xf810_b838ul, machine.Read(0, 0x420));
        machine.Write(0, 0x51c, 0x0101_0101 * 0x20);
        Assert.Equal(0x2020_2020ul, machine.Read(0, 0x51c));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Registers_of_interrupts_beyond_the_last_read_as_zero_and_ignore_writes(int version)
    {
        var machine = new TestMachine(version, 2);
        uint[] offsets = [0x80 + 36, 0x100 + 36, 0x180 + 36, 0x200 + 36, 0x280 + 36, 0x300 + 36, 0x380 + 36, 0x400 + 288, 0x800 + 288, 0xc00 + 72, 0x6000 + (288 * 8)];
        foreach (uint offset in offsets)
        {
            machine.Write(0, offset, 0xffff_ffff);
            Assert.Equal((offset, 0ul), (offset, machine.Read(0, offset)));
        }
    }

    [Fact]
    public void GICv2_targets_of_private_interrupts_name_the_reader_and_are_read_only()
    {
        var machine = new TestMachine(2, 3);
        for (int i = 0; i < 3; i++)
        {
            machine.Write(i, 0x800, 0);
            Assert.Equal((1ul << i) * 0x0101_0101, machine.Read(i, 0x800));
            Assert.Equal(1ul << i, machine.Read(i, 0x81f, 1));
        }
    }

    [Fact]
    public void GICv2_targets_keep_only_CPUs_that_are_there()
    {
        var machine = new TestMachine(2, 3);
        machine.Write(0, 0x820, 0xffff_ffff);
        Assert.Equal(0x0707_0707ul, machine.Read(0, 0x820));
        machine.Write(0, 0x821, 2, 1);
        Assert.Equal(0x0707_0207ul, machine.Read(0, 0x820));
    }

    [Fact]
    public void GICv2_with_one_CPU_has_no_target_registers()
    {
        var machine = new TestMachine(2);
        machine.Write(0, 0x820, 0xffff_ffff);
        Assert.Equal((0ul, 0ul), (machine.Read(0, 0x800), machine.Read(0, 0x820)));
    }

    [Fact]
    public void GICv3_has_private_interrupts_and_targets_in_other_places()
    {
        var machine = new TestMachine(3, 2);
        foreach (uint offset in new uint[] { 0x80, 0x100, 0x200, 0x300, 0x400, 0x800, 0x820, 0xc04, 0xf00, 0xf20, 0x6000 })
        {
            machine.Write(0, offset, 0xffff_ffff);
            Assert.Equal((offset, 0ul), (offset, machine.Read(0, offset)));
        }
    }

    [Fact]
    public void GICv3_routes_are_accessible_whole_and_by_halves()
    {
        var machine = new TestMachine(3, 2);
        machine.Write(0, 0x6100, ulong.MaxValue, 8);
        Assert.Equal(0xff_80ff_fffful, machine.Read(0, 0x6100, 8));
        machine.Write(0, 0x6104, 0);
        Assert.Equal(0x80ff_fffful, machine.Read(0, 0x6100, 8));
        machine.Write(0, 0x6100, 1);
        Assert.Equal((1ul, 0ul), (machine.Read(0, 0x6100), machine.Read(0, 0x6104)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Set_and_clear_registers_change_only_the_bits_that_are_one(int version)
    {
        var machine = new TestMachine(version);
        machine.Write(0, 0x104, 0xff00_00f1);
        machine.Write(0, 0x104, 0x0000_0002);
        Assert.Equal((0xff00_00f3ul, 0xff00_00f3ul), (machine.Read(0, 0x104), machine.Read(0, 0x184)));
        machine.Write(0, 0x184, 0x0f00_0001);
        Assert.Equal(0xf000_00f2ul, machine.Read(0, 0x104));
        machine.Write(0, 0x204, 6);
        machine.Write(0, 0x284, 2);
        Assert.Equal(4ul, machine.Read(0, 0x284));
        machine.Write(0, 0x304, 0x88);
        machine.Write(0, 0x384, 8);
        Assert.Equal(0x80ul, machine.Read(0, 0x384));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Configuration_of_shared_interrupts_is_one_bit_each_and_of_private_ones_fixed(int version)
    {
        var machine = new TestMachine(version);
        machine.Write(0, 0xc08, 0xffff_ffff);
        Assert.Equal(0xaaaa_aaaaul, machine.Read(0, 0xc08));
        machine.Write(0, 0xc08, 0x5555_5555);
        Assert.Equal(0ul, machine.Read(0, 0xc08));
        ulong sgis = version == 2 ? machine.Read(0, 0xc00) : machine.ReadRedistributor(0, 0, 0x1_0c00);
        Assert.Equal(0xaaaa_aaaaul, sgis);
        machine.Write(0, 0xc04, 0xffff_ffff);
        Assert.Equal(0ul, version == 2 ? machine.Read(0, 0xc04) : machine.ReadRedistributor(0, 0, 0x1_0c04));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Widths_and_alignments_that_a_register_does_not_have_read_as_zero_and_change_nothing(int version)
    {
        var machine = new TestMachine(version, 2);
        machine.Write(0, 0x104, 0xff, 1);
        machine.Write(0, 0x104, 0xff, 2);
        machine.Write(0, 0x104, 0xff, 8);
        machine.Write(0, 0x102, 0xffff_ffff);
        machine.Write(0, 0, 3, 1);
        machine.Write(0, 0x420, ulong.MaxValue, 8);
        machine.Write(0, 0x421, 0xffff, 2);
        Assert.Equal(
            (0ul, 0ul, version == 3 ? 0x50ul : 0),
            (machine.Read(0, 0x104), machine.Read(0, 0x420), machine.Read(0, 0)));
        machine.Write(0, 0x104, 0xffff_ffff);
        Assert.Equal(
            (0ul, 0ul, 0ul, 0ul),
            (machine.Read(0, 0x104, 1), machine.Read(0, 0x104, 2), machine.Read(0, 0x104, 8), machine.Read(0, 0x102)));
    }

    [Fact]
    public void GICR_TYPER_names_affinity_and_number_and_marks_the_last_frame()
    {
        var machine = new TestMachine(3, 3);
        for (int i = 0; i < 3; i++)
        {
            ulong type = machine.ReadRedistributor(0, i, 8, 8);
            Assert.Equal(((ulong)i << 32) | ((ulong)i << 8) | (i == 2 ? 16ul : 0), type);
            Assert.Equal(((uint)type, type >> 32), (machine.ReadRedistributor(0, i, 8), machine.ReadRedistributor(0, i, 12)));
            Assert.Equal(0x3bul, machine.ReadRedistributor(0, i, 0xffe8));
        }
    }

    [Fact]
    public void GICR_WAKER_follows_what_is_asked_for()
    {
        var machine = new TestMachine(3);
        Assert.Equal(6ul, machine.ReadRedistributor(0, 0, 0x14));
        machine.WriteRedistributor(0, 0, 0x14, 0);
        Assert.Equal(0ul, machine.ReadRedistributor(0, 0, 0x14));
        machine.WriteRedistributor(0, 0, 0x14, 2);
        Assert.Equal(6ul, machine.ReadRedistributor(0, 0, 0x14));
    }

    [Fact]
    public void Redistributors_of_each_VCpu_are_apart_and_open_to_all()
    {
        var machine = new TestMachine(3, 2);
        machine.WriteRedistributor(0, 1, 0x1_0100, 0xf0);
        machine.WriteRedistributor(0, 1, 0x1_0404, 0x44, 1);
        Assert.Equal((0ul, 0xf0ul), (machine.ReadRedistributor(0, 0, 0x1_0100), machine.ReadRedistributor(1, 1, 0x1_0100)));
        Assert.Equal(0x40ul, machine.ReadRedistributor(1, 1, 0x1_0404, 1));
        machine.WriteRedistributor(1, 1, 0x1_0180, 0x30);
        Assert.Equal(0xc0ul, machine.ReadRedistributor(0, 1, 0x1_0180));
        Assert.Equal(0ul, machine.Redistributor!.Read(0, 2 << 17, 4));
    }

    [Fact]
    public void Reset_puts_every_register_back()
    {
        TestMachine machine = TestMachine.Open(2, 2);
        machine.Write(0, 0x104, 0xff);
        machine.Write(0, 0x204, 0xff);
        machine.Write(0, 0x304, 0x0f);
        machine.Write(0, 0x420, 0x8080_8080);
        machine.Write(0, 0x820, 0x0101_0101);
        machine.Stop(0);
        machine.Stop(1);
        machine.Distributor.Reset();
        machine.Start(0);
        Assert.All(
            Enumerable.Range(0, 0x400).Select(i => (uint)i * 4).Where(i => i is >= 0x80 and < 0xc00 and not (>= 0x800 and < 0x820)),
            offset => Assert.Equal((offset, offset is 0x100 or 0x180 ? 0xfffful : 0), (offset, machine.Read(0, offset))));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void No_access_of_whatever_place_width_and_value_does_harm(int version)
    {
        var machine = new TestMachine(version, 2, 2);
        var random = new System.Random(version);
        for (int i = 0; i < 200_000; i++)
        {
            int vcpu = random.Next(2);
            uint offset = (uint)random.Next(random.Next(2) == 0 ? 0x1000 : 0x1_0000);
            int size = 1 << random.Next(4);
            ulong value = (ulong)random.NextInt64() << random.Next(2);
            int kind = random.Next(8);
            machine.Run(vcpu, () =>
            {
                ulong read = 0;
                switch (kind)
                {
                    case 0:
                        read = machine.Distributor.Read(vcpu, offset, size);
                        break;
                    case 1:
                        machine.Distributor.Write(vcpu, offset, size, value);
                        break;
                    case 2 when machine.Redistributor != null:
                        read = machine.Redistributor.Read(vcpu, (offset * 5) & 0x3_ffff, size);
                        break;
                    case 3 when machine.Redistributor != null:
                        machine.Redistributor.Write(vcpu, (offset * 5) & 0x3_ffff, size, value);
                        break;
                    case 4:
                        read = machine.CpuFrame.Read(vcpu, offset & 0x103f, size);
                        break;
                    case 5:
                        machine.CpuFrame.Write(vcpu, offset & 0x103f, size, value);
                        break;
                    case 6:
                        machine.Gic.SendSgi(vcpu, value);
                        break;
                    case 7:
                        machine.Gic.Deactivate(vcpu, (uint)value & 0x1ff);
                        break;
                }

                Assert.True(size == 8 || read >> (size * 8) == 0);
            });
        }
    }

    [Fact]
    public void List_registers_of_a_GICv2_and_back_keep_everything_it_has()
    {
        var random = new System.Random(5);
        for (int i = 0; i < 10_000; i++)
        {
            uint value = (uint)random.NextInt64() & 0xff8f_ffff;
            value &= (value >> 31) != 0 ? uint.MaxValue : ~(0x3fu << 13);
            Assert.Equal(value, GicV2ListRegister.FromCommon(GicV2ListRegister.ToCommon(value)));
        }
    }
}
