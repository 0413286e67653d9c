using SharpVisor.Cpu;
using Xunit;

namespace SharpVisor.Tests.Unit.Cpu;

public class StepInstructionTests
{
    [Theory]
    [InlineData(0xd503_207fu)] // wfi
    [InlineData(0xd503_205fu)] // wfe
    [InlineData(0xd503_1003u)] // wfet x3
    [InlineData(0xd503_1023u)] // wfit x3
    public void What_waits_is_known(uint instruction) => Assert.True(new StepInstruction(instruction).IsWait);

    [Theory]
    [InlineData(0xd503_201fu)] // nop
    [InlineData(0xd503_203fu)] // yield
    [InlineData(0xd503_209fu)] // sev
    [InlineData(0xd503_305fu)] // clrex #0
    [InlineData(0u)]
    public void What_does_not_wait_is_not_taken_for_it(uint instruction) => Assert.False(new StepInstruction(instruction).IsWait);

    [Fact]
    public void Instructions_about_interrupt_masks_are_told_apart()
    {
        var reads = new StepInstruction(0xd53b_4225); // mrs x5, daif
        Assert.True(reads.ReadsMasks);
        Assert.Equal(5u, reads.Target);
        var writes = new StepInstruction(0xd51b_4225); // msr daif, x5
        Assert.True(writes.ReplacesMasks);
        Assert.False(writes.ReadsMasks);
        var sets = new StepInstruction(0xd503_42df); // msr daifset, #2
        Assert.True(sets.SetsMasks);
        Assert.False(sets.ClearsMasks);
        Assert.Equal(1ul << 7, sets.Masks);
        var clears = new StepInstruction(0xd503_4fff); // msr daifclr, #15
        Assert.True(clears.ClearsMasks);
        Assert.Equal(0x3c0ul, clears.Masks);
        Assert.False(new StepInstruction(0xd503_4040).SetsMasks); // something else with that CRn
    }

    [Theory]
    [InlineData(0xd69f_03e0u)] // eret
    [InlineData(0xd69f_0bffu)] // eretaa
    [InlineData(0xd69f_0fffu)] // eretab
    public void Returns_from_exceptions_bring_masks_of_their_own(uint instruction)
    {
        Assert.True(new StepInstruction(instruction).IsExceptionReturn);
        Assert.True(new StepInstruction(instruction).ReplacesMasks);
    }

    [Theory]
    [InlineData(0xc85f_7c41u, true, 8, false)] // ldxr x1, [x2]
    [InlineData(0x885f_fc41u, true, 4, false)] // ldaxr w1, [x2]
    [InlineData(0x085f_7c41u, true, 1, false)] // ldxrb w1, [x2]
    [InlineData(0x485f_fc41u, true, 2, false)] // ldaxrh w1, [x2]
    [InlineData(0xc87f_0c41u, true, 8, true)] // ldxp x1, x3, [x2]
    [InlineData(0x887f_8c41u, true, 4, true)] // ldaxp w1, w3, [x2]
    [InlineData(0xc803_7c41u, false, 8, false)] // stxr w3, x1, [x2]
    [InlineData(0x8803_fc41u, false, 4, false)] // stlxr w3, w1, [x2]
    [InlineData(0xc823_9041u, false, 8, true)] // stlxp w3, x1, x4, [x2]
    public void Exclusive_accesses_are_known(uint instruction, bool isLoad, int size, bool isPair)
    {
        var exclusive = new StepInstruction(instruction);
        Assert.Equal(isLoad, exclusive.IsLoadExclusive);
        Assert.Equal(!isLoad, exclusive.IsStoreExclusive);
        Assert.Equal((size, isPair), (exclusive.Size, exclusive.IsPair));
        Assert.Equal((1u, 2u), (exclusive.Target, exclusive.Base));
        Assert.True(isLoad || exclusive.Status == 3);
    }

    [Theory]
    [InlineData(0xc8df_fc41u)] // ldar x1, [x2]
    [InlineData(0x889f_fc41u)] // stlr w1, [x2]
    [InlineData(0x0820_7c40u)] // casp w0, w1, w0, w1, [x2]
    [InlineData(0xc8a1_7c40u)] // cas x1, x0, [x2]
    [InlineData(0xf940_0041u)] // ldr x1, [x2]
    public void Others_are_not_taken_for_exclusive_ones(uint instruction)
    {
        var other = new StepInstruction(instruction);
        Assert.False(other.IsLoadExclusive || other.IsStoreExclusive);
    }

    [Theory]
    [InlineData(0xd503_305fu, true)]
    [InlineData(0xd503_3f5fu, true)] // clrex
    [InlineData(0xd503_3f9fu, false)] // dsb sy
    public void Clrex_is_known(uint instruction, bool clears) => Assert.Equal(clears, new StepInstruction(instruction).ClearsMonitor);
}
