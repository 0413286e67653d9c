using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using CsCheck;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed class FdtReaderTests
{
    [Fact]
    public void What_was_written_is_found_again()
    {
        TreeNode.Gen.Sample(tree =>
        {
            byte[] blob = tree.ToBlob();
            Assert.Equal(FdtError.None, FdtReader.TryCreate(blob, out FdtReader reader));
            Assert.Equal(blob.Length, reader.TotalSize);
            CompareNode(reader, reader.Root, tree, null);
        }, iter: 500);
    }

    [Fact]
    public void Walking_in_order_visits_every_node_once()
    {
        TreeNode.Gen.Sample(tree =>
        {
            FdtReader.TryCreate(tree.ToBlob(), out FdtReader reader);
            var visited = new List<string>();
            FdtNode node = reader.Root;
            do
            {
                visited.Add(Encoding.ASCII.GetString(reader.Name(node)));
            }
            while (reader.TryNext(node, out node));
            Assert.Equal(Flatten(tree).Select(n => n.Name), visited);
        }, iter: 300);
    }

    [Fact]
    public void Compatible_nodes_are_found_unless_they_are_disabled()
    {
        byte[] blob = new byte[0x2000];
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        WriteDevice(ref writer, "one"u8, "vendor,x\0vendor,y\0"u8, "disabled"u8);
        WriteDevice(ref writer, "two"u8, "vendor,xy\0"u8, "okay"u8);
        WriteDevice(ref writer, "three"u8, "vendor,z\0vendor,x\0"u8, "ok"u8);
        writer.EndNode();
        FdtReader plain = Finish(blob, ref writer);
        for (int room = 0; room < 6; room++)
        {
            // Five strings, three nodes: with less room there is no index, and nothing is different.
            FdtReader reader = plain.WithIndex(new FdtCompatible[room], new FdtNode[room]);
            Assert.True(reader.TryFindCompatible(reader.Root, "vendor,x"u8, out FdtNode node));
            Assert.True(reader.Name(node).SequenceEqual("three"u8));
            Assert.True(reader.TryParent(node, out FdtNode parent));
            Assert.Equal(reader.Root.Offset, parent.Offset);
            Assert.False(reader.TryFindCompatible(reader.Root, "vendor,y"u8, out _));
            Assert.False(reader.TryFindCompatible(reader.Root, "vendor"u8, out _));
        }
    }

    [Theory]
    [InlineData("/", "")]
    [InlineData("/soc", "soc")]
    [InlineData("/soc/serial", "serial@9000")]
    [InlineData("/soc/serial@9000", "serial@9000")]
    [InlineData("//soc//serial/", "serial@9000")]
    [InlineData("soc", null)]
    [InlineData("/so", null)]
    [InlineData("/soc/serial@9", null)]
    [InlineData("/soc/serial@9000/x", null)]
    public void Paths_lead_to_nodes(string path, string? name)
    {
        byte[] blob = new byte[0x2000];
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        writer.BeginNode("soc"u8);
        writer.BeginNode("serial"u8, 0x9000);
        writer.EndNode();
        writer.EndNode();
        writer.EndNode();
        FdtReader reader = Finish(blob, ref writer);
        Assert.Equal(name != null, reader.TryFindPath(Encoding.ASCII.GetBytes(path), out FdtNode node));
        if (name != null)
        {
            Assert.Equal(name, Encoding.ASCII.GetString(reader.Name(node)));
        }
    }

    [Fact]
    public void Empty_names_are_looked_for_and_not_found()
    {
        byte[] blob = new byte[0x2000];
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        writer.PropertyCell("a"u8, 1);
        writer.BeginNode("child"u8);
        writer.EndNode();
        writer.EndNode();
        FdtReader reader = Finish(blob, ref writer);
        Assert.False(reader.TryFindChild(reader.Root, ""u8, out _));
        Assert.False(reader.TryGetProperty(reader.Root, ""u8, out _));
        Assert.False(reader.TryFindCompatible(reader.Root, ""u8, out _));
    }

    [Fact]
    public void Registers_are_translated_by_the_ranges_of_every_bus()
    {
        byte[] blob = new byte[0x2000];
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        writer.PropertyCell("#address-cells"u8, 2);
        writer.PropertyCell("#size-cells"u8, 2);
        writer.BeginNode("soc"u8);
        writer.PropertyCell("#address-cells"u8, 1);
        writer.PropertyCell("#size-cells"u8, 1);
        writer.PropertyCells("ranges"u8, [0x7e00_0000, 0, 0x3f00_0000, 0x100_0000, 0x4000_0000, 1, 0x4000_0000, 0x1000]);
        writer.BeginNode("bus"u8);
        writer.PropertyCell("#address-cells"u8, 1);
        writer.PropertyCell("#size-cells"u8, 1);
        writer.Property("ranges"u8);
        writer.BeginNode("uart"u8);
        writer.PropertyCells("reg"u8, [0x7e20_1000, 0x200, 0x4000_0ff0, 0x10, 0x1234, 4]);
        writer.EndNode();
        writer.EndNode();
        writer.EndNode();
        writer.EndNode();
        FdtReader reader = Finish(blob, ref writer);
        Assert.True(reader.TryFindPath("/soc/bus/uart"u8, out FdtNode node));
        Assert.True(reader.TryGetRegister(node, 0, out ulong address, out ulong size));
        Assert.Equal((0x3f20_1000ul, 0x200ul), (address, size));
        Assert.True(reader.TryGetRegister(node, 1, out address, out size));
        Assert.Equal((0x1_4000_0ff0ul, 0x10ul), (address, size));
        Assert.False(reader.TryGetRegister(node, 2, out _, out _)); // in no range
        Assert.False(reader.TryGetRegister(node, 3, out _, out _)); // behind the end
        Assert.False(reader.TryGetRegister(node, -1, out _, out _));
        Assert.False(reader.TryGetRegister(node, int.MaxValue, out _, out _));
    }

    [Fact]
    public void Nodes_deeper_than_allowed_are_refused()
    {
        byte[] blob = new byte[0x4000];
        foreach ((int depth, FdtError expected) in ((int, FdtError)[])[(FdtReader.MaximumDepth, FdtError.None), (FdtReader.MaximumDepth + 1, FdtError.TooDeep)])
        {
            var writer = new FdtWriter(blob);
            for (int i = 0; i < depth; i++)
            {
                writer.BeginNode(i == 0 ? ""u8 : "n"u8);
            }

            for (int i = 0; i < depth; i++)
            {
                writer.EndNode();
            }

            Assert.True(writer.TryFinish(out _));
            Assert.Equal(expected, FdtReader.TryCreate(blob, out _));
        }
    }

    [Theory]
    [InlineData(0, 0u, FdtError.BadMagic)]
    [InlineData(4, 0x7fff_ffffu, FdtError.Truncated)]
    [InlineData(4, 0xffff_ffffu, FdtError.Truncated)]
    [InlineData(4, 39u, FdtError.Truncated)]
    [InlineData(8, 0xffff_fffcu, FdtError.BadLayout)]
    [InlineData(8, 0x39u, FdtError.BadLayout)]
    [InlineData(12, 0xffff_fff0u, FdtError.BadLayout)]
    [InlineData(16, 0x1000_0000u, FdtError.BadLayout)]
    [InlineData(20, 16u, FdtError.BadVersion)]
    [InlineData(24, 18u, FdtError.BadVersion)]
    [InlineData(36, 8u, FdtError.BadStructure)]
    public void A_bad_header_is_named(int offset, uint value, FdtError expected)
    {
        byte[] blob = new TreeNode("", [("a", [1, 2, 3])], [new TreeNode("b", [], [])]).ToBlob();
        BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(offset), value);
        Assert.Equal(expected, FdtReader.TryCreate(blob, out _));
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] blob = new TreeNode("", [("a", [1, 2, 3])], [new TreeNode("b", [], [])]).ToBlob();
        for (int length = 0; length < blob.Length; length++)
        {
            Assert.NotEqual(FdtError.None, FdtReader.TryCreate(blob.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void Damaged_trees_are_refused_or_walked_in_bounded_time()
    {
        Gen<(int Place, byte Value)[]> damage = Gen.Select(Gen.Int[0, 4096], Gen.OneOf<byte>(Gen.Byte, Gen.Byte[0, 9])).Array[1, 6];
        Gen.Select(TreeNode.Gen, damage, Gen.Bool).Sample((tree, changes, nearFront) =>
        {
            byte[] blob = tree.ToBlob();
            foreach ((int place, byte value) in changes)
            {
                blob[(nearFront ? place % 72 : place) % blob.Length] = value;
            }

            long start = Stopwatch.GetTimestamp();
            if (FdtReader.TryCreate(blob, out FdtReader reader) == FdtError.None)
            {
                WalkEverything(reader, blob.Length);
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5));
        }, iter: 4000);
    }

    [Fact]
    public void Reservations_end_at_the_empty_one()
    {
        byte[] blob = new TreeNode("", [], []).ToBlob();
        FdtReader.TryCreate(blob, out FdtReader reader);
        Assert.False(reader.TryGetReservation(0, out _, out _));
        Assert.False(reader.TryGetReservation(-1, out _, out _));
        Assert.False(reader.TryGetReservation(int.MaxValue, out _, out _));
        BinaryPrimitives.WriteUInt64BigEndian(blob.AsSpan(40), 0x8000_0000);
        BinaryPrimitives.WriteUInt64BigEndian(blob.AsSpan(48), 0x1000);
        Assert.True(reader.TryGetReservation(0, out ulong address, out ulong size));
        Assert.Equal((0x8000_0000ul, 0x1000ul), (address, size));
    }

    [Fact]
    public void Cells_and_strings_of_the_wrong_length_are_not_read()
    {
        byte[] blob = new TreeNode("", [("a", [1, 2, 3]), ("ab", [0, 0, 0, 1, 0, 0, 0, 2]), ("reg", [(byte)'x'])], []).ToBlob();
        FdtReader.TryCreate(blob, out FdtReader reader);
        Assert.False(reader.TryGetCell(reader.Root, "a"u8, out _));
        Assert.False(reader.TryGetCell(reader.Root, "ab"u8, out _));
        Assert.False(reader.TryGetNumber(reader.Root, "a"u8, out _));
        Assert.True(reader.TryGetNumber(reader.Root, "ab"u8, out ulong number));
        Assert.Equal(0x1_0000_0002ul, number);
        Assert.False(reader.TryGetString(reader.Root, "reg"u8, out _)); // no zero byte
        Assert.False(reader.TryGetProperty(reader.Root, "abc"u8, out _));
    }

    private static IEnumerable<TreeNode> Flatten(TreeNode node) => node.Children.SelectMany(Flatten).Prepend(node);

    private static void CompareNode(FdtReader reader, FdtNode node, TreeNode expected, FdtNode? expectedParent)
    {
        Assert.Equal(expected.Name, Encoding.ASCII.GetString(reader.Name(node)));
        Assert.Equal(expectedParent.HasValue, reader.TryParent(node, out FdtNode parent));
        if (expectedParent.HasValue)
        {
            Assert.Equal(reader.Name(expectedParent.Value).ToArray(), reader.Name(parent).ToArray());
            Assert.Equal(expectedParent.Value.Offset, parent.Offset);
        }

        foreach ((string name, byte[] value) in expected.Properties)
        {
            Assert.True(reader.TryGetProperty(node, Encoding.ASCII.GetBytes(name), out ReadOnlySpan<byte> found));
            Assert.Equal(value, found.ToArray());
        }

        Assert.False(reader.TryGetProperty(node, "absent"u8, out _));
        bool more = reader.TryFirstChild(node, out FdtNode child);
        foreach (TreeNode expectedChild in expected.Children)
        {
            Assert.True(more);
            CompareNode(reader, child, expectedChild, node);
            more = reader.TryNextSibling(child, out child);
        }

        Assert.False(more);
    }

    private static void WalkEverything(FdtReader reader, int limit)
    {
        FdtNode node = reader.Root;
        int nodes = 0;
        do
        {
            Assert.True(nodes++ < limit);
            reader.Name(node);
            reader.TryParent(node, out _);
            reader.TryNextSibling(node, out _);
            reader.TryGetRegister(node, 0, out _, out _);
            reader.TryGetProperty(node, "absent"u8, out _);
            reader.IsCompatible(node, "absent"u8);
            reader.IsEnabled(node);
            reader.TryFindChild(node, "x"u8, out _);
        }
        while (reader.TryNext(node, out node));
        reader.TryFindCompatible(reader.Root, "absent"u8, out _);
        reader.TryFindPath("/a/b/x"u8, out _);
        for (int i = 0; reader.TryGetReservation(i, out _, out _); i++)
        {
            Assert.True(i < limit);
        }
    }

    private static void WriteDevice(ref FdtWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> compatible, ReadOnlySpan<byte> status)
    {
        writer.BeginNode(name);
        writer.PropertyBytes("compatible"u8, compatible);
        writer.PropertyString("status"u8, status);
        writer.EndNode();
    }

    private static FdtReader Finish(byte[] blob, ref FdtWriter writer)
    {
        Assert.True(writer.TryFinish(out _));
        Assert.Equal(FdtError.None, FdtReader.TryCreate(blob, out FdtReader reader));
        return reader;
    }
}
