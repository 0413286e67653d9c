using System;
using System.Collections.Generic;
using System.IO;
using SharpVisor.Control.Client;
using SharpVisor.Formats;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The names of the VMs that a bundle defines: two clients may send one each at the same time, and each wants its own.</summary>
internal static class BundleNames
{
    private const int LargestTree = 1 << 20;

    /// <summary>Reads them from the bundle's tree.</summary>
    /// <returns>Null where the file is no bundle.</returns>
    internal static IReadOnlySet<string>? Read(string file)
    {
        using FileStream stream = File.OpenRead(file);
        byte[] start = new byte[(int)Math.Min(stream.Length, LargestTree)];
        stream.ReadExactly(start);
        return Read(start);
    }

    private static HashSet<string>? Read(ReadOnlySpan<byte> start)
    {
        if (!FdtReader.TryGetTotalSize(start, out uint size) || size > start.Length
            || FdtReader.TryCreate(start[..(int)size], out FdtReader tree) != FdtError.None
            || !tree.TryFindPath("/vms"u8, out FdtNode vms))
        {
            return null;
        }

        HashSet<string> names = [];
        for (bool isThere = tree.TryFirstChild(vms, out FdtNode vm); isThere; isThere = tree.TryNextSibling(vm, out vm))
        {
            names.Add(Answer.Text(tree.Name(vm)));
        }

        return names;
    }
}
