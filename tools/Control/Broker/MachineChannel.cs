using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace SharpVisor.Control.Broker;

/// <summary>
/// The control channel of an emulated machine: a physical virtio-console port of QEMU's, and the broker before it. It
/// listens before QEMU starts, so that the port is connected from the first instruction on: the machine would stand
/// still when it writes to one that is not.
/// </summary>
internal sealed class MachineChannel : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sharpvisor-").FullName;
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _ending = new();
    private readonly BrokerListener _listener;
    private readonly Task _serving;

    private MachineChannel(BrokerListener listener)
    {
        _listener = listener;
        string line = Path.Combine(_folder, "line.sock");
        _socket.Bind(new UnixDomainSocketEndPoint(line));
        _socket.Listen(1);
        QemuArguments =
        [
            "-device", "virtio-serial-device",
            "-chardev", $"socket,id=control,path={line.Replace(",", ",,", StringComparison.Ordinal)}",
            "-device", "virtserialport,chardev=control,name=sharpvisor.control",
        ];
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _serving = ServeAsync();
    }

    /// <summary>What QEMU is started with (virtio 1.2, 5.3: a console device with a port).</summary>
    internal IReadOnlyList<string> QemuArguments { get; }

    /// <summary>Path of the socket that clients connect to.</summary>
    internal string Address => _listener.Path;

    /// <summary>Opens the channel; QEMU may be started then.</summary>
    /// <param name="socket">Where clients come, or beside it where another machine is.</param>
    /// <exception cref="IOException">There is no place for a socket.</exception>
    internal static MachineChannel Open(string socket)
    {
        BrokerListener listener = BrokerListener.Open(socket);
        try
        {
            return new MachineChannel(listener);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Ends the service and removes the sockets.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _serving;
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        Remove();
    }

    // Where a signal ends the process, nobody disposes of anything.
    private void OnExit(object? sender, EventArgs arguments) => Remove();

    private void Remove()
    {
        _socket.Dispose();
        _listener.Dispose();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            Socket machine = await _socket.AcceptAsync(_ending.Token);
            await using ControlBroker broker = ControlBroker.Start(new NetworkStream(machine, ownsSocket: true), _listener);
            await Task.WhenAny(broker.Completion, Task.Delay(Timeout.Infinite, _ending.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // The machine never came, or the end.
        }
    }
}
