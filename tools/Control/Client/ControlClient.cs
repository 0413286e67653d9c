using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Wire;

namespace SharpVisor.Control.Client;

/// <summary>
/// Asks the hypervisor over a line that may lose and damage: a request without an answer is sent again, unchanged, until
/// the time is over. Requests may be made from several threads; those that change something go one at a time, because
/// the hypervisor remembers only the newest of them to know it when it comes again.
/// </summary>
internal sealed class ControlClient : IAsyncDisposable
{
    private const int FewestPayloadBytes = 64;

    private static readonly TimeSpan s_farewell = TimeSpan.FromMilliseconds(200);

    private readonly Stream _stream;
    private readonly ClientOptions _options;
    private readonly Dictionary<ushort, TaskCompletionSource<Frame>> _waiting = [];
    private readonly SemaphoreSlim _writing = new(1);
    private readonly SemaphoreSlim _changing = new(1);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _reading;
    private SemaphoreSlim _window = new(1);
    private ControlException? _end;
    private ushort _nextId = (ushort)Random.Shared.Next(ushort.MaxValue);
    private bool _wasLate;

    private ControlClient(Stream stream, ClientOptions options)
    {
        _stream = stream;
        _options = options;
        _reading = ReadAsync();
    }

    /// <summary>What the hypervisor said of itself.</summary>
    internal Greeting Greeting { get; private set; } = new(0, 0, 0, 0, 1, 0, 0, "");

    /// <summary>Requests that were sent again.</summary>
    internal int Repetitions { get; private set; }

    /// <summary>Begins a session on a line. The line is the client's from now on.</summary>
    /// <exception cref="ControlException">Nobody answers, or with a version that is not known here.</exception>
    internal static async Task<ControlClient> StartAsync(Stream stream, ClientOptions options, CancellationToken cancellation = default)
    {
        ControlClient client = new(stream, options);
        try
        {
            // Half a frame that somebody left on the line ends here.
            await client.WriteAsync(new byte[1], cancellation);
            await client.GreetAsync(cancellation);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks, and waits for the answer, whatever it is.</summary>
    /// <param name="operation">What.</param>
    /// <param name="payload">With what.</param>
    /// <param name="limit">How long to wait in place of the usual time, without asking again; null for the usual.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="ControlException">No answer came.</exception>
    internal async Task<Answer> AskAsync(
        ControlOperation operation, ReadOnlyMemory<byte> payload = default, TimeSpan? limit = null, CancellationToken cancellation = default)
    {
        bool isChange = IsOnce(operation);
        SemaphoreSlim window = _window;
        await window.WaitAsync(cancellation);
        try
        {
            if (isChange)
            {
                await _changing.WaitAsync(cancellation);
            }

            try
            {
                Frame answer = await ExchangeAsync((byte)operation, payload, limit, cancellation);
                return new Answer(answer.Outcome, answer.Payload);
            }
            finally
            {
                if (isChange)
                {
                    _changing.Release();
                }
            }
        }
        finally
        {
            window.Release();
        }
    }

    /// <summary>Whether the hypervisor must not do it twice.</summary>
    internal static bool IsOnce(ControlOperation operation) => operation
        is (>= ControlOperation.Create and <= ControlOperation.SetMemory)
        or ControlOperation.SetLogLevel or ControlOperation.WriteConsole or ControlOperation.BeginUpload or ControlOperation.FinishUpload or ControlOperation.AbortUpload;

    /// <summary>Ends the session; the hypervisor is told, but not waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_end is null && Greeting.ProtocolVersion != 0)
        {
            Task farewell = WriteAsync(new Frame(0, _nextId, (byte)ControlOperation.Bye, 0, default).Encode(), _ending.Token);
            await Task.WhenAny(farewell, Task.Delay(s_farewell));
        }

        await _ending.CancelAsync();
        await _stream.DisposeAsync();

        // A read of a serial device cannot be broken off.
        await Task.WhenAny(_reading, Task.Delay(s_farewell));
    }

    private async Task GreetAsync(CancellationToken cancellation)
    {
        byte[] name = Encoding.UTF8.GetBytes(_options.Name);
        byte[] hello = new byte[4 + name.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(hello, ControlFrame.LowestProtocol);
        BinaryPrimitives.WriteUInt16LittleEndian(hello.AsSpan(2), ControlFrame.HighestProtocol);
        name.CopyTo(hello.AsSpan(4));
        Answer answer = await AskAsync(ControlOperation.Hello, hello, cancellation: cancellation);
        if (!answer.IsOk)
        {
            string versions = answer.Payload.Length >= 2 ? $" ({answer.Payload.Span[0]} to {answer.Payload.Span[1]})" : "";
            throw new ControlException(ControlError.Refused, $"the hypervisor speaks other versions of the control protocol{versions} than this hvctl ({ControlFrame.HighestProtocol})") { Answer = answer };
        }

        Greeting = Parse(answer.Payload.Span);
        _window = new SemaphoreSlim(Greeting.Window);
    }

    private static Greeting Parse(ReadOnlySpan<byte> payload)
    {
        PayloadReader fields = new(payload);
        HelloAnswer hello = HelloAnswer.Read(ref fields);
        int largest = Math.Clamp((int)hello.LargestPayload, FewestPayloadBytes, ControlFrame.LargestPayload);
        string name = Encoding.UTF8.GetString(hello.Name);
        return new Greeting(hello.Version, hello.Lowest, hello.Highest, largest, Math.Max((int)hello.Window, 1), hello.Capabilities, hello.Now, name);
    }

    private async Task<Frame> ExchangeAsync(byte operation, ReadOnlyMemory<byte> payload, TimeSpan? limit, CancellationToken cancellation)
    {
        TaskCompletionSource<Frame> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ushort id = Register(answer);
        try
        {
            byte[] request = new Frame(0, id, operation, ControlFrame.OutcomeOfRequest(operation), payload).Encode();
            Stopwatch watch = Stopwatch.StartNew();
            TimeSpan whole = limit ?? _options.Limit;
            TimeSpan repeat = limit ?? _options.Repeat;
            while (true)
            {
                TimeSpan left = whole - watch.Elapsed;
                if (left <= TimeSpan.Zero)
                {
                    throw new ControlException(ControlError.TimedOut, $"the machine did not answer within {whole.TotalSeconds:0.#} s: it stands still or is very busy (--timeout SECONDS waits longer)");
                }

                Task sending = WriteAsync(request, cancellation);
                try
                {
                    await sending.WaitAsync(left, cancellation);
                    return await answer.Task.WaitAsync(repeat < left ? repeat : left, cancellation);
                }
                catch (TimeoutException)
                {
                    SayLate();
                    Repetitions++;
                }
            }
        }
        finally
        {
            lock (_waiting)
            {
                _waiting.Remove(id);
            }
        }
    }

    private void SayLate()
    {
        if (!_wasLate)
        {
            _wasLate = true;
            _options.OnLate?.Invoke();
        }
    }

    private ushort Register(TaskCompletionSource<Frame> answer)
    {
        lock (_waiting)
        {
            if (_end is not null)
            {
                throw _end;
            }

            ushort id = _nextId++;
            _waiting.Add(id, answer);
            return id;
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await _writing.WaitAsync(cancellation);
            try
            {
                // Never broken off in mid-frame: whoever gives up waiting leaves the rest to go.
                await _stream.WriteAsync(bytes, _ending.Token);
                await _stream.FlushAsync(_ending.Token);
            }
            finally
            {
                _writing.Release();
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            throw End(exception);
        }
    }

    private async Task ReadAsync()
    {
        FrameSplitter splitter = new();
        byte[] buffer = new byte[16384];
        Exception? reason = null;
        try
        {
            int count;
            while ((count = await _stream.ReadAsync(buffer, _ending.Token)) != 0)
            {
                Take(splitter, buffer.AsSpan(0, count));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            reason = exception;
        }

        End(reason);
    }

    private void Take(FrameSplitter splitter, ReadOnlySpan<byte> bytes)
    {
        while (splitter.TryTake(ref bytes, out Frame frame))
        {
            TaskCompletionSource<Frame>? waiting = null;
            lock (_waiting)
            {
                if (frame.IsAnswer)
                {
                    _waiting.TryGetValue(frame.Id, out waiting);
                }
            }

            waiting?.TrySetResult(frame);
        }
    }

    private ControlException End(Exception? reason)
    {
        lock (_waiting)
        {
            _end ??= new ControlException(ControlError.NoConnection, "the control channel was closed: the machine has ended, or its broker", reason);
            foreach (TaskCompletionSource<Frame> waiting in _waiting.Values)
            {
                waiting.TrySetException(_end);
            }

            return _end;
        }
    }
}
