using System;
using System.Linq;
using System.Text;
using CsCheck;
using SharpVisor.Debug.Gdb;
using Xunit;

namespace SharpVisor.Tests.Unit.Debug.Gdb;

public class GdbOutputTests
{
    [Fact]
    public void Runs_are_shortened_and_read_back_as_they_were()
    {
        Gen.Select(Gen.Char["01"], Gen.Int[1, 300]).Array[1, 8].Sample(runs =>
        {
            GdbOutput output = new();
            string text = string.Concat(runs.Select(run => new string(run.Item1, run.Item2)));
            output.Packet(Encoding.ASCII.GetBytes(text));
            byte[] bytes = new byte[GdbOutput.Capacity];
            int count = output.Read(0, bytes);
            Assert.Equal([text], ServerUnderTest.Decode(bytes.AsSpan(0, count), withSigns: true));
            Assert.InRange(count, 5, text.Length + 4);
        });
    }

    [Fact]
    public void Any_bytes_go_through_escaped()
    {
        Gen.Byte.Array[0, 2000].Sample(content =>
        {
            GdbOutput output = new();
            output.Begin();
            foreach (byte value in content)
            {
                output.Binary(value);
            }

            output.End();
            byte[] bytes = new byte[GdbOutput.Capacity];
            int count = output.Read(0, bytes);
            Assert.Equal([Encoding.Latin1.GetString(content)], ServerUnderTest.Decode(bytes.AsSpan(0, count), withSigns: true));
        }, iter: 300);
    }

    [Fact]
    public void Bytes_stay_until_they_are_released_and_then_make_room()
    {
        GdbOutput output = new();
        for (int i = 0; i < 5000; i++)
        {
            output.Packet("abc"u8);
            Assert.Equal(GdbOutput.Capacity - 7, output.Room);
            byte[] bytes = new byte[16];
            Assert.Equal(7, output.Read(output.Released, bytes));
            Assert.Equal("$abc#26", Encoding.ASCII.GetString(bytes, 0, 7));
            Assert.Equal(0, output.Read(output.Position, bytes));
            output.Release(output.Position + 1);
            output.Release(output.Position);
        }
    }
}
