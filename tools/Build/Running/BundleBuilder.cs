using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using SharpVisor.Formats;

namespace SharpVisor.Build.Running;

/// <summary>
/// Builds a boot bundle (kernel/Formats/README.md): a FIT image whose data stands behind the tree, each image on a
/// page of its own.
/// </summary>
internal static class BundleBuilder
{
    private const int TreeCapacity = 64 * 1024;
    private const int PageSize = 4096;

    /// <summary>A bundle with one VM.</summary>
    /// <param name="name">The VM's name.</param>
    /// <param name="guest">Its definition; the files are read here.</param>
    /// <exception cref="IOException">A file could not be read.</exception>
    internal static byte[] Create(string name, GuestSettings guest) =>
        Create(name, guest, File.ReadAllBytes(guest.Kernel), guest.Ramdisk is null ? null : File.ReadAllBytes(guest.Ramdisk));

    /// <summary>A bundle with one VM whose files are already in memory.</summary>
    internal static byte[] Create(string name, GuestSettings guest, byte[] kernel, byte[]? ramdisk)
    {
        List<(string Name, byte[] Data)> images = [("kernel", kernel)];
        if (ramdisk is not null)
        {
            images.Add(("ramdisk", ramdisk));
        }

        // The tree's size does not depend on the numbers in it, so a first pass tells where the data begins.
        int treeSize = WriteTree(name, guest, images, new long[images.Count]).Length;
        long[] positions = new long[images.Count];
        long end = treeSize;
        for (int i = 0; i < images.Count; i++)
        {
            positions[i] = (end + PageSize - 1) / PageSize * PageSize;
            end = positions[i] + images[i].Data.Length;
        }

        byte[] bundle = new byte[end];
        WriteTree(name, guest, images, positions).CopyTo(bundle, 0);
        for (int i = 0; i < images.Count; i++)
        {
            images[i].Data.CopyTo(bundle, positions[i]);
        }

        return bundle;
    }

    private static byte[] WriteTree(string name, GuestSettings guest, List<(string Name, byte[] Data)> images, long[] positions)
    {
        byte[] blob = new byte[TreeCapacity];
        FdtWriter tree = new(blob);
        tree.BeginNode(""u8);
        tree.PropertyString("description"u8, "SharpVisor boot bundle"u8);
        tree.PropertyCell("#address-cells"u8, 2);

        tree.BeginNode("images"u8);
        for (int i = 0; i < images.Count; i++)
        {
            tree.BeginNode(Encoding.UTF8.GetBytes(images[i].Name));
            tree.PropertyNumber("data-position"u8, (ulong)positions[i]);
            tree.PropertyNumber("data-size"u8, (ulong)images[i].Data.Length);
            tree.EndNode();
        }

        tree.EndNode();
        tree.BeginNode("vms"u8);
        tree.BeginNode(Encoding.UTF8.GetBytes(name));
        for (int i = 0; i < images.Count; i++)
        {
            byte[] role = Encoding.UTF8.GetBytes(images[i].Name);
            tree.PropertyString(role, role);
        }

        tree.PropertyString("bootargs"u8, Encoding.UTF8.GetBytes(guest.CommandLine));
        tree.PropertyCell("vcpus"u8, (uint)guest.VCpus);
        tree.PropertyNumber("memory"u8, (ulong)guest.Memory);
        if (guest.GicVersion != 0)
        {
            tree.PropertyCell("gic"u8, (uint)guest.GicVersion);
        }

        tree.EndNode();
        tree.EndNode();
        tree.EndNode();
        if (!tree.TryFinish(out int size))
        {
            throw new InvalidDataException("the VM's definition does not fit into a boot bundle");
        }

        return blob[..size];
    }
}
