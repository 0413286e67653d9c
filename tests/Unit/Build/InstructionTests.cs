using CsCheck;
using SharpVisor.Build.Checks;
using Xunit;

namespace SharpVisor.Tests.Unit.Build;

/// <summary>The A64 classifier of the hot-path check; the encodings are an assembler's.</summary>
public class InstructionTests
{
    /// <summary>B, BL, B.NE, CBZ, CBNZ, TBZ, TBNZ: the word without its distance, and where the distance stands.</summary>
    private static readonly (uint Opcode, int Bits, int Shift)[] s_branches =
    [
        (0x1400_0000, 26, 0), (0x9400_0000, 26, 0), (0x5400_0001, 19, 5), (0xb400_0003, 19, 5), (0x3500_0003, 19, 5), (0x3608_0005, 14, 5), (0xb7f8_0005, 14, 5),
    ];

    [Theory]
    [InlineData(0x4f00e410u, "movi v16.16b, #0")]
    [InlineData(0xad0043f0u, "stp q16, q16, [sp]")]
    [InlineData(0x3dc00020u, "ldr q0, [x1]")]
    [InlineData(0x3d800020u, "str q0, [x1]")]
    [InlineData(0xfd400020u, "ldr d0, [x1]")]
    [InlineData(0xbd000020u, "str s0, [x1]")]
    [InlineData(0x3d400020u, "ldr b0, [x1]")]
    [InlineData(0x6d0107e0u, "stp d0, d1, [sp, #16]")]
    [InlineData(0x1e602820u, "fadd d0, d1, d0")]
    [InlineData(0x9e670000u, "fmov d0, x0")]
    [InlineData(0x9e660000u, "fmov x0, d0")]
    [InlineData(0x4e083c00u, "mov x0, v0.d[0]")]
    [InlineData(0x4c407000u, "ld1 {v0.16b}, [x0]")]
    [InlineData(0x1c000040u, "ldr s0, literal")]
    [InlineData(0x4e284800u, "aese v0.16b, v0.16b")]
    [InlineData(0x25d8e3e0u, "ptrue p0.d")]
    public void Instructions_on_SIMD_registers_are_recognised(uint word, string text) =>
        Assert.True(new Instruction(0, word).UsesSimd, text);

    [Theory]
    [InlineData(0xa9007bfdu, "stp x29, x30, [sp]")]
    [InlineData(0xf9400001u, "ldr x1, [x0]")]
    [InlineData(0x39000001u, "strb w1, [x0]")]
    [InlineData(0x8b020020u, "add x0, x1, x2")]
    [InlineData(0x91000420u, "add x0, x1, #1")]
    [InlineData(0x9bc07c20u, "umulh x0, x1, x0")]
    [InlineData(0x94000000u, "bl .")]
    [InlineData(0xd63f0020u, "blr x1")]
    [InlineData(0xd65f03c0u, "ret")]
    [InlineData(0xd69f03e0u, "eret")]
    [InlineData(0xd538d080u, "mrs x0, tpidr_el1")]
    [InlineData(0xc85ffc20u, "ldaxr x0, [x1]")]
    [InlineData(0xd503201fu, "nop")]
    [InlineData(0x58000040u, "ldr x0, literal")]
    [InlineData(0x00000068u, "an entry of a jump table")]
    public void Other_instructions_are_not_taken_for_SIMD(uint word, string text) =>
        Assert.False(new Instruction(0, word).UsesSimd, text);

    [Fact]
    public void Any_distance_of_a_branch_is_decoded() =>
        Gen.Select(Gen.Int[0, s_branches.Length - 1], Gen.Int, Gen.UInt)
            .Sample((kind, wish, place) =>
            {
                (uint opcode, int bits, int shift) = s_branches[kind];
                int distance = wish >> (32 - bits);
                ulong address = 0x1_0000_0000 + ((ulong)place << 2);
                uint word = opcode | (((uint)distance & ((1u << bits) - 1)) << shift);
                Assert.True(new Instruction(address, word).IsDirectBranch(out ulong target));
                Assert.Equal(address + (ulong)(distance * 4L), target);
            });

    [Theory]
    [InlineData(0xd61f0020u)]
    [InlineData(0xd63f0020u)]
    [InlineData(0xd65f03c0u)]
    [InlineData(0xf9400001u)]
    [InlineData(0x91000420u)]
    [InlineData(0xd503201fu)]
    public void What_is_no_direct_branch_is_not_taken_for_one(uint word) =>
        Assert.False(new Instruction(0x1000, word).IsDirectBranch(out _));

    [Fact]
    public void Addresses_relative_to_the_program_counter_are_decoded()
    {
        // llvm-mc: adr x0, #170848; adr x1, #-140; adrp x2, 0x3000 at 0x1010.
        Assert.True(new Instruction(0x44d8, 0x1014db00).IsAdr(out ulong forward));
        Assert.Equal(0x44d8ul + 170848, forward);
        Assert.True(new Instruction(0x102c, 0x10fffba1).IsAdr(out ulong backward));
        Assert.Equal(0x102cul - 140, backward);
        Assert.True(new Instruction(0x1010, 0xd0000002).IsAdrp(out ulong page));
        Assert.Equal(0x3000ul, page);
    }
}
