using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using SharpVisor.Console;
using Xunit;

namespace SharpVisor.Tests.Machine.Control;

/// <summary>A machine's control channel in a test's hands: whole frames, and whatever else one may send.</summary>
internal sealed class ControlLine : IDisposable
{
    private readonly Socket _socket;
    private readonly FrameEncoder _encoder = new();
    private readonly FrameDecoder _decoder = new();
    private readonly byte[] _received = new byte[64 << 10];
    private int _start;
    private int _end;
    private ushort _id;

    private ControlLine(Socket socket) => _socket = socket;

    /// <summary>Session that requests are sent with.</summary>
    public byte Session { get; init; } = 1;

    /// <summary>What QEMU is told to have for a channel at a socket.</summary>
    public static IReadOnlyList<string> QemuArguments(string socket) =>
    [
        "-device", "virtio-serial-device",
        "-chardev", $"socket,id=control,path={socket},server=on,wait=off",
        "-device", "virtserialport,chardev=control,name=sharpvisor.control",
    ];

    /// <summary>A path that is short enough for a socket.</summary>
    public static string NewPath() => Path.Combine(Path.GetTempPath(), $"sharpvisor-{Guid.NewGuid():N}"[..24] + ".sock");

    /// <summary>Connects and throws away what may have been left in the middle.</summary>
    public static async Task<ControlLine> OpenAsync(string path, byte session = 1)
    {
        for (int i = 0; ; i++)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
                await socket.SendAsync(new byte[1]);
                return new ControlLine(socket) { Session = session };
            }
            catch (SocketException) when (i < 100)
            {
                socket.Dispose();
                await Task.Delay(50);
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>The bytes of a request, with the next number.</summary>
    public byte[] Request(ControlOperation operation, params object[] fields)
    {
        byte[] line = new byte[ControlFrame.LargestEncoded];
        return line[.._encoder.Encode(Session, ++_id, (byte)operation, ControlFrame.OutcomeOfRequest((byte)operation), Payload(fields), line)];
    }

    /// <summary>Sends bytes as they are.</summary>
    public async Task SendAsync(byte[] bytes)
    {
        for (int sent = 0; sent < bytes.Length;)
        {
            sent += await _socket.SendAsync(bytes.AsMemory(sent));
        }
    }

    /// <summary>Sends a request and takes its answer, which must say that it is done.</summary>
    public async Task<byte[]> AskAsync(ControlOperation operation, params object[] fields)
    {
        ControlAnswer answer = await TryAskAsync(operation, fields);
        Assert.True(answer.Outcome == ControlOutcome.Ok, $"{operation}: {answer.Outcome}");
        return answer.Payload;
    }

    /// <summary>Sends a request and takes its answer. Others that come before, to requests of somebody who has gone, are passed over.</summary>
    public async Task<ControlAnswer> TryAskAsync(ControlOperation operation, params object[] fields)
    {
        await SendAsync(Request(operation, fields));
        ControlAnswer answer;
        do
        {
            answer = await ReceiveAsync();
        }
        while (answer.Id != _id || answer.Session != Session);
        Assert.Equal((byte)operation | ControlFrame.AnswerBit, answer.Operation);
        return answer;
    }

    /// <summary>Waits for the next answer.</summary>
    public async Task<ControlAnswer> ReceiveAsync()
    {
        using CancellationTokenSource limit = new(Patience.SmallGuest);
        while (true)
        {
            if (TryTake(out ControlAnswer? answer))
            {
                return answer!;
            }

            _start = 0;
            _end = await _socket.ReceiveAsync(_received, limit.Token);
            Assert.True(_end != 0, "the machine has closed its channel");
        }
    }

    private static byte[] Payload(object[] fields)
    {
        List<byte> payload = [];
        foreach (object field in fields)
        {
            payload.AddRange(field switch
            {
                ushort value => BitConverter.GetBytes(value),
                int value => BitConverter.GetBytes(value),
                ulong value => BitConverter.GetBytes(value),
                string value => System.Text.Encoding.ASCII.GetBytes(value),
                _ => (byte[])field,
            });
        }

        return [.. payload];
    }

    private bool TryTake(out ControlAnswer? answer)
    {
        ReadOnlySpan<byte> bytes = _received.AsSpan(_start, _end - _start);
        bool taken = _decoder.TryTake(ref bytes);
        _start = _end - bytes.Length;
        answer = taken
            ? new ControlAnswer(_decoder.Session, _decoder.Id, _decoder.Operation, (ControlOutcome)_decoder.Outcome, _decoder.Payload.ToArray())
            : null;
        return taken;
    }
}
