using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.PortableExecutable;
using SharpVisor.Build;
using SharpVisor.Build.Pipeline;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>What is promised of the hypervisor as a whole: its size, and which of its parts may lean on which.</summary>
public sealed class ImageTests
{
    private const string Root = "SharpVisor.";
    private const int LargestImage = 512 << 10;

    /// <summary>What each namespace may use. A new namespace needs a row of its own.</summary>
    private static readonly Dictionary<string, string[]> s_mayUse = new()
    {
        ["Arch"] = [],
        ["Formats"] = [],
        ["Memory"] = ["Arch"],
        ["Storage"] = ["Arch", "Formats"],
        ["Machine.Loading"] = ["Formats"],
        ["Machine.Ram"] = ["Arch", "Devices", "Memory"],
        ["Machine.Life"] = ["Formats"],
        ["Drivers"] = ["Arch", "Formats", "Debug", "Storage"],
        ["Devices"] = ["Arch"],
        ["Network"] = [],
        ["Devices.Virtio"] = ["Arch", "Devices", "Network", "Storage"],
        ["Interrupts"] = ["Arch", "Devices", "Drivers"],
        ["Scheduling"] = [],
        ["Cpu"] = ["Arch", "Debug", "Debug.Gdb", "Devices", "Devices.Virtio", "Drivers", "Formats", "Interrupts", "Machine", "Machine.Life", "Machine.Ram", "Memory", "Scheduling"],
        ["Machine"] = ["Arch", "Cpu", "Debug", "Debug.Gdb", "Devices", "Devices.Virtio", "Drivers", "Formats", "Interrupts", "Machine.Life", "Machine.Loading", "Machine.Ram", "Memory", "Network", "Scheduling", "Storage"],
        ["Debug.Gdb"] = [],
        ["Debug"] = ["Arch", "Formats", "Cpu", "Interrupts", "Machine", "Machine.Life"],
        ["Console"] = ["Arch", "Cpu", "Debug", "Debug.Gdb", "Devices", "Devices.Virtio", "Drivers", "Formats", "Interrupts", "Machine", "Machine.Life", "Machine.Ram", "Memory", "Network", "Scheduling"],
    };

    /// <summary>The composition root knows every concrete type, those on top too.</summary>
    private static readonly string[] s_compositionRoot = ["Hypervisor", "VmFactory"];

    [Fact]
    public void The_image_is_at_most_512_KiB() => Assert.InRange(new FileInfo(Repository.Image).Length, 1, LargestImage);

    [Fact]
    public void Arrows_between_namespaces_go_one_way()
    {
        using PEReader file = new(File.OpenRead(FreestandingProgram.Hypervisor.Il));
        List<string> wrong = [];
        int checkedArrows = 0;
        foreach ((string from, string to, string type) in NamespaceArrows.Read(file))
        {
            if (!from.StartsWith(Root, StringComparison.Ordinal) || !to.StartsWith(Root, StringComparison.Ordinal))
            {
                continue;
            }

            checkedArrows++;
            string source = from[Root.Length..];
            string target = to[Root.Length..];
            bool isRight = s_mayUse.TryGetValue(source, out string[]? allowed) && allowed.Contains(target);
            bool isRoot = source == "Machine" && s_compositionRoot.Contains(type);
            if (!isRight && !isRoot)
            {
                wrong.Add($"{source}.{type} uses {target}");
            }
        }

        Assert.Equal([], wrong);
        Assert.NotEqual(0, checkedArrows);
    }
}
