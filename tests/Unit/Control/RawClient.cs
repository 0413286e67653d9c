using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Control.Wire;

namespace SharpVisor.Tests.Unit.Control;

/// <summary>A client that sends what it is told to, frames and other bytes.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly Stream _stream;
    private readonly FrameSplitter _splitter = new();
    private readonly Queue<Frame> _frames = [];
    private readonly byte[] _buffer = new byte[8192];

    private RawClient(Stream stream)
    {
        _stream = stream;
    }

    internal static async Task<RawClient> ConnectAsync(string path) => new(await Line.ConnectAsync(path));

    internal async Task WriteAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes);

    internal Task SendAsync(in Frame frame) => WriteAsync(frame.Encode());

    internal async Task<Frame> AskAsync(ushort id, byte operation, byte[]? payload = null)
    {
        await SendAsync(new Frame(0, id, operation, 0, payload));
        Frame answer = await ReceiveAsync();
        while (answer.Id != id)
        {
            answer = await ReceiveAsync();
        }

        return answer;
    }

    internal async Task<Frame> ReceiveAsync()
    {
        using CancellationTokenSource limit = new(s_limit);
        while (_frames.Count == 0)
        {
            int count;
            try
            {
                count = await _stream.ReadAsync(_buffer, limit.Token);
            }
            catch (IOException exception)
            {
                throw new EndOfStreamException(exception.Message, exception);
            }

            if (count == 0)
            {
                throw new EndOfStreamException();
            }

            Take(_buffer.AsSpan(0, count));
        }

        return _frames.Dequeue();
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (_splitter.TryTake(ref bytes, out Frame frame))
        {
            _frames.Enqueue(frame);
        }
    }
}
