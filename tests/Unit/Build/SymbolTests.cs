using System;
using System.Linq;
using System.Text;
using CsCheck;
using SharpVisor.Build;
using SharpVisor.Build.Elf;
using SharpVisor.Build.Pipeline;
using SharpVisor.Build.Symbols;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Build;

/// <summary>Names, the table of them, and the raw image.</summary>
public class SymbolTests
{
    [Theory]
    [InlineData("sharpvisor_SharpVisor_Cpu_Trap__DataAbort", "SharpVisor.Cpu.Trap.DataAbort")]
    [InlineData("sharpvisor_SharpVisor_Cpu_VCpu___ctor", "SharpVisor.Cpu.VCpu.ctor")]
    [InlineData("sharpvisor_SharpVisor_Guests_Console__Write_0", "SharpVisor.Guests.Console.Write")]
    [InlineData("sharpvisor_SharpVisor_Machine_PhysicalTree__ForEachMemory<System___Canon>", "SharpVisor.Machine.PhysicalTree.ForEachMemory<System___Canon>")]
    [InlineData("sharpvisor_System_Span_1<sharpvisor_SharpVisor_Cpu_VCpu>__get_Item", "System.Span<VCpu>.get_Item")]
    [InlineData("lower_synchronous", "lower_synchronous")]
    [InlineData("RhpNewFast", "RhpNewFast")]
    public void Names_become_readable(string symbol, string name) => Assert.Equal(name, SymbolName.Demangle(symbol, "sharpvisor"));

    [Fact]
    public void An_address_is_found_in_the_function_that_begins_at_or_before_it()
    {
        byte[] table = SymbolTable.Encode([(0, "image_start"), (0x800, "vectors"), (0x1234, "A.Bc"), (0x1300, "A.Bd"), (0x12_3458, "A.B")]);
        Assert.Equal("image_start + 0", Find(table, 0));
        Assert.Equal("image_start + 7FF", Find(table, 0x7ff));
        Assert.Equal("vectors + 0", Find(table, 0x800));
        Assert.Equal("A.Bc + CB", Find(table, 0x12ff));
        Assert.Equal("A.Bd + 4", Find(table, 0x1304));
        Assert.Equal("A.B + 8", Find(table, 0x12_3460));
    }

    [Fact]
    public void Nothing_is_found_before_the_first_function_nor_in_an_empty_table()
    {
        Assert.Null(Find(SymbolTable.Encode([(0x800, "vectors")]), 0x7ff));
        Assert.Null(Find(SymbolTable.Encode([]), 0x800));
    }

    [Fact]
    public void Every_function_is_found_by_the_name_that_it_was_given() => Gen
        .Select(Gen.Int[0, 0x3f_ffff].Select(word => word * 4), Gen.String[Gen.Char["AB.x"], 1, 300])
        .Array[0, 40]
        .Sample(pairs =>
        {
            (ulong Address, string Name)[] functions = pairs.DistinctBy(pair => pair.Item1).Select(pair => ((ulong)pair.Item1, pair.Item2)).ToArray();
            byte[] table = SymbolTable.Encode(functions);
            foreach ((ulong address, string name) in functions)
            {
                Assert.Equal(name[..Math.Min(name.Length, FunctionTable.LongestName)] + " + 0", Find(table, (uint)address));
            }
        });

    [Fact]
    public void A_function_at_no_whole_word_is_refused() =>
        Assert.Contains("A.B", Assert.Throws<BuildException>(() => SymbolTable.Encode([(0x802, "A.B")])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_broken_table_gives_wrong_names_at_most() => Gen.Select(Gen.Byte.Array[0, 600], Gen.UInt).Sample((table, offset) =>
    {
        byte[] name = new byte[FunctionTable.LongestName];
        FunctionTable.TryFind(table, offset, name, out int length, out _);
        Assert.InRange(length, 0, name.Length);
    });

    [Fact]
    public void A_raw_image_has_zeros_between_its_segments() =>
        Assert.Equal([1, 2, 0, 0, 3], RawImage.FromSegments([new ElfSegment(0x1004, [3]), new ElfSegment(0x1000, [1, 2]), new ElfSegment(0x9000, [])]));

    private static string? Find(byte[] table, uint offset)
    {
        byte[] name = new byte[FunctionTable.LongestName];
        return FunctionTable.TryFind(table, offset, name, out int length, out uint start)
            ? $"{Encoding.ASCII.GetString(name, 0, length)} + {offset - start:X}"
            : null;
    }
}
