using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Tests.Unit.Console;
using SharpVisor.Tests.Unit.Console.Protocol;
using SharpVisor.Tests.Unit.Control;

namespace SharpVisor.Tests.Unit.Hvctl;

/// <summary>A fake machine behind the hypervisor's own server of the protocol, reached over a socket.</summary>
internal sealed class ServedMachine
{
    private readonly object _lock = new();

    internal ServedMachine(params string[] runningVms)
    {
        Server = new ServerUnderTest(runningVms);
    }

    internal ServerUnderTest Server { get; }

    internal FakeMachine Machine => Server.Machine;

    internal ConsoleUnderTest Console => Server.Console;

    /// <summary>Connects to it.</summary>
    internal async Task<Stream> OpenAsync()
    {
        Line line = await Line.OpenAsync();
        _ = ServeAsync(line.Far);
        return line.Near;
    }

    /// <summary>Does something to the machine while it serves nobody.</summary>
    internal void Locked(Action<FakeMachine> change)
    {
        lock (_lock)
        {
            change(Machine);
        }
    }

    private async Task ServeAsync(Stream line)
    {
        byte[] buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await line.ReadAsync(buffer)) != 0)
            {
                await line.WriteAsync(Exchange(buffer.AsSpan(0, count).ToArray()));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The client is gone.
        }
    }

    private byte[] Exchange(byte[] received)
    {
        lock (_lock)
        {
            Server.Channel.Receive(received);
            while (Server.Server.HandleInterrupt())
            {
            }

            byte[] sent = Server.Channel.Sent.ToArray();
            Server.Channel.Sent.Clear();
            return sent;
        }
    }
}
