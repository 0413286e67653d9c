using System;
using System.Collections.Generic;
using SharpVisor.Console;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl;

/// <summary>What the protocol's numbers are called: the words of the hypervisor's own console.</summary>
internal static class Names
{
    /// <summary>A VM's name.</summary>
    internal static string Of(in VmStatus vm)
    {
        Span<byte> name = stackalloc byte[VmName.Capacity];
        int length = vm.Name.CopyTo(name);
        return Answer.Text(name[..length]);
    }

    internal static string Of(in VmName name)
    {
        Span<byte> text = stackalloc byte[VmName.Capacity];
        return Answer.Text(text[..name.CopyTo(text)]);
    }

    internal static string Of(VmState state) => Answer.Text(ControlText.Describe(state));

    internal static string Of(VCpuState state) => Answer.Text(ControlText.Describe(state));

    internal static string Of(InterruptUser user) => Answer.Text(ControlText.Describe(user));

    internal static string Of(LogLevel level) => Answer.Text(ControlText.Describe(level));

    internal static string Of(ExitReason reason) => Answer.Text(ControlText.Describe(reason));

    /// <summary>Exits by the names of their reasons, and <c>total</c>.</summary>
    internal static Dictionary<string, ulong> Exits(in ExitCounts exits)
    {
        Dictionary<string, ulong> named = [];
        for (ExitReason reason = 0; reason < ExitReason.Count; reason++)
        {
            named[Of(reason)] = exits[reason];
        }

        named["total"] = exits.Total;
        return named;
    }
}
