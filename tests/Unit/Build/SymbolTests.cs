using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using SharpVisor.Build.Elf;
using SharpVisor.Build.Pipeline;
using SharpVisor.Build.Symbols;
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
    public void The_table_holds_count_offsets_and_names()
    {
        byte[] table = SymbolTable.Encode([(0, "image_start"), (0x800, "vectors"), (0x1234, "A.B")]);
        Assert.Equal(3, BinaryPrimitives.ReadInt32LittleEndian(table));
        Assert.Equal([(0u, "image_start"), (0x800u, "vectors"), (0x1234u, "A.B")], Read(table));
    }

    [Fact]
    public void Equal_names_are_stored_once()
    {
        byte[] table = SymbolTable.Encode([(0, "Write"), (16, "Write")]);
        Assert.Equal([(0u, "Write"), (16u, "Write")], Read(table));
        Assert.Equal(4 + (2 * 8) + "Write".Length + 1, table.Length);
    }

    [Fact]
    public void A_raw_image_has_zeros_between_its_segments() =>
        Assert.Equal([1, 2, 0, 0, 3], RawImage.FromSegments([new ElfSegment(0x1004, [3]), new ElfSegment(0x1000, [1, 2]), new ElfSegment(0x9000, [])]));

    private static List<(uint Address, string Name)> Read(byte[] table)
    {
        List<(uint, string)> entries = [];
        for (int i = 0; i < BinaryPrimitives.ReadInt32LittleEndian(table); i++)
        {
            int name = BinaryPrimitives.ReadInt32LittleEndian(table[(8 + (8 * i))..]);
            int end = System.Array.IndexOf(table, (byte)0, name);
            entries.Add((BinaryPrimitives.ReadUInt32LittleEndian(table[(4 + (8 * i))..]), Encoding.ASCII.GetString(table, name, end - name)));
        }

        return entries;
    }
}
