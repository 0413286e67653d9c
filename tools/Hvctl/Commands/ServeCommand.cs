using System.CommandLine;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Control.Broker;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The verb <c>serve</c>: a broker for a machine that no <c>make run</c> started, a board on a serial line.</summary>
internal static class ServeCommand
{
    internal static Command Create(Host host)
    {
        Argument<string> device = new("DEVICE") { Description = "Serial device of a board's control channel, or a socket of QEMU's" };
        Argument<string> socket = new("SOCKET") { Description = "Where clients are to come", DefaultValueFactory = _ => "control.sock" };
        Command command = Verb.Create(host, "serve", "Let many use a board's control channel at once", invocation => ExecuteAsync(
            invocation, invocation.Words.GetValue(device)!, invocation.Words.GetValue(socket)!));
        command.Arguments.Add(device);
        command.Arguments.Add(socket);
        return command;
    }

    private static async Task<int> ExecuteAsync(Invocation invocation, string device, string socket)
    {
        Stream line = await invocation.Host.OpenAsync(device, invocation.Cancellation);
        await using ControlBroker broker = ControlBroker.Start(line, BrokerListener.Open(socket));
        invocation.Say($"control channel: {ControlAddress.Shorten(broker.Address)}; Ctrl-C ends it");
        Task ended = await Task.WhenAny(broker.Completion, Task.Delay(System.Threading.Timeout.Infinite, invocation.Cancellation));
        return ended == broker.Completion ? throw new Failure(ExitCode.NoConnection, "noConnection", $"{device} was closed") : ExitCode.Ok;
    }
}
