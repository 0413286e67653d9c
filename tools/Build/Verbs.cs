using System.Collections.Generic;
using SharpVisor.Build.Cards;
using SharpVisor.Build.Pipeline;
using SharpVisor.Build.Running;
using SharpVisor.Build.Soak;
using SharpVisor.Build.Testing;

namespace SharpVisor.Build;

/// <summary>Every verb, in the order in which <c>help</c> shows them.</summary>
internal static class Verbs
{
    internal static readonly IReadOnlyList<Verb> All =
    [
        new("build", "make build/sharpvisor.img and build/sharpvisor.elf", BuildCommand.ExecuteAsync),
        new("run", "build, then boot it under QEMU with a guest", RunCommand.ExecuteAsync),
        new("bundle", "make a boot bundle of a file of VM definitions: VMS=, OUT=", BundleCommand.ExecuteAsync),
        new("sdcard", "make the image of a card for a Raspberry Pi: FIRMWARE=, OUT=", SdCardCommand.ExecuteAsync),
        new("hvctl", "run hvctl, the machine's remote control: ARGS=", HvctlCommand.ExecuteAsync),
        new("smoke", "build, boot Linux, run a few commands in it, power off", SmokeCommand.ExecuteAsync),
        new("test", "build, then all tests: on this machine and under QEMU", TestCommand.ExecuteAsync),
        new("bench", "build, then count instructions per operation", BenchCommand.ExecuteAsync),
        new("soak", "VMs come and go, clients and drivers misbehave: SEED= LENGTH=", SoakCommand.ExecuteAsync),
        new("debug", "build, then boot it halted with gdb attached", DebugCommand.ExecuteAsync),
        new("symbolize", "find the C# lines of a panic report: REPORT=, or pasted", SymbolizeCommand.ExecuteAsync),
        new("clean", "remove build/", CleanCommand.ExecuteAsync),
        new("help", "this page", HelpCommand.ExecuteAsync),
    ];
}
