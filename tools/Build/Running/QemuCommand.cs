using System;
using System.Collections.Generic;
using System.Globalization;

namespace SharpVisor.Build.Running;

/// <summary>QEMU's command line for a machine.</summary>
internal static class QemuCommand
{
    /// <summary>The machine with an image to start; where its console goes is for the caller to add.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="image">The image that QEMU starts: the hypervisor, or a guest on the bare machine.</param>
    /// <param name="ramdisk">What is put into memory beside it: the boot bundle, or a guest's ramdisk; or null.</param>
    /// <param name="commandLine">For the image; the hypervisor has none.</param>
    internal static List<string> Create(MachineSettings machine, string image, string? ramdisk, string commandLine = "")
    {
        List<string> words = [machine.Qemu];
        if (machine.Board == Boards.Virt)
        {
            string options = "virt";
            options += machine.HasEl2 ? ",virtualization=on" : "";
            options += machine.HasEl3 ? ",secure=on" : "";
            options += ",gic-version=" + machine.GicVersion.ToString(CultureInfo.InvariantCulture);
            options += machine.CountsInstructions ? ",dtb-randomness=off" : "";
            words.AddRange(["-M", options, "-cpu", machine.Cpu]);
            words.AddRange(["-smp", machine.Cpus.ToString(CultureInfo.InvariantCulture)]);
            words.AddRange(["-m", (machine.Memory >> 20).ToString(CultureInfo.InvariantCulture) + "M"]);
        }
        else
        {
            words.AddRange(["-M", machine.Board]);
        }

        if (machine.CountsInstructions)
        {
            words.AddRange(["-icount", "shift=0,sleep=off"]);
        }

        if (machine.DeviceTree is not null)
        {
            words.AddRange(["-dtb", machine.DeviceTree]);
        }

        words.AddRange(["-kernel", image]);
        if (ramdisk is not null)
        {
            words.AddRange(["-initrd", ramdisk]);
        }

        if (commandLine.Length != 0)
        {
            words.AddRange(["-append", commandLine]);
        }

        if (machine.Card is not null)
        {
            words.AddRange(["-drive", $"file={machine.Card.Replace(",", ",,", StringComparison.Ordinal)},if=sd,format=raw"]);
        }

        words.AddRange(machine.ExtraArguments);
        return words;
    }

    /// <summary>A console on standard input and output, with QEMU's own keys (Ctrl-A x ends it).</summary>
    internal static IReadOnlyList<string> TerminalConsole { get; } = ["-nographic"];

    /// <summary>A console on standard input and output for programs: every byte goes through.</summary>
    internal static IReadOnlyList<string> PlainConsole { get; } = ["-display", "none", "-monitor", "none", "-serial", "stdio"];
}
