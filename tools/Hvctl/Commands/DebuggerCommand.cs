using System;
using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Debugging;
using SharpVisor.Hvctl.Json;
using Command = System.CommandLine.Command;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The verb <c>gdb</c>: a TCP port of this machine's where gdb finds a VM.</summary>
internal static class DebuggerCommand
{
    internal static Command Create(Host host)
    {
        Argument<string> vm = VmNames.One(host);
        Option<int> port = new("--port") { Description = "TCP port to listen on; 0 for any that is free", HelpName = "PORT" };
        Option<bool> once = new("--once") { Description = "End when the first gdb has gone" };
        NumberRange.Require(port, 0, ushort.MaxValue);
        Command command = Verb.Create(host, "gdb", "Let gdb debug a virtual machine", invocation => ExecuteAsync(
            invocation, invocation.Words.GetValue(vm)!, invocation.Words.GetValue(port), invocation.Words.GetValue(once)));
        command.Arguments.Add(vm);
        command.Options.Add(port);
        command.Options.Add(once);
        return command;
    }

    private static async Task<int> ExecuteAsync(Invocation invocation, string name, int port, bool isOnce)
    {
        VmStatus vm = await VmNames.FindAsync(invocation, name);
        MachineClient machine = await invocation.MachineAsync();
        using TcpListener listener = new(IPAddress.Loopback, port);
        try
        {
            listener.Start(1);
        }
        catch (SocketException exception)
        {
            throw new Failure(ExitCode.Refused, "port", $"cannot listen on port {port.ToString(CultureInfo.InvariantCulture)}: {exception.Message}");
        }

        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        if (invocation.IsJson)
        {
            invocation.Write(new DebuggerJson(name, "localhost", port), HvctlJson.Line.DebuggerJson);
        }

        invocation.Say(string.Create(CultureInfo.InvariantCulture, $"{name}: target remote localhost:{port}"));
        invocation.Note("Ctrl-C ends it");
        await invocation.Host.Output.FlushAsync();
        do
        {
            using TcpClient client = await listener.AcceptTcpClientAsync(invocation.Cancellation);
            client.NoDelay = true;
            try
            {
                await machine.AttachDebuggerAsync(vm.Id, invocation.Cancellation);
                await using DebuggerLine line = new(machine, vm.Id, client.GetStream());
                await line.RunAsync(invocation.Cancellation);
            }
            catch (ControlException exception) when (exception.Error == ControlError.Refused)
            {
                Failure failure = Failure.From(exception, $"cannot debug {name}");
                if (isOnce)
                {
                    throw failure;
                }

                invocation.Note(failure.Message);
            }
        }
        while (!isOnce);
        return ExitCode.Ok;
    }
}
