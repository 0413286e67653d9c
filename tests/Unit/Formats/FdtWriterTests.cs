using System;
using System.Text;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed class FdtWriterTests
{
    [Theory]
    [InlineData(0ul, "n@0")]
    [InlineData(0x4000_0000ul, "n@40000000")]
    [InlineData(ulong.MaxValue, "n@ffffffffffffffff")]
    public void Unit_addresses_are_hexadecimal_without_leading_zeros(ulong address, string expected)
    {
        byte[] blob = new byte[4096];
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        writer.BeginNode("n"u8, address);
        writer.EndNode();
        writer.EndNode();
        Assert.True(writer.TryFinish(out int size));
        FdtReader.TryCreate(blob.AsSpan(0, size), out FdtReader reader);
        reader.TryFirstChild(reader.Root, out FdtNode child);
        Assert.Equal(expected, Encoding.ASCII.GetString(reader.Name(child)));
    }

    [Fact]
    public void Names_are_stored_once()
    {
        int once = SizeWith(1);
        int twice = SizeWith(2);
        Assert.Equal(once + 16, twice); // token, length, name, one cell
    }

    [Fact]
    public void A_blob_that_is_too_small_by_any_amount_is_refused_and_never_overrun()
    {
        byte[] whole = new byte[8192];
        Assert.True(TryWriteSample(whole, out int size));
        for (int length = 0; length < size + FdtWriter.StringsCapacity; length++)
        {
            byte[] blob = new byte[length];
            if (TryWriteSample(blob, out int written))
            {
                Assert.Equal(whole.AsSpan(0, size).ToArray(), blob.AsSpan(0, written).ToArray());
            }
        }

        Assert.False(TryWriteSample(new byte[FdtWriter.StringsCapacity], out _));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    [InlineData(0, 1)]
    public void Nodes_must_be_closed_as_often_as_opened(int opened, int closed)
    {
        var writer = new FdtWriter(new byte[4096]);
        for (int i = 0; i < opened; i++)
        {
            writer.BeginNode("n"u8);
        }

        for (int i = 0; i < closed; i++)
        {
            writer.EndNode();
        }

        Assert.False(writer.TryFinish(out _));
    }

    [Fact]
    public void A_name_too_long_for_a_unit_address_is_refused()
    {
        var writer = new FdtWriter(new byte[4096]);
        writer.BeginNode(new byte[41], 0);
        writer.EndNode();
        Assert.False(writer.TryFinish(out _));
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void Property_names_have_a_longest_length(int length, bool taken)
    {
        var writer = new FdtWriter(new byte[4096]);
        writer.BeginNode(""u8);
        byte[] name = new byte[length];
        name.AsSpan().Fill((byte)'n');
        writer.Property(name);
        writer.EndNode();
        Assert.Equal(taken, writer.TryFinish(out _));
    }

    [Fact]
    public void More_names_than_there_is_room_for_are_refused()
    {
        var writer = new FdtWriter(new byte[0x1_0000]);
        writer.BeginNode(""u8);
        for (int i = 0; i < 300; i++)
        {
            writer.Property(Encoding.ASCII.GetBytes($"p{i}"));
        }

        writer.EndNode();
        Assert.False(writer.TryFinish(out _));
    }

    private static int SizeWith(int properties)
    {
        byte[] blob = new byte[4096];
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        for (int i = 0; i < properties; i++)
        {
            writer.BeginNode("n"u8);
            writer.PropertyCell("some-name"u8, 1);
            writer.EndNode();
        }

        writer.EndNode();
        Assert.True(writer.TryFinish(out int size));
        return size - (properties * 12); // without the nodes
    }

    private static bool TryWriteSample(Span<byte> blob, out int size)
    {
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        writer.PropertyString("model"u8, "sample"u8);
        writer.PropertyNumber("number"u8, 0x1_0000_0002);
        writer.BeginNode("memory"u8, 0x4000_0000);
        writer.PropertyRegions("reg"u8, [0x4000_0000, 0x1000_0000]);
        writer.Property("flag"u8);
        writer.EndNode();
        writer.EndNode();
        return writer.TryFinish(out size);
    }
}
