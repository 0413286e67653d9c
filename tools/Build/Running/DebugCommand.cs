using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using SharpVisor.Build.Pipeline;
using SharpVisor.Build.Setup;

namespace SharpVisor.Build.Running;

/// <summary>
/// The verb <c>debug</c>: the machine waits at its first instruction, gdb is attached with the C# sources' lines and
/// stands at the hypervisor's first one. The console goes to a file, for the terminal is gdb's.
/// </summary>
internal static class DebugCommand
{
    // The Image format's text_offset is 0 and RAM begins at 1 GiB: QEMU puts the image 2 MiB above.
    private const string LoadAddressOnVirt = "0x40200000";
    private const string LoadAddressOnRaspberryPi3 = "0x80000";
    private const int UsualPort = 1234;

    internal static async Task<int> ExecuteAsync(Settings settings)
    {
        int built = await BuildCommand.ExecuteAsync(settings);
        if (built != 0)
        {
            return built;
        }

        await MachineChoice.RequireEmulatorAsync(settings);
        MachineSettings machine = await MachineChoice.ResolveAsync(settings);
        string? bundle = await GuestChoice.ResolveBundleAsync(settings, "debug");
        string console = Path.Combine(Repository.Output, "run", "debug-console.log");
        Directory.CreateDirectory(Path.GetDirectoryName(console)!);
        string address = "127.0.0.1:" + FreePort().ToString(CultureInfo.InvariantCulture);
        List<string> emulator = QemuCommand.Create(machine, Repository.Image, bundle);
        emulator.InsertRange(1, ["-display", "none", "-monitor", "none", "-serial", "file:" + console, "-S", "-gdb", "tcp:" + address]);

        string? gdb = ProgramPath.Find(Tools.Gdb.Names);
        string loadAddress = machine.Board == Boards.Virt ? LoadAddressOnVirt : LoadAddressOnRaspberryPi3;
        List<string> debugger =
        [
            gdb ?? Tools.Gdb.Names[0],
            "-q",
            "-ex", "set confirm off",
            "-ex", "target remote " + address,
            "-ex", $"add-symbol-file {Repository.Elf} -o {loadAddress}",
            "-ex", $"set substitute-path /_ {Repository.Root}",
            "-x", Repository.Combine("tools/gdb/hv.py"),
            "-x", Repository.Combine("tools/gdb/debug.gdb"),
        ];
        Console.WriteLine(ShellWords.Join(emulator));
        Console.WriteLine(ShellWords.Join(debugger));
        if (gdb is null)
        {
            Console.WriteLine(Toolbox.Advice([Tools.Gdb]));
            Console.WriteLine("Then give the two commands above, each in a terminal of its own.");
            return BuildException.Failed;
        }

        Console.WriteLine($"The machine's console: {Repository.Shorten(console)}");
        ProcessStartInfo start = new(emulator[0], emulator[1..]) { RedirectStandardInput = true };
        using Process process = Start(start);

        // Ctrl-C belongs to gdb: it halts the machine.
        using PosixSignalRegistration stay = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        try
        {
            return await ChildProcess.RunAsync(debugger[0], debugger[1..]);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
    // Where the usual port is another machine's, gdb would debug that one.
    private static int FreePort()
    {
        foreach (int port in (int[])[UsualPort, 0])
        {
            try
            {
                using TcpListener listener = new(IPAddress.Loopback, port);
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // In use: any other will do.
            }
        }

        throw new BuildException("There is no free port for gdb.");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new BuildException($"{start.FileName} did not start: {exception.Message}");
        }
    }
}
