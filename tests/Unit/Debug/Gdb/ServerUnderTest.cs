using System;
using System.Collections.Generic;
using System.Text;
using SharpVisor.Debug.Gdb;
using Xunit;

namespace SharpVisor.Tests.Unit.Debug.Gdb;

/// <summary>The server with gdb's view of it.</summary>
internal sealed class ServerUnderTest
{
    private ulong _position;

    public ServerUnderTest()
    {
        Server = new GdbServer(Target);
        Server.Begin();
    }

    public FakeTarget Target { get; } = new();

    public GdbServer Server { get; }

    public static byte[] Packet(ReadOnlySpan<byte> content)
    {
        byte sum = 0;
        foreach (byte value in content)
        {
            sum += value;
        }

        return [(byte)'$', .. content, (byte)'#', .. Encoding.ASCII.GetBytes(sum.ToString("x2"))];
    }

    /// <summary>Sends a packet and takes the one that answers it.</summary>
    public string Ask(string packet) => Assert.Single(Send(Packet(Encoding.Latin1.GetBytes(packet))));

    /// <summary>Sends bytes and takes the packets that come; acknowledgements are plus and minus signs among them.</summary>
    public List<string> Send(ReadOnlySpan<byte> bytes, bool withSigns = false)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[Server.Take(bytes)..];
            if (!bytes.IsEmpty)
            {
                Assert.NotEqual(Server.Output.Position, Server.Output.Released);
                Server.Output.Release(Server.Output.Position);
                _position = Server.Output.Position;
            }
        }

        Server.Poll();
        return Take(withSigns);
    }

    /// <summary>Takes what has come.</summary>
    public List<string> Take(bool withSigns = false)
    {
        byte[] buffer = new byte[GdbOutput.Capacity];
        int count = Server.Output.Read(_position, buffer);
        _position += (uint)count;
        Server.Output.Release(_position);
        return Decode(buffer.AsSpan(0, count), withSigns);
    }

    /// <summary>Finds packets as gdb does; one that is wrong fails the test.</summary>
    public static List<string> Decode(ReadOnlySpan<byte> bytes, bool withSigns)
    {
        List<string> packets = [];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != '$')
            {
                Assert.Contains((char)bytes[i], "+-");
                if (withSigns)
                {
                    packets.Add(((char)bytes[i]).ToString());
                }

                continue;
            }

            StringBuilder text = new();
            byte sum = 0;
            for (i++; bytes[i] != '#'; i++)
            {
                byte value = bytes[i];
                sum += value;
                Assert.NotEqual((byte)'$', value);
                if (value == '*')
                {
                    sum += bytes[++i];
                    Assert.InRange(bytes[i], 32, 126);
                    text.Append(text[^1], bytes[i] - 29);
                }
                else if (value == '}')
                {
                    sum += bytes[++i];
                    text.Append((char)(bytes[i] ^ 0x20));
                }
                else
                {
                    text.Append((char)value);
                }
            }

            Assert.Equal(sum.ToString("x2"), Encoding.ASCII.GetString(bytes.Slice(i + 1, 2)));
            i += 2;
            packets.Add(text.ToString());
        }

        return packets;
    }
}
