using System;
using System.Text;
using SharpVisor.Cpu;
using Xunit;

namespace SharpVisor.Tests.Unit.Cpu;

public class SystemRegisterTests
{
    [Theory]
    [InlineData(3, 3, 9, 12, 0, "PMCR_EL0")]
    [InlineData(3, 3, 9, 13, 0, "PMCCNTR_EL0")]
    [InlineData(3, 3, 14, 8, 0, "PMEVCNTR<n>_EL0")]
    [InlineData(3, 3, 14, 11, 6, "PMEVCNTR<n>_EL0")]
    [InlineData(3, 3, 14, 12, 0, "PMEVTYPER<n>_EL0")]
    [InlineData(3, 3, 14, 15, 7, "PMCCFILTR_EL0")]
    [InlineData(3, 0, 10, 4, 3, "LORC_EL1")]
    [InlineData(3, 0, 5, 3, 0, "ERRIDR_EL1")]
    [InlineData(3, 0, 12, 12, 5, "ICC_SRE_EL1")]
    [InlineData(3, 0, 1, 2, 0, "ZCR_EL1")]
    [InlineData(2, 1, 0, 1, 0, "a trace register (TRC)")]
    [InlineData(3, 3, 13, 2, 0, "an activity monitor (AM)")]
    [InlineData(3, 3, 14, 2, 1, "")]
    [InlineData(3, 3, 13, 0, 2, "")]
    [InlineData(3, 1, 15, 2, 1, "")]
    public void A_hidden_register_has_its_name(uint op0, uint op1, uint crn, uint crm, uint op2, string name) =>
        Assert.Equal(name, Encoding.ASCII.GetString(HiddenRegister.NameOf(Encode(op0, op1, crn, crm, op2))));

    [Fact]
    public void No_register_that_is_answered_is_also_hidden()
    {
        uint[] answered =
        [
            SystemRegister.DcIsw, SystemRegister.DcCsw, SystemRegister.DcCisw, SystemRegister.Mdrar, SystemRegister.Oslar, SystemRegister.Oslsr,
            SystemRegister.Osdlr, SystemRegister.Dbgprcr, SystemRegister.Revidr, SystemRegister.Aidr, SystemRegister.Actlr, SystemRegister.CntpTval,
            SystemRegister.CntpCtl, SystemRegister.CntpCval,
        ];
        foreach (uint encoding in answered)
        {
            Assert.True(HiddenRegister.NameOf(encoding).IsEmpty, $"{encoding:x}");
        }
    }

    // MRS, MSR and SYS as an assembler encodes them: bits 20:5 are op0, op1, CRn, CRm and op2.
    [Theory]
    [InlineData(0xd5381020u, SystemRegister.Actlr)] // mrs x0, actlr_el1
    [InlineData(0xd53800c0u, SystemRegister.Revidr)]
    [InlineData(0xd53900e0u, SystemRegister.Aidr)]
    [InlineData(0xd53be200u, SystemRegister.CntpTval)]
    [InlineData(0xd53be220u, SystemRegister.CntpCtl)]
    [InlineData(0xd53be240u, SystemRegister.CntpCval)]
    [InlineData(0xd5301000u, SystemRegister.Mdrar)]
    [InlineData(0xd5101080u, SystemRegister.Oslar)]
    [InlineData(0xd5301180u, SystemRegister.Oslsr)]
    [InlineData(0xd5301380u, SystemRegister.Osdlr)]
    [InlineData(0xd5301480u, SystemRegister.Dbgprcr)]
    [InlineData(0xd5087640u, SystemRegister.DcIsw)]
    [InlineData(0xd5087a40u, SystemRegister.DcCsw)]
    [InlineData(0xd5087e40u, SystemRegister.DcCisw)]
    [InlineData(0xd5184600u, SystemRegister.IccPmr)]
    [InlineData(0xd518cb20u, SystemRegister.IccDir)]
    [InlineData(0xd538cb60u, SystemRegister.IccRpr)]
    [InlineData(0xd518cc80u, SystemRegister.IccCtlr)]
    [InlineData(0xd518cba0u, SystemRegister.IccSgi1r)]
    [InlineData(0xd518cbc0u, SystemRegister.IccAsgi1r)]
    [InlineData(0xd518cbe0u, SystemRegister.IccSgi0r)]
    [InlineData(0xd538cca0u, SystemRegister.IccSre)]
    public void Encodings_are_those_of_the_instructions(uint instruction, uint encoding) =>
        Assert.Equal(
            Encode(instruction >> 19 & 3, instruction >> 16 & 7, instruction >> 12 & 15, instruction >> 8 & 15, instruction >> 5 & 7),
            encoding);

    [Theory]
    [InlineData(3, 0, 0, 4, 0, true)]
    [InlineData(3, 0, 0, 7, 7, true)]
    [InlineData(3, 0, 0, 0, 5, false)] // MPIDR_EL1
    [InlineData(3, 0, 1, 4, 0, false)]
    [InlineData(3, 1, 0, 4, 0, false)]
    public void The_ID_registers_are_told_apart(uint op0, uint op1, uint crn, uint crm, uint op2, bool expected) =>
        Assert.Equal(expected, SystemRegister.IsIdentification(Encode(op0, op1, crn, crm, op2)));

    [Theory]
    [InlineData(3, 1, 15, 2, 1, true)]
    [InlineData(3, 1, 11, 0, 2, true)]
    [InlineData(1, 0, 15, 0, 0, true)]
    [InlineData(3, 3, 14, 2, 1, false)]
    [InlineData(2, 0, 11, 0, 0, false)]
    public void Implementation_defined_registers_are_told_apart(uint op0, uint op1, uint crn, uint crm, uint op2, bool expected) =>
        Assert.Equal(expected, SystemRegister.IsImplementationDefined(Encode(op0, op1, crn, crm, op2)));

    // 32 KiB, 2 ways of 256 sets of 64 bytes (a57's data cache in the narrow format): ways in bit 31, sets in 13:6.
    [Theory]
    [InlineData(0x0000_0000ul, true)]
    [InlineData(0x8000_0000ul, true)]
    [InlineData(0x8000_3fc0ul, true)]
    [InlineData(0x8000_4000ul, false)]
    [InlineData(0x4000_0000ul, false)]
    [InlineData(0x1_0000_0000ul, false)]
    public void A_set_and_way_outside_of_the_cache_are_noticed(ulong operand, bool expected)
    {
        const ulong Geometry = (255ul << 13) | (1ul << 3) | 2;
        const ulong WideGeometry = (255ul << 32) | (1ul << 3) | 2;
        Assert.Equal(expected, SetWayOperand.IsInside(operand, Geometry, isWide: false));
        Assert.Equal(expected, SetWayOperand.IsInside(operand, WideGeometry, isWide: true));
    }

    [Fact]
    public void A_direct_mapped_cache_has_no_way_bits()
    {
        const ulong Geometry = (1023ul << 13) | 2;
        Assert.True(SetWayOperand.IsInside(1023 << 6, Geometry, isWide: false));
        Assert.False(SetWayOperand.IsInside(1024 << 6, Geometry, isWide: false));
    }

    [Theory]
    [InlineData(0, true)] // 3: instruction and data apart
    [InlineData(1, true)] // 4: unified
    [InlineData(2, false)]
    [InlineData(6, false)]
    [InlineData(7, false)]
    public void A_level_without_a_data_cache_is_noticed(int level, bool expected) =>
        Assert.Equal(expected, SetWayOperand.NamesDataCache((ulong)level << 1, 0x0a20_0023));

    private static uint Encode(uint op0, uint op1, uint crn, uint crm, uint op2) =>
        (op0 << 20) | (op2 << 17) | (op1 << 14) | (crn << 10) | (crm << 1);
}
