using System;
using CsCheck;
using SharpVisor.Cpu;
using Xunit;

namespace SharpVisor.Tests.Unit.Cpu;

public class IdentificationRegistersTests
{
    public static TheoryData<string> Cpus => new(HardwareRegisters.Cpus);

    // Worked out by hand from the raw values and the field descriptions of the Arm ARM.
    [Theory]
    [InlineData("cortex-a57", 3, 4, 0, 0x0000_0000_0100_0012)]
    [InlineData("cortex-a57", 2, 4, 0, 0x0000_0000_0000_0012)]
    [InlineData("cortex-a53", 2, 5, 0, 0x0000_00f0_1030_5006)]
    [InlineData("cortex-a72", 2, 6, 0, 0x0000_0000_0001_1120)]
    [InlineData("cortex-a72", 2, 7, 0, 0x0000_0000_0000_1124)]
    [InlineData("cortex-a72", 2, 7, 1, 0)]
    [InlineData("cortex-a57", 3, 1, 1, 0x1001_0001)]
    [InlineData("cortex-a57", 2, 1, 1, 0x0001_0001)]
    [InlineData("cortex-a57", 2, 1, 2, 0x0000_0006)]
    [InlineData("cortex-a57", 2, 1, 4, 0x1010_1105)]
    [InlineData("cortex-a57", 2, 3, 1, 0x1211_1111)]
    [InlineData("cortex-a76", 3, 4, 0, 0x1100_0000_0111_0012)]
    [InlineData("cortex-a76", 3, 4, 1, 0x0000_0000_0000_0010)]
    [InlineData("cortex-a76", 3, 7, 1, 0x0000_0000_0020_2002)]
    [InlineData("cortex-a76", 3, 7, 2, 0x0000_0000_0000_0011)]
    [InlineData("cortex-a76", 3, 2, 6, 0x0002_1010)]
    [InlineData("neoverse-n1", 3, 4, 1, 0x0000_0000_0000_0020)]
    [InlineData("neoverse-n1", 3, 6, 0, 0x0000_1000_1021_1120)]
    [InlineData("neoverse-n1", 3, 7, 0, 0x0000_0000_0010_1125)]
    [InlineData("max", 3, 1, 0, 0x0101_0131)]
    [InlineData("max", 3, 4, 0, 0x1101_0000_0111_0012)]
    [InlineData("max", 3, 4, 1, 0x0000_0000_0000_0021)]
    [InlineData("max", 3, 4, 4, 0)]
    [InlineData("max", 3, 4, 5, 0)]
    [InlineData("max", 3, 5, 0, 0x0000_00f0_1030_5006)]
    [InlineData("max", 3, 6, 0, 0x1221_1111_1021_2120)]
    [InlineData("max", 3, 6, 1, 0x0011_1111_0121_1012)]
    [InlineData("max", 3, 7, 0, 0x0000_0000_0010_1125)]
    [InlineData("max", 3, 7, 1, 0x0000_0010_0020_1002)]
    [InlineData("max", 3, 7, 2, 0x1021_0010_1001_0011)]
    public void A_guest_sees_these_values(string cpu, int gicVersion, int crm, int op2, ulong expected)
    {
        var registers = new IdentificationRegisters(HardwareRegisters.Of(cpu), gicVersion);
        Assert.Equal($"{expected:x16}", $"{registers.Read(crm, op2):x16}");
    }

    [Theory]
    [MemberData(nameof(Cpus))]
    public void What_is_not_switched_is_not_seen_on_any_cpu(string cpu)
    {
        var registers = new IdentificationRegisters(HardwareRegisters.Of(cpu), 3);
        ulong processor = registers.Read(4, 0);
        Assert.Equal(0ul, Field(processor, 8)); // EL2
        Assert.Equal(0ul, Field(processor, 12)); // EL3
        Assert.Equal(1ul, Field(processor, 4)); // EL1: AArch64 only
        Assert.Equal(0ul, Field(processor, 28)); // RAS
        Assert.Equal(0ul, Field(processor, 32)); // SVE
        Assert.Equal(0ul, Field(processor, 40)); // MPAM
        Assert.Equal(0ul, Field(processor, 44)); // AMU
        Assert.Equal(0ul, Field(registers.Read(4, 1), 8)); // MTE
        Assert.Equal(0ul, Field(registers.Read(4, 1), 24)); // SME
        Assert.Equal(0ul, Field(registers.Read(5, 0), 8)); // PMUVer
        Assert.Equal(0ul, Field(registers.Read(5, 0), 32)); // PMSVer
        Assert.Equal(0ul, Field(registers.Read(7, 1), 8)); // VH
        Assert.Equal(0ul, Field(registers.Read(7, 1), 16)); // LO
        Assert.Equal(0ul, Field(registers.Read(7, 2), 24)); // NV
        Assert.Equal(0ul, Field(registers.Read(1, 2), 24)); // PerfMon
    }

    [Theory]
    [InlineData("cortex-a53", 48, 2)]
    [InlineData("cortex-a57", 40, 2)]
    [InlineData("max", 48, 5)]
    [InlineData("max", 44, 4)]
    [InlineData("max", 40, 2)]
    [InlineData("max", 39, 1)]
    [InlineData("max", 36, 1)]
    [InlineData("max", 32, 0)]
    public void Physical_addresses_are_no_wider_than_the_guest_machine(string cpu, int addressBits, ulong expected)
    {
        var registers = new IdentificationRegisters(HardwareRegisters.Of(cpu), 3, addressBits);
        Assert.Equal(expected, Field(registers.Read(7, 0), 0));
    }

    [Fact]
    public void Without_AArch32_at_EL0_the_AArch32_registers_read_as_zero()
    {
        ulong[] raw = HardwareRegisters.Of("cortex-a72");
        raw[0x20] = (raw[0x20] & ~0xful) | 1;
        var registers = new IdentificationRegisters(raw, 2);
        for (int crm = 1; crm <= 3; crm++)
        {
            for (int op2 = 0; op2 < 8; op2++)
            {
                Assert.Equal(0ul, registers.Read(crm, op2));
            }
        }
    }

    [Fact]
    public void Missing_floating_point_stays_missing()
    {
        ulong[] raw = HardwareRegisters.Of("cortex-a72");
        raw[0x20] |= 0xff_0000;
        Assert.Equal(0xfful, new IdentificationRegisters(raw, 2).Read(4, 0) >> 16 & 0xff);
    }

    [Theory]
    [InlineData(0x0ul, 0x0ul)]
    [InlineData(0x1ul, 0x0ul)]
    [InlineData(0xful, 0xful)]
    public void The_4_KiB_granule_is_signed_and_never_52_bits_wide(ulong raw4KiB, ulong expected)
    {
        ulong[] raw = HardwareRegisters.Of("cortex-a72");
        raw[0x38] |= raw4KiB << 28;
        Assert.Equal(expected, Field(new IdentificationRegisters(raw, 2).Read(7, 0), 28));
    }

    [Fact]
    public void No_hardware_value_makes_a_hidden_field_visible() =>
        Gen.ULong.Array[64].Sample(
            raw =>
            {
                var registers = new IdentificationRegisters(raw, 2);
                return registers.Read(4, 4) == 0 && registers.Read(4, 5) == 0 && registers.Read(5, 4) == 0 && registers.Read(7, 3) == 0
                    && (registers.Read(4, 0) & 0x00f0_ffff_ff00_ff00) == 0
                    && (registers.Read(4, 1) & 0xffff_fff0_ffff_ff00) == 0
                    && (registers.Read(5, 0) & 0xffff_ff0f_0f0f_0ff0) == 0
                    && (registers.Read(7, 1) & 0x0ff0_0f0f_f00f_0ff0) == 0
                    && (registers.Read(7, 2) & 0x0f00_0f00_0f00_f000) == 0;
            },
            iter: 20_000);

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(8, 0)]
    [InlineData(15, 7)]
    [InlineData(1, 8)]
    public void Outside_of_the_space_everything_reads_as_zero(int crm, int op2) =>
        Assert.Equal(0ul, new IdentificationRegisters(HardwareRegisters.Of("max"), 3).Read(crm, op2));

    private static ulong Field(ulong value, int shift) => value >> shift & 0xf;
}
