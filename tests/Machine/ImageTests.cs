using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.PortableExecutable;
using SharpVisor.Build;
using SharpVisor.Build.Pipeline;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>What is promised of the image itself.</summary>
public sealed class ImageTests
{
    [Fact]
    public void Dump()
    {
        using PEReader file = new(File.OpenRead(FreestandingProgram.Hypervisor.Il));
        var all = NamespaceArrows.Read(file).Where(a => a.From.StartsWith("SharpVisor") && a.To.StartsWith("SharpVisor")).ToList();
        foreach (var g in all.GroupBy(a => (a.From, a.To)).OrderBy(g => g.Key.From))
            System.Console.Error.WriteLine($"{g.Key.From} -> {g.Key.To}: {g.Count()} {string.Join(' ', g.Select(a => a.Where).Take(6))}");
        Assert.NotEmpty(all);
    }
}
