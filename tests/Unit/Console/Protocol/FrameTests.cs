using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Console;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Console.Protocol;

public sealed class FrameTests
{
    private static readonly Gen<byte[]> s_payload =
        Gen.OneOf(Gen.Byte, Gen.Const((byte)0), Gen.Byte[1, 255]).Array[0, 1200];

    [Fact]
    public void What_is_encoded_is_decoded_in_pieces_of_any_size()
    {
        Gen.Select(s_payload, Gen.Byte, Gen.UShort, Gen.Byte, Gen.Byte, Gen.Int[1, 700]).Sample((payload, session, id, operation, outcome, piece) =>
        {
            byte[] line = Encode(payload, session, id, operation, outcome);
            FrameDecoder decoder = new();
            int frames = 0;
            foreach (byte[] part in line.Chunk(piece))
            {
                ReadOnlySpan<byte> bytes = part;
                while (decoder.TryTake(ref bytes))
                {
                    frames++;
                    Assert.Equal(ControlFrame.Version, decoder.Version);
                    Assert.Equal((session, id, operation, outcome), (decoder.Session, decoder.Id, decoder.Operation, decoder.Outcome));
                    Assert.Equal(payload, decoder.Payload.ToArray());
                }
            }

            Assert.Equal(1, frames);
            Assert.Equal(0ul, decoder.Dropped);
        }, iter: 2000);
    }

    [Fact]
    public void The_line_holds_the_content_as_COBS_says()
    {
        s_payload.Sample(payload =>
        {
            byte[] line = Encode(payload, 1, 2, 3, 0);
            Assert.Equal(0, line[^1]);
            Assert.DoesNotContain((byte)0, line[..^1]);
            byte[] content = Unstuff(line[..^1]);
            Assert.Equal(payload, content[6..^4]);
            Assert.Equal(Crc32.Compute(content.AsSpan(0, content.Length - 4)), BitConverter.ToUInt32(content.AsSpan(content.Length - 4)));
        }, iter: 2000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void The_largest_payload_fits_the_largest_frame(byte value)
    {
        byte[] payload = new byte[ControlFrame.LargestPayload];
        Array.Fill(payload, value);
        byte[] line = Encode(payload, 255, ushort.MaxValue, 255, 255);
        Assert.InRange(line.Length, ControlFrame.LargestContent, ControlFrame.LargestEncoded);
        ReadOnlySpan<byte> bytes = line;
        FrameDecoder decoder = new();
        Assert.True(decoder.TryTake(ref bytes));
        Assert.Equal(payload, decoder.Payload.ToArray());
    }

    [Fact]
    public void A_frame_that_is_too_long_is_dropped_and_the_next_one_taken()
    {
        byte[] line = [.. Enumerable.Repeat((byte)2, 5000), 0, .. Encode([7], 1, 2, 3, 0)];
        ReadOnlySpan<byte> bytes = line;
        FrameDecoder decoder = new();
        Assert.True(decoder.TryTake(ref bytes));
        Assert.Equal((byte)7, decoder.Payload[0]);
        Assert.Equal(1ul, decoder.Dropped);
        Assert.Equal(1ul, decoder.Taken);
    }

    [Fact]
    public void Empty_frames_mean_nothing()
    {
        ReadOnlySpan<byte> bytes = new byte[10];
        FrameDecoder decoder = new();
        Assert.False(decoder.TryTake(ref bytes));
        Assert.Equal(0ul, decoder.Dropped);
        Assert.Equal(0, bytes.Length);
    }

    [Fact]
    public void A_frame_cut_at_any_place_is_dropped_alone()
    {
        byte[] line = Encode([1, 0, 2, 0, 0, 3], 4, 5, 6, 0);
        for (int length = 1; length < line.Length - 1; length++)
        {
            ReadOnlySpan<byte> bytes = [.. line[..length], 0, .. line];
            FrameDecoder decoder = new();
            Assert.True(decoder.TryTake(ref bytes));
            Assert.Equal((byte)5, decoder.Id);
            Assert.Equal(1ul, decoder.Dropped);
            Assert.False(decoder.TryTake(ref bytes));
        }
    }

    [Fact]
    public void Every_flipped_bit_is_noticed()
    {
        byte[] line = Encode([1, 0, 2, 9], 4, 5, 6, 0);
        for (int bit = 0; bit < (line.Length - 1) * 8; bit++)
        {
            byte[] damaged = (byte[])line.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            ReadOnlySpan<byte> bytes = damaged;
            Assert.False(new FrameDecoder().TryTake(ref bytes), $"bit {bit}");
        }
    }

    [Fact]
    public void Between_garbage_every_whole_frame_is_found()
    {
        Gen<byte[]> garbage = Gen.Byte.Array[0, 60];
        Gen.Select(garbage, Gen.UShort).Array[1, 12].Sample(parts =>
        {
            List<byte> line = [];
            foreach ((byte[] noise, ushort id) in parts)
            {
                line.AddRange(noise);
                line.Add(0);
                line.AddRange(Encode(BitConverter.GetBytes(id), 1, id, 0x11, 0));
            }

            FrameDecoder decoder = new();
            ReadOnlySpan<byte> bytes = line.ToArray();
            List<ushort> found = [];
            while (decoder.TryTake(ref bytes))
            {
                found.Add(decoder.Id);
                Assert.Equal(BitConverter.GetBytes(decoder.Id), decoder.Payload.ToArray());
            }

            Assert.Equal(parts.Select(part => part.Item2), found);
        }, iter: 1000);
    }

    internal static byte[] Encode(ReadOnlySpan<byte> payload, byte session, ushort id, byte operation, byte outcome)
    {
        byte[] line = new byte[ControlFrame.LargestEncoded];
        return line[..new FrameEncoder().Encode(session, id, operation, outcome, payload, line)];
    }

    /// <summary>COBS as its paper tells it, block by block.</summary>
    private static byte[] Unstuff(byte[] line)
    {
        List<byte> content = [];
        for (int i = 0; i < line.Length;)
        {
            int code = line[i];
            content.AddRange(line[(i + 1)..(i + code)]);
            i += code;
            if (code != 255 && i < line.Length)
            {
                content.Add(0);
            }
        }

        return [.. content];
    }
}
