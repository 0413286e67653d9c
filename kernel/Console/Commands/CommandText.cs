using System;

namespace SharpVisor.Console;

/// <summary>Names, usage and help of the shell's commands, and which words they take.</summary>
internal static class CommandText
{
    /// <summary>What is typed.</summary>
    internal static ReadOnlySpan<byte> Name(Command command) => command switch
    {
        Command.Help => "help"u8,
        Command.Vm => "vm"u8,
        Command.Attach => "attach"u8,
        Command.Top => "top"u8,
        Command.Cpu => "cpu"u8,
        Command.Mem => "mem"u8,
        Command.Irq => "irq"u8,
        Command.Log => "log"u8,
        Command.Trace => "trace"u8,
        Command.Regs => "regs"u8,
        Command.Bench => "bench"u8,
        Command.Merged => "merged"u8,
        Command.Scroll => "scroll"u8,
        Command.History => "history"u8,
        Command.Color => "color"u8,
        Command.PowerOff => "poweroff"u8,
        _ => default,
    };

    /// <summary>What is typed after <c>vm</c>.</summary>
    internal static ReadOnlySpan<byte> Name(VmAction action) => action switch
    {
        VmAction.List => "list"u8,
        VmAction.Info => "info"u8,
        VmAction.Create => "create"u8,
        VmAction.Start => "start"u8,
        VmAction.Pause => "pause"u8,
        VmAction.Resume => "resume"u8,
        VmAction.Reset => "reset"u8,
        VmAction.Shutdown => "shutdown"u8,
        VmAction.Stop => "stop"u8,
        VmAction.Destroy => "destroy"u8,
        VmAction.Memory => "memory"u8,
        _ => default,
    };

    /// <summary>The words behind the name.</summary>
    internal static ReadOnlySpan<byte> Usage(Command command) => command switch
    {
        Command.Help => "[COMMAND]"u8,
        Command.Vm => "[list] | ACTION NAME [SIZE]"u8,
        Command.Attach => "[NAME]"u8,
        Command.Log => "[error|warning|info|debug]"u8,
        Command.Trace => "[on|off|show]"u8,
        Command.Regs => "NAME [VCPU]"u8,
        Command.Merged => "[on|off]"u8,
        Command.Scroll => "NAME"u8,
        Command.Color => "[on|off]"u8,
        _ => default,
    };

    /// <summary>What it does, in at most 45 characters.</summary>
    internal static ReadOnlySpan<byte> Summary(Command command) => command switch
    {
        Command.Help => "lists commands, or explains one"u8,
        Command.Vm => "lists, starts and stops virtual machines"u8,
        Command.Attach => "gives the terminal to a virtual machine"u8,
        Command.Top => "shows who uses the CPUs, once a second"u8,
        Command.Cpu => "shows the machine's CPUs"u8,
        Command.Mem => "shows who has the memory"u8,
        Command.Irq => "counts the machine's interrupts"u8,
        Command.Log => "says which messages are written"u8,
        Command.Trace => "writes down exits, entries, injections, ..."u8,
        Command.Regs => "shows the registers of a VCpu"u8,
        Command.Bench => "measures the hypervisor on this machine"u8,
        Command.Merged => "shows lines of all virtual machines here"u8,
        Command.Scroll => "shows the output of a virtual machine again"u8,
        Command.History => "lists the lines that were typed"u8,
        Command.Color => "switches colours on or off"u8,
        Command.PowerOff => "ends all of them and switches the machine off"u8,
        _ => default,
    };

    /// <summary>A line of further help; empty behind the last one.</summary>
    internal static ReadOnlySpan<byte> Details(Command command, int line) => command switch
    {
        Command.Vm => line switch
        {
            0 => "vm list             one line for each virtual machine"u8,
            1 => "vm info NAME        all there is to say of it"u8,
            2 => "vm create NAME      gives it memory, VCpus and devices"u8,
            3 => "vm start NAME       starts it; creates it before where needed"u8,
            4 => "vm pause NAME       halts it between two instructions"u8,
            5 => "vm resume NAME      lets it go on"u8,
            6 => "vm reset NAME       starts it anew, whatever its guest does"u8,
            7 => "vm shutdown NAME    asks its guest to power off"u8,
            8 => "vm stop NAME        pulls the plug"u8,
            9 => "vm destroy NAME     gives back all it has; it stays defined"u8,
            10 => "vm memory NAME SIZE asks its guest to get by with so much, as 96M or 2G"u8,
            _ => default,
        },
        Command.Attach => line switch
        {
            0 => "Shows what it has written since it was last seen; then it gets what you type."u8,
            1 => "Ctrl-] comes back here. At the empty prompt Ctrl-] once more types Ctrl-]"u8,
            2 => "into the virtual machine, and Ctrl-D goes back to it."u8,
            3 => "Without a name: the one that was attached last."u8,
            _ => default,
        },
        Command.Top => line switch
        {
            0 => "share is in percent of one CPU; the columns behind it count exits per second:"u8,
            1 => "hcall hypercalls, dev emulated devices, reg registers, irq interrupts,"u8,
            2 => "wait WFI and WFE, page memory given on demand. q comes back here."u8,
            _ => default,
        },
        Command.Log => line switch
        {
            0 => "error    only what ends a virtual machine or this one"u8,
            1 => "warning  also what guests did wrong"u8,
            2 => "info     also what goes on"u8,
            3 => "debug    everything"u8,
            _ => default,
        },
        Command.Trace => line switch
        {
            0 => "trace on     each CPU keeps its newest 8190 events"u8,
            1 => "trace show   the last ones: time in ticks, then who and what"u8,
            2 => "hvctl trace VM -o out.json writes a file for a trace viewer."u8,
            _ => default,
        },
        Command.Merged => line switch
        {
            0 => "Each line of a virtual machine that is not attached is shown when it ends,"u8,
            1 => "with the name of the machine before it."u8,
            _ => default,
        },
        Command.Color => line switch
        {
            0 => "Colours come by themselves once the terminal has sent a cursor key."u8,
            _ => default,
        },
        _ => default,
    };

    /// <summary>What the word at a place behind the command is.</summary>
    /// <param name="command">The command.</param>
    /// <param name="place">0 for the first word behind it.</param>
    internal static ArgumentKind Argument(Command command, int place) => command switch
    {
        Command.Help when place == 0 => ArgumentKind.Command,
        Command.Vm => place == 0 ? ArgumentKind.VmAction : place == 1 ? ArgumentKind.VmName : ArgumentKind.None,
        Command.Attach or Command.Scroll or Command.Regs when place == 0 => ArgumentKind.VmName,
        Command.Log when place == 0 => ArgumentKind.LogLevel,
        Command.Merged or Command.Color or Command.Trace when place == 0 => ArgumentKind.Switch,
        _ => ArgumentKind.None,
    };

    /// <summary>Most words behind the command.</summary>
    internal static int MostArguments(Command command) => command switch
    {
        Command.Vm => 3,
        Command.Regs => 2,
        _ => Usage(command).IsEmpty ? 0 : 1,
    };

    /// <summary>The command of that name; <see cref="Command.Count"/> for none.</summary>
    internal static Command FindCommand(ReadOnlySpan<byte> name)
    {
        Command command = 0;
        while (command < Command.Count && !Name(command).SequenceEqual(name))
        {
            command++;
        }

        return command;
    }

    /// <summary>The action of that name; <see cref="VmAction.Count"/> for none.</summary>
    internal static VmAction FindAction(ReadOnlySpan<byte> name)
    {
        VmAction action = 0;
        while (action < VmAction.Count && !Name(action).SequenceEqual(name))
        {
            action++;
        }

        return action;
    }
}
