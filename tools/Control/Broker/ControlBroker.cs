using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Wire;

namespace SharpVisor.Control.Broker;

/// <summary>
/// Lets any number of clients (up to 255 at a time) share one control channel. Each has a session: its requests are
/// stamped with the session's number, and answers go to whom they belong.
/// </summary>
/// <remarks>
/// <para>
/// Only whole frames with a right checksum go to the machine, so that what one client leaves half done, or garbage that
/// it sends, is nothing that another could notice. The machine's answers are always read at once: a client that does not read
/// its own has a queue of a limited length, and is cut off where that is full.
/// </para>
/// <para>
/// A session that has ended is not given out again before the machine has confirmed its end: answers come in the order of
/// requests, so none of the old client's can reach the next one.
/// </para>
/// </remarks>
internal sealed class ControlBroker : IAsyncDisposable
{
    /// <summary>Requests that wait for the machine; a client whose request finds no room waits, as its sender then does.</summary>
    private const int Backlog = 8;

    private static readonly TimeSpan s_last = TimeSpan.FromSeconds(1);

    private readonly Stream _machine;
    private readonly BrokerListener _listener;
    private readonly SessionTable _sessions = new();
    private readonly Channel<byte[]> _requests = Channel.CreateBounded<byte[]>(Backlog);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _work;
    private int _hasEnded;

    private ControlBroker(Stream machine, BrokerListener listener)
    {
        _machine = machine;
        _listener = listener;
        _work = Task.WhenAll(WriteToMachineAsync(), ReadFromMachineAsync(), AcceptAsync());
    }

    /// <summary>Path of the socket that clients connect to.</summary>
    internal string Address => _listener.Path;

    /// <summary>Clients that are connected.</summary>
    internal int Clients => _sessions.Count;

    /// <summary>Done when the machine's end of the channel is closed.</summary>
    internal Task Completion => _work;

    /// <summary>Begins to serve.</summary>
    /// <param name="machine">The channel; the broker's from now on.</param>
    /// <param name="listener">Where clients come; the broker's from now on.</param>
    internal static ControlBroker Start(Stream machine, BrokerListener listener) => new(machine, listener);

    /// <summary>Ends the service: clients are cut off, the socket is removed.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync();

        // A read of a serial device cannot be broken off.
        await Task.WhenAny(_work, Task.Delay(s_last));
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Stream stream = await _listener.AcceptAsync(_ending.Token);
                BrokerClient client = new(stream);
                if (_sessions.TryOpen(client, out byte session))
                {
                    _ = ServeAsync(client, session);
                }
                else
                {
                    await client.CloseAsync();
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The end of the service.
        }
    }

    /// <summary>Passes on a client's requests until it is gone.</summary>
    private async Task ServeAsync(BrokerClient client, byte session)
    {
        try
        {
            await foreach (Frame frame in client.ReadAsync(_ending.Token))
            {
                if (!frame.IsAnswer)
                {
                    await _requests.Writer.WriteAsync((frame with { Session = session }).Encode(), _ending.Token);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException or ChannelClosedException)
        {
            // It died, in whatever it was doing, or the service ends.
        }

        _sessions.Detach(session);
        await client.CloseAsync();
        await SayByeAsync(session);
    }

    /// <summary>Tells the machine that a session has ended, until it confirms that.</summary>
    private async Task SayByeAsync(byte session)
    {
        try
        {
            byte[] bye = new Frame(session, SessionTable.ByeId, (byte)ControlOperation.Bye, 0, default).Encode();
            while (_sessions.IsClosing(session))
            {
                await _requests.Writer.WriteAsync(bye, _ending.Token);
                await Task.WhenAny(_sessions.WhenClosed(session), Task.Delay(TimeSpan.FromSeconds(2), _ending.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            // Nobody is left to tell.
        }
    }

    private async Task WriteToMachineAsync()
    {
        try
        {
            // Half a frame that somebody left on the line ends here.
            await _machine.WriteAsync(new byte[1], _ending.Token);
            await foreach (byte[] request in _requests.Reader.ReadAllAsync(_ending.Token))
            {
                await _machine.WriteAsync(request, _ending.Token);
                await _machine.FlushAsync(_ending.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            await EndAsync();
        }
    }

    private async Task ReadFromMachineAsync()
    {
        FrameSplitter splitter = new();
        byte[] buffer = new byte[16384];
        try
        {
            int count;
            while ((count = await _machine.ReadAsync(buffer, _ending.Token)) != 0)
            {
                Route(splitter, buffer.AsSpan(0, count));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The machine has ended, or the service.
        }

        await EndAsync();
    }

    private void Route(FrameSplitter splitter, ReadOnlySpan<byte> bytes)
    {
        while (splitter.TryTake(ref bytes, out Frame frame))
        {
            if (frame.IsAnswer)
            {
                _sessions.Take(frame);
            }
        }
    }

    private async Task EndAsync()
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) != 0)
        {
            return;
        }

        await _ending.CancelAsync();
        _requests.Writer.TryComplete();
        _listener.Dispose();
        foreach (BrokerClient client in _sessions.Clients())
        {
            await client.CloseAsync();
        }

        await _machine.DisposeAsync();
    }
}
