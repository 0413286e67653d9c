using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace SharpVisor.Tests.Machine.Debugging;

/// <summary>gdb's end of its remote protocol, as far as tests need it.</summary>
internal sealed class RemoteTarget : IAsyncDisposable
{
    /// <summary>PC among <see cref="RegistersAsync"/>.</summary>
    internal const int Pc = 32;

    /// <summary>PSTATE among <see cref="RegistersAsync"/>.</summary>
    internal const int Pstate = 33;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly Stream _stream;
    private readonly byte[] _received = new byte[64 << 10];
    private int _start;
    private int _end;

    private RemoteTarget(Stream stream) => _stream = stream;

    internal static async Task<RemoteTarget> ConnectAsync(int port)
    {
        TcpClient client = new();
        await client.ConnectAsync("localhost", port);
        client.NoDelay = true;
        return await BeginAsync(client.GetStream());
    }

    /// <summary>A target at a Unix socket, which may come only now.</summary>
    internal static async Task<RemoteTarget> ConnectAsync(string path)
    {
        for (int i = 0; ; i++)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
                return await BeginAsync(new NetworkStream(socket, ownsSocket: true));
            }
            catch (SocketException) when (i < 100)
            {
                socket.Dispose();
                await Task.Delay(100);
            }
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    internal static byte[] Packet(string content)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(content);
        return [(byte)'$', .. bytes, (byte)'#', .. Encoding.ASCII.GetBytes(((byte)bytes.Sum(value => value)).ToString("x2"))];
    }

    internal Task SendAsync(byte[] bytes) => _stream.WriteAsync(bytes).AsTask();

    internal async Task<string> AskAsync(string packet)
    {
        await SendAsync(Packet(packet));
        return await ReceiveAsync();
    }

    /// <summary>Asks for what must be answered with OK.</summary>
    internal async Task DoAsync(string packet) => Assert.Equal("OK", await AskAsync(packet));

    /// <summary>The next packet.</summary>
    internal async Task<string> ReceiveAsync()
    {
        using CancellationTokenSource limit = new(s_limit);
        StringBuilder text = new();
        while (await NextAsync(limit.Token) != '$')
        {
        }

        byte value;
        while ((value = await NextAsync(limit.Token)) != '#')
        {
            if (value == '*')
            {
                text.Append(text[^1], await NextAsync(limit.Token) - 29);
            }
            else
            {
                text.Append((char)(value == '}' ? await NextAsync(limit.Token) ^ 0x20 : value));
            }
        }

        await NextAsync(limit.Token);
        await NextAsync(limit.Token);
        return text.ToString();
    }

    /// <summary>X0 to X30, SP, PC, PSTATE.</summary>
    internal async Task<ulong[]> RegistersAsync()
    {
        byte[] bytes = Convert.FromHexString(await AskAsync("g"));
        ulong[] registers = new ulong[Pstate + 1];
        for (int i = 0; i < Pstate; i++)
        {
            registers[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8 * i));
        }

        registers[Pstate] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8 * Pstate));
        return registers;
    }

    internal async Task WriteRegisterAsync(int number, ulong value)
    {
        byte[] bytes = BitConverter.GetBytes(value);
        await DoAsync($"P{number:x}={Convert.ToHexStringLower(number == Pstate ? bytes.AsSpan(0, 4) : bytes)}");
    }

    internal async Task<byte[]> ReadMemoryAsync(ulong address, int length)
    {
        List<byte> bytes = [];
        while (bytes.Count < length)
        {
            string part = await AskAsync($"m{address + (uint)bytes.Count:x},{Math.Min(length - bytes.Count, 1024):x}");
            Assert.False(part.StartsWith('E') && part.Length == 3, $"no memory at {address:x}: {part}");
            bytes.AddRange(Convert.FromHexString(part));
        }

        return [.. bytes];
    }

    /// <summary>The text of a monitor command.</summary>
    internal async Task<string> MonitorAsync(string command)
    {
        string answer = await AskAsync("qRcmd," + Convert.ToHexStringLower(Encoding.ASCII.GetBytes(command)));
        StringBuilder text = new();
        for (; answer != "OK"; answer = await ReceiveAsync())
        {
            Assert.StartsWith("O", answer, StringComparison.Ordinal);
            text.Append(Encoding.ASCII.GetString(Convert.FromHexString(answer[1..])));
        }

        return text.ToString();
    }

    private static async Task<RemoteTarget> BeginAsync(Stream stream)
    {
        RemoteTarget target = new(stream);
        await target.AskAsync("qSupported:swbreak+");
        await target.AskAsync("qXfer:features:read:target.xml:0,ffb"); // QEMU writes registers only for who has read it
        await target.AskAsync("QStartNoAckMode"); // which QEMU does not know; it takes the next packet as an acknowledgement
        await target.SendAsync("+"u8.ToArray());
        return target;
    }

    private async Task<byte> NextAsync(CancellationToken limit)
    {
        if (_start == _end)
        {
            _start = 0;
            _end = await _stream.ReadAsync(_received, limit);
            Assert.True(_end != 0, "the target has closed its line");
        }

        return _received[_start++];
    }
}
