extern alias control;

using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using control::SharpVisor.Control.Broker;
using SharpVisor.Build.Pipeline;

namespace SharpVisor.Build.Running;

/// <summary>The verb <c>run</c>: the hypervisor and a guest under QEMU, on this terminal.</summary>
internal static class RunCommand
{
    /// <summary>Exit code where the machine ended without the hypervisor's last line and nobody was there to end it.</summary>
    internal const int EndedSilently = 3;

    internal static async Task<int> ExecuteAsync(Settings settings)
    {
        int built = await BuildCommand.ExecuteAsync(settings);
        if (built != 0)
        {
            return built;
        }

        await MachineChoice.RequireEmulatorAsync(settings);
        MachineSettings machine = await MachineChoice.ResolveAsync(settings);
        string? bundle = await GuestChoice.ResolveBundleAsync(settings, "guest", hashed: MachineChoice.HasCard(machine));
        (machine, string? ramdisk) = await MachineChoice.AttachAsync(machine, bundle, "card");
        List<string> command = QemuCommand.Create(machine, Repository.Image, ramdisk);
        command.InsertRange(1, QemuCommand.TerminalConsole);
        // To standard error: standard output belongs to the machine. Without the channel, whose other end is here: so the
        // command can be given again by hand.
        Console.Error.WriteLine(ShellWords.Join(command));
        await using MachineChannel? channel = OpenChannel(machine);
        if (!Console.IsInputRedirected)
        {
            Console.Error.WriteLine("Ctrl-A x ends the machine; Ctrl-] leads to the hypervisor's prompt.");
        }

        if (channel is not null)
        {
            command.AddRange(channel.QemuArguments);
            Console.WriteLine(Invite(channel.Address));
        }

        (int exitCode, string lastLine) = await new Terminal().RunAsync(command);
        return ExitCode(exitCode, lastLine, Console.IsInputRedirected);
    }

    /// <summary>
    /// What <c>make run</c> ends with: the hypervisor's word where it is the last one; otherwise QEMU's own exit code.
    /// QEMU answers 0 when it was told to end, which is right for a person's Ctrl-A x; to a script it says why.
    /// </summary>
    internal static int ExitCode(int qemuExitCode, string lastLine, bool isScript)
    {
        if (qemuExitCode == 0 && ClosingLine.TryParse(lastLine, out int exitCode))
        {
            return exitCode;
        }

        if (qemuExitCode != 0 || !isScript)
        {
            return qemuExitCode;
        }

        Console.Error.WriteLine("The machine ended without the hypervisor's closing line.");
        return EndedSilently;
    }

    /// <summary>The control channel; null where the board has none yet, or there is no place for its socket.</summary>
    private static MachineChannel? OpenChannel(MachineSettings machine)
    {
        if (machine.Board != Boards.Virt)
        {
            return null;
        }

        try
        {
            return MachineChannel.Open(Repository.ControlSocket);
        }
        catch (IOException exception)
        {
            // A machine without hvctl is better than none.
            Console.Error.WriteLine($"no control channel: {exception.Message}");
            return null;
        }
    }

    /// <summary>Where the channel is, and a command that uses it: the usual one needs no name.</summary>
    private static string Invite(string address)
    {
        string shown = Repository.Shorten(address);
        string option = address == Repository.ControlSocket ? "" : $" --socket {shown}";
        return $"control channel: {shown}; try: build/hvctl list{option}";
    }
}
