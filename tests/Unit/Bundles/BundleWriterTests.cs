using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using SharpVisor.Bundles;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Bundles;

public sealed class BundleWriterTests
{
    private const int PageSize = 4096;

    [Fact]
    public void The_same_machines_give_the_same_bytes() =>
        Assert.Equal(BundleWriter.Write([Vm("a", 1), Vm("b", 2)], hashed: true), BundleWriter.Write([Vm("a", 1), Vm("b", 2)], hashed: true));

    [Fact]
    public void An_image_that_several_machines_use_is_stored_once()
    {
        byte[] one = BundleWriter.Write([Vm("a", 1)], hashed: true);
        byte[] two = BundleWriter.Write([Vm("a", 1), Vm("b", 1)], hashed: true);
        Assert.Equal(one.Length, two.Length);
        Assert.Equal(one.Length + PageSize, BundleWriter.Write([Vm("a", 1), Vm("b", 2)], hashed: true).Length);
    }

    [Fact]
    public void Every_image_begins_on_a_page()
    {
        byte[] file = BundleWriter.Write([Vm("a", 1), Vm("b", 2), Vm("c", 3)], hashed: true);
        List<uint> positions = [];
        Assert.Equal(FdtError.None, FdtReader.TryCreate(file, out FdtReader tree));
        Assert.True(tree.TryFindPath("/images"u8, out FdtNode images));
        for (bool more = tree.TryFirstChild(images, out FdtNode image); more; more = tree.TryNextSibling(image, out image))
        {
            Assert.True(tree.TryGetCell(image, "data-position"u8, out uint position));
            positions.Add(position % PageSize);
        }

        Assert.Equal([0, 0, 0], positions);
    }

    [Fact]
    public void Files_of_one_name_and_names_a_tree_cannot_have_become_different_names()
    {
        VmSpecification[] vms = [Vm("a", 1, "Image"), Vm("b", 2, "Image"), Vm("c", 3, "my kernel@1"), Vm("d", 4, "")];
        byte[] file = BundleWriter.Write(vms, hashed: false);
        Assert.Equal(FdtError.None, FdtReader.TryCreate(file, out FdtReader tree));
        Assert.True(tree.TryFindPath("/images"u8, out FdtNode images));
        List<string> names = [];
        for (bool more = tree.TryFirstChild(images, out FdtNode image); more; more = tree.TryNextSibling(image, out image))
        {
            names.Add(Encoding.UTF8.GetString(tree.Name(image)));
        }

        Assert.Equal(["Image", "Image-2", "my-kernel-1", "image"], names);
    }

    [Fact]
    public void A_bundle_without_hashes_is_sound_but_says_so()
    {
        Assert.Equal(BundleError.None, Bundle.TryCreate(BundleWriter.Write([Vm("a", 1)], hashed: false), default, out Bundle bundle, out _));
        Assert.False(bundle.IsHashed);
    }

    [Fact]
    public void More_definitions_than_a_tree_can_hold_are_refused()
    {
        VmSpecification[] vms = Enumerable.Range(0, 600).Select(index => Vm($"vm-{index}", 1) with { CommandLine = new string('a', 2000) }).ToArray();
        Assert.Throws<InvalidDataException>(() => BundleWriter.Write(vms, hashed: false));
    }

    [Fact]
    public void One_damaged_byte_changes_nothing_or_is_found()
    {
        byte[] sound = BundleWriter.Write([Vm("a", 1), Vm("b", 2) with { Ramdisk = new BundleImage("initrd", new byte[100]) }], hashed: true);
        string expected = Read(sound);
        int found = 0;
        for (int place = 0; place < sound.Length; place++)
        {
            byte[] damaged = (byte[])sound.Clone();
            damaged[place] ^= (byte)(1 << (place % 8));
            string read = Read(damaged);
            found += read.StartsWith("refused", StringComparison.Ordinal) ? 1 : 0;
            Assert.True(read == expected || read.StartsWith("refused", StringComparison.Ordinal), $"a changed byte at {place} goes through");
        }

        Assert.InRange(found, 1500, sound.Length); // the tree, its hash, and the images; not the gaps
    }

    [Fact]
    public void A_bundle_cut_off_anywhere_is_refused()
    {
        byte[] sound = BundleWriter.Write([Vm("a", 1)], hashed: true);
        for (int length = 0; length < sound.Length; length++)
        {
            Assert.NotEqual(BundleError.None, Bundle.TryCreate(sound.AsSpan(0, length), default, out _, out _));
        }
    }

    [Fact]
    public void A_file_is_replaced_whole_and_nothing_else_is_left()
    {
        string folder = Directory.CreateTempSubdirectory("sharpvisor-bundles").FullName;
        string path = Path.Combine(folder, "vms.itb");
        BundleFile.Write(path, [1]);
        BundleFile.Write(path, [2, 3]);
        Assert.Equal([2, 3], File.ReadAllBytes(path));
        Directory.CreateDirectory(path + "-folder");
        Assert.ThrowsAny<Exception>(() => BundleFile.Write(path + "-folder", [4]));
        Assert.Single(Directory.GetFiles(folder));
        Directory.Delete(folder, recursive: true);
    }

    private static VmSpecification Vm(string name, byte content, string file = "Image") => new()
    {
        Name = name,
        Kernel = new BundleImage(file, Enumerable.Repeat(content, 200).ToArray()),
        Memory = 1 << 20,
    };

    /// <summary>All that a hypervisor would take from a bundle.</summary>
    private static string Read(byte[] file)
    {
        BundleError error = Bundle.TryCreate(file, default, out Bundle bundle, out _);
        if (error != BundleError.None)
        {
            return "refused: " + error;
        }

        StringBuilder all = new();
        for (int i = 0; bundle.TryGetVm(i, out BundleVm vm, out error); i++)
        {
            all.Append(Encoding.Latin1.GetString(vm.Name)).Append(' ').Append(error).Append(' ').Append(vm.Memory).Append(' ').Append(vm.MemoryGuarantee)
                .Append(' ').Append(vm.VCpus).Append(' ').Append(vm.GicVersion).Append(' ').Append(vm.Autostart).Append(vm.SharePages).Append(vm.OnCrash)
                .Append(' ').Append(vm.Scheduling.Weight).Append(' ').Append(vm.Scheduling.Cap).Append(' ').Append(vm.Scheduling.Burst)
                .Append(' ').Append(vm.Scheduling.Cpus).Append(' ').Append(vm.Scheduling.Budget).Append(' ').Append(vm.Scheduling.Period)
                .Append(Convert.ToHexString(vm.Kernel)).Append(' ').Append(Convert.ToHexString(vm.Ramdisk)).Append(Encoding.Latin1.GetString(vm.CommandLine));
        }

        return all.ToString();
    }
}
