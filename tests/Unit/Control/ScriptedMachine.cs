using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Wire;

namespace SharpVisor.Tests.Unit.Control;

/// <summary>The machine's end of a channel: keeps what is asked, and answers as it is told to; by itself with the request's payload.</summary>
internal sealed class ScriptedMachine : IAsyncDisposable
{
    private readonly Stream _line;
    private readonly Task _serving;

    internal ScriptedMachine(Stream line, Func<Frame, IEnumerable<Frame>>? answer = null)
    {
        _line = line;
        Answer = answer ?? (request => [Echo(request)]);
        _serving = ServeAsync();
    }

    /// <summary>What is answered to a request.</summary>
    internal Func<Frame, IEnumerable<Frame>> Answer { get; set; }

    /// <summary>Everything that came, in its order.</summary>
    internal ConcurrentQueue<Frame> Requests { get; } = [];

    /// <summary>Pieces that were no frames.</summary>
    internal ulong Dropped { get; private set; }

    /// <summary>An answer with the request's own payload; to a Hello, what a hypervisor says of itself.</summary>
    internal static Frame Echo(in Frame request, byte outcome = 0) => request with
    {
        Operation = (byte)(request.Operation | ControlFrame.AnswerBit),
        Outcome = outcome,
        Payload = request.Operation == (byte)ControlOperation.Hello ? Hello(window: 4) : request.Payload,
    };

    /// <summary>The answer to a Hello.</summary>
    internal static byte[] Hello(byte window)
    {
        byte[] bytes = new byte[256];
        PayloadWriter payload = new(bytes);
        new HelloAnswer { Version = 1, Lowest = 1, Highest = 1, LargestPayload = 4096, Window = window, Name = "a machine"u8 }.Write(ref payload);
        return bytes.AsSpan(0, payload.Length).ToArray();
    }

    /// <summary>Sends an answer of its own accord.</summary>
    internal async Task SendAsync(byte[] bytes) => await _line.WriteAsync(bytes);

    /// <summary>Waits until requests have come.</summary>
    internal async Task WaitForAsync(Func<IReadOnlyList<Frame>, bool> condition)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        while (!condition(Requests.ToArray()))
        {
            await Task.Delay(5, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _line.DisposeAsync();
        await _serving;
    }

    private async Task ServeAsync()
    {
        FrameSplitter splitter = new();
        byte[] buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await _line.ReadAsync(buffer)) != 0)
            {
                foreach (Frame frame in Take(splitter, buffer.AsMemory(0, count)))
                {
                    Requests.Enqueue(frame);
                    foreach (Frame answer in Answer(frame).ToList())
                    {
                        await _line.WriteAsync(answer.Encode());
                    }
                }

                Dropped = splitter.Dropped;
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The other end is gone.
        }
    }

    private static List<Frame> Take(FrameSplitter splitter, ReadOnlyMemory<byte> bytes)
    {
        List<Frame> frames = [];
        ReadOnlySpan<byte> rest = bytes.Span;
        while (splitter.TryTake(ref rest, out Frame frame))
        {
            frames.Add(frame);
        }

        return frames;
    }
}
