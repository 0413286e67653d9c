using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using SharpVisor.Control.Wire;

namespace SharpVisor.Control.Broker;

/// <summary>A client of the broker: frames come from it, answers go to it through a queue of limited length.</summary>
internal sealed class BrokerClient
{
    /// <summary>Answers that may wait for a client; at most 16 KiB each way beside them is in the sockets.</summary>
    internal const int LongestQueue = 128;

    private static readonly TimeSpan s_last = TimeSpan.FromMilliseconds(250);

    private readonly Stream _stream;
    private readonly Channel<byte[]> _answers = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(LongestQueue) { SingleReader = true });
    private readonly Task _writing;

    internal BrokerClient(Stream stream)
    {
        _stream = stream;
        _writing = WriteAsync();
    }

    /// <summary>The frames that it sends; ends with it. What is no frame is left out.</summary>
    internal async IAsyncEnumerable<Frame> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        FrameSplitter splitter = new();
        byte[] buffer = new byte[8192];
        List<Frame> frames = [];
        int count;
        while ((count = await _stream.ReadAsync(buffer, cancellation)) != 0)
        {
            Split(splitter, buffer.AsSpan(0, count), frames);
            foreach (Frame frame in frames)
            {
                yield return frame;
            }

            frames.Clear();
        }
    }

    /// <summary>Sends an answer; a client that has not read so many before is cut off.</summary>
    internal void Send(in Frame answer)
    {
        if (!_answers.Writer.TryWrite(answer.Encode()))
        {
            // Its reader ends too, and with it the session.
            _answers.Writer.TryComplete();
            _stream.Dispose();
        }
    }

    /// <summary>Cuts it off, when it has had a moment to take what is there for it.</summary>
    internal async Task CloseAsync()
    {
        _answers.Writer.TryComplete();
        await Task.WhenAny(_writing, Task.Delay(s_last));
        await _stream.DisposeAsync();
        await _writing;
    }

    private static void Split(FrameSplitter splitter, ReadOnlySpan<byte> bytes, List<Frame> frames)
    {
        while (splitter.TryTake(ref bytes, out Frame frame))
        {
            frames.Add(frame);
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (byte[] answer in _answers.Reader.ReadAllAsync())
            {
                await _stream.WriteAsync(answer);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // It is gone; the reader notices.
            _answers.Writer.TryComplete();
        }
    }
}
