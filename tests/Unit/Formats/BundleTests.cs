using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using SharpVisor.Formats;
using SharpVisor.Interrupts;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed class BundleTests
{
    private const int DataPosition = 0x1000;

    private static readonly byte[] s_sound = Make();

    [Fact]
    public void A_definition_is_read_with_its_images()
    {
        Assert.Equal(BundleError.None, Bundle.TryCreate(s_sound, default, out Bundle bundle, out _));
        Assert.True(bundle.TryGetVm(0, out BundleVm vm, out BundleError error));
        Assert.Equal(BundleError.None, error);
        Assert.Equal("linux", Encoding.ASCII.GetString(vm.Name));
        Assert.Equal("quiet", Encoding.ASCII.GetString(vm.CommandLine));
        Assert.Equal([1, 2, 3, 4], vm.Kernel.ToArray());
        Assert.Equal([5, 6], vm.Ramdisk.ToArray());
        Assert.Equal((1ul << 28, 2u, 3u), (vm.Memory, vm.VCpus, vm.GicVersion));
        Assert.False(bundle.TryGetVm(1, out _, out _));
    }

    [Fact]
    public void What_a_definition_does_not_say_has_its_usual_value()
    {
        Assert.Equal(BundleError.None, Read(s_sound, out BundleVm vm));
        Assert.True(vm.Autostart);
        Assert.False(vm.SharePages);
        Assert.Equal(BundleCrashPolicy.Stop, vm.OnCrash);
        Assert.Equal(vm.Memory, vm.MemoryGuarantee);
        Assert.Equal(new BundleScheduling(), vm.Scheduling);
        Assert.Equal(BundleScheduling.DefaultWeight, vm.Scheduling.Weight);
    }

    [Fact]
    public void What_a_definition_says_is_read()
    {
        byte[] blob = Make(vm:
        [
            ("memory-guarantee", Number(1 << 20)), ("autostart", Cell(0)), ("share-pages", []), ("on-crash", Text("keep")),
            ("on-debugger-lost", Text("pause")), ("weight", Cell(7)), ("cap-permille", Cell(250)), ("burst-us", Number(3_000_000)), ("cpus", [.. Cell(0), .. Cell(63)]),
            ("budget-us", Cell(2000)), ("period-us", Cell(10_000)),
        ]);
        Assert.Equal(BundleError.None, Read(blob, out BundleVm vm));
        Assert.False(vm.Autostart);
        Assert.True(vm.SharePages);
        Assert.Equal(BundleCrashPolicy.Keep, vm.OnCrash);
        Assert.Equal(BundleDebuggerPolicy.Pause, vm.OnDebuggerLost);
        Assert.Equal(1ul << 20, vm.MemoryGuarantee);
        BundleScheduling expected = new()
        {
            Weight = 7, Cap = 250, Burst = 3_000_000, Cpus = 1 | (1ul << 63), Budget = 2000, Period = 10_000,
        };
        Assert.Equal(expected, vm.Scheduling);
    }

    [Theory]
    [InlineData("kernel", "other", BundleError.NoKernel)]
    [InlineData("kernel", "", BundleError.NoKernel)]
    [InlineData("kernel", null, BundleError.NoKernel)]
    [InlineData("ramdisk", "other", BundleError.NoRamdisk)]
    [InlineData("ramdisk", "", BundleError.NoRamdisk)]
    [InlineData("ramdisk", null, BundleError.None)]
    [InlineData("on-crash", "explode", BundleError.BadProperty)]
    [InlineData("on-debugger-lost", "explode", BundleError.BadProperty)]
    public void A_wrong_word_is_named(string property, string? value, BundleError expected) =>
        Assert.Equal(expected, Read(Make(vm: [(property, value is null ? null : Text(value))]), out _));

    [Theory]
    [InlineData("memory", "0000000000000000", BundleError.BadSize)]
    [InlineData("memory", "00", BundleError.BadSize)]
    [InlineData("vcpus", "00000000", BundleError.BadSize)]
    [InlineData("memory-guarantee", "7fffffffffffffff", BundleError.BadGuarantee)]
    [InlineData("memory-guarantee", "00", BundleError.BadProperty)]
    [InlineData("gic", "0000", BundleError.BadProperty)]
    [InlineData("bootargs", "41", BundleError.BadProperty)]
    [InlineData("kernel", "6b65726e656c", BundleError.NoKernel)]
    [InlineData("ramdisk", "41", BundleError.NoRamdisk)]
    [InlineData("autostart", "00000002", BundleError.BadProperty)]
    [InlineData("autostart", "", BundleError.BadProperty)]
    [InlineData("share-pages", "00000001", BundleError.BadProperty)]
    [InlineData("on-crash", "73746f70", BundleError.BadProperty)]
    [InlineData("weight", "00000000", BundleError.BadScheduling)]
    [InlineData("weight", "00002711", BundleError.BadScheduling)]
    [InlineData("weight", "0000000000000001", BundleError.BadProperty)]
    [InlineData("cap-permille", "ffffffff", BundleError.BadScheduling)]
    [InlineData("burst-us", "00000001", BundleError.BadScheduling)]
    [InlineData("cpus", "00000040", BundleError.BadProperty)]
    [InlineData("cpus", "", BundleError.BadProperty)]
    [InlineData("cpus", "0000000000", BundleError.BadProperty)]
    [InlineData("budget-us", "00001000", BundleError.BadScheduling)]
    [InlineData("period-us", "00001000", BundleError.BadScheduling)]
    public void A_wrong_number_is_named(string property, string value, BundleError expected) =>
        Assert.Equal(expected, Read(Make(vm: [(property, Convert.FromHexString(value))]), out _));

    [Theory]
    [InlineData("Linux")]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("cpu@0")]
    [InlineData("abcdefghijklmnopqrstuvwxyz-01234")]
    public void A_wrong_name_is_refused(string name) => Assert.Equal(BundleError.BadName, Read(Make(names: [name]), out _));

    [Fact]
    public void Of_two_machines_with_one_name_the_second_is_refused()
    {
        Assert.Equal(BundleError.None, Bundle.TryCreate(Make(names: ["one", "two", "one"]), default, out Bundle bundle, out _));
        List<BundleError> errors = [];
        while (bundle.TryGetVm(errors.Count, out _, out BundleError error))
        {
            errors.Add(error);
        }

        Assert.Equal([BundleError.None, BundleError.None, BundleError.DuplicateName], errors);
    }

    [Fact]
    public void What_is_no_tree_or_has_no_machine_is_refused()
    {
        Assert.Equal(BundleError.NotATree, Create(new byte[100]));
        Assert.Equal(BundleError.NotATree, Create([]));
        Assert.Equal(BundleError.NoVms, Create(new TreeNode("", [], [new TreeNode("vms", [], [])]).ToBlob()));
        Assert.Equal(BundleError.NoVms, Create(new TreeNode("", [], []).ToBlob()));
    }

    [Fact]
    public void A_tree_above_the_limit_is_refused_before_it_is_read()
    {
        byte[] blob = (byte[])s_sound.Clone();
        BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(4), Bundle.MaximumTreeSize + 1);
        Assert.Equal(BundleError.TreeTooLarge, Create(blob));
    }

    [Fact]
    public void More_machines_or_images_than_the_limit_are_refused()
    {
        const int BehindLargeTree = Bundle.MaximumTreeSize;
        string[] names = Enumerable.Range(0, 10_000).Select(index => "vm" + index.ToString(CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(BundleError.None, Create(Make(names: names[..Bundle.MaximumVms], dataPosition: BehindLargeTree)));
        Assert.Equal(BundleError.TooManyVms, Create(Make(names: names[..(Bundle.MaximumVms + 1)], dataPosition: BehindLargeTree)));
        Assert.Equal(BundleError.TreeTooLarge, Create(Make(names: names, dataPosition: 2 * BehindLargeTree)));

        (string, int, int)[] images = names.Select(name => (name, BehindLargeTree, 0)).ToArray();
        Assert.Equal(BundleError.None, Create(Make(images: images[..(Bundle.MaximumImages - 2)], dataPosition: BehindLargeTree)));
        Assert.Equal(BundleError.TooManyImages, Create(Make(images: images[..(Bundle.MaximumImages - 1)], dataPosition: BehindLargeTree)));
    }

    [Theory]
    [InlineData(DataPosition + 2, 5, BundleError.BadImage)]
    [InlineData(-1, 1, BundleError.BadImage)]
    [InlineData(DataPosition + 3, -1, BundleError.BadImage)]
    [InlineData(0, 4, BundleError.BadImage)]
    [InlineData(DataPosition + 6, 0, BundleError.None)]
    [InlineData(DataPosition + 7, 0, BundleError.BadImage)]
    [InlineData(DataPosition, 4, BundleError.None)]
    [InlineData(DataPosition, 5, BundleError.OverlappingImages)]
    [InlineData(DataPosition + 5, 1, BundleError.OverlappingImages)]
    [InlineData(DataPosition + 4, 2, BundleError.OverlappingImages)]
    [InlineData(DataPosition - 8, 14, BundleError.OverlappingImages)]
    [InlineData(DataPosition - 8, 8, BundleError.None)]
    public void An_image_stands_behind_the_tree_and_shares_no_byte_with_another(int position, int size, BundleError expected)
    {
        Assert.Equal(expected, Bundle.TryCreate(Make(images: [("odd", position, size)]), default, out _, out ReadOnlySpan<byte> image));
        Assert.Equal(expected == BundleError.None ? "" : "odd", Encoding.ASCII.GetString(image));
    }

    [Fact]
    public void An_image_without_a_place_is_refused() =>
        Assert.Equal(BundleError.BadImage, Create(Make(kernel: [("data-size", Cell(4))])));

    [Fact]
    public void Images_as_mkimage_places_them_are_found()
    {
        byte[] blob = Make(kernel: [("data-offset", Cell(0)), ("data-size", Cell(4))]);
        int treeSize = BinaryPrimitives.ReadInt32BigEndian(blob.AsSpan(4));
        "KERN"u8.CopyTo(blob.AsSpan((treeSize + 3) & ~3));
        Assert.Equal(BundleError.None, Read(blob, out BundleVm vm));
        Assert.Equal("KERN", Encoding.ASCII.GetString(vm.Kernel));
    }

    [Theory]
    [InlineData("sha256", 0, BundleError.None)]
    [InlineData("sha256", 1, BundleError.WrongHash)]
    [InlineData("crc32", 0, BundleError.None)]
    [InlineData("crc32", 1, BundleError.WrongHash)]
    [InlineData("sha1", 0, BundleError.UnknownHash)]
    [InlineData("", 0, BundleError.UnknownHash)]
    public void A_hash_is_checked(string kind, int damage, BundleError expected)
    {
        byte[] value = kind == "crc32" ? Cell(Crc32.Compute([1, 2, 3, 4])) : SHA256.HashData([1, 2, 3, 4]);
        value[^1] ^= (byte)damage;
        byte[] blob = Make(hashes: [(kind, value)]);
        Assert.Equal(expected, Bundle.TryCreate(blob, default, out _, out ReadOnlySpan<byte> image));
        Assert.Equal(expected == BundleError.None ? "" : "kernel", Encoding.ASCII.GetString(image));
    }

    [Fact]
    public void A_hash_of_another_length_and_more_than_two_hashes_are_refused()
    {
        byte[] right = SHA256.HashData([1, 2, 3, 4]);
        Assert.Equal(BundleError.UnknownHash, Create(Make(hashes: [("sha256", right[..31])])));
        Assert.Equal(BundleError.UnknownHash, Create(Make(hashes: [("sha256", [])])));
        Assert.Equal(BundleError.UnknownHash, Create(Make(hashes: [("crc32", right)])));
        Assert.Equal(BundleError.None, Create(Make(hashes: [("sha256", right), ("sha256", right)])));
        Assert.Equal(BundleError.UnknownHash, Create(Make(hashes: [("sha256", right), ("sha256", right), ("sha256", right)])));
    }

    [Fact]
    public void Every_error_has_a_phrase()
    {
        HashSet<string> phrases = [];
        foreach (BundleError error in Enum.GetValues<BundleError>())
        {
            Assert.True(phrases.Add(Encoding.ASCII.GetString(BundleErrorText.Describe(error))), error.ToString());
        }

        Assert.DoesNotContain("", phrases);
    }

    [Fact]
    public void A_bundle_can_ask_for_as_many_VCpus_as_a_virtual_GIC_serves() =>
        Assert.Equal((uint)VirtualGic.MaximumVCpus, BundleVm.MaximumVCpus);

    [Fact]
    public void Damage_and_truncation_never_do_harm()
    {
        byte[] hashed = Make(hashes: [("sha256", SHA256.HashData([1, 2, 3, 4]))]);
        Gen.Select(Gen.OneOf([s_sound, hashed]), Gen.Int[0, s_sound.Length], Gen.Select(Gen.Int[0, 900], Gen.Byte).Array[0, 6]).Sample((source, length, changes) =>
        {
            byte[] blob = (byte[])source.Clone();
            foreach ((int place, byte value) in changes)
            {
                blob[place] = value;
            }

            if (Bundle.TryCreate(blob.AsSpan(0, Math.Min(length, blob.Length)), default, out Bundle bundle, out _) == BundleError.None)
            {
                _ = bundle.IsHashed;
                int count = 0;
                while (bundle.TryGetVm(count, out BundleVm vm, out _))
                {
                    Assert.True(vm.Kernel.Length <= length && vm.Ramdisk.Length <= length);
                    Assert.True(++count < 100);
                }
            }
        }, iter: 20_000);
    }

    private static BundleError Create(byte[] blob) => Bundle.TryCreate(blob, default, out _, out _);

    private static BundleError Read(byte[] blob, out BundleVm vm)
    {
        Assert.Equal(BundleError.None, Bundle.TryCreate(blob, default, out Bundle bundle, out _));
        Assert.True(bundle.TryGetVm(0, out vm, out BundleError error));
        return error;
    }

    private static byte[] Text(string text) => [.. Encoding.ASCII.GetBytes(text), 0];

    internal static byte[] Cell(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Number(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>A bundle by hand, with the kernel 1 2 3 4 in the tree (unless it says otherwise) and the ramdisk 5 6 behind it.</summary>
    /// <param name="names">The machines.</param>
    /// <param name="vm">Properties that all of them have in place of their usual ones; null: not at all.</param>
    /// <param name="images">More images, with position and size.</param>
    /// <param name="kernel">The properties of the kernel's image.</param>
    /// <param name="hashes">The hashes of the kernel's image.</param>
    /// <param name="dataPosition">Where data stands: the ramdisk 4 bytes behind.</param>
    internal static byte[] Make(
        string[]? names = null,
        (string Name, byte[]? Value)[]? vm = null,
        (string Name, int Position, int Size)[]? images = null,
        List<(string, byte[])>? kernel = null,
        (string Kind, byte[] Value)[]? hashes = null,
        int dataPosition = DataPosition)
    {
        List<TreeNode> hashNodes = (hashes ?? []).Select((hash, index) =>
            new TreeNode("hash-" + (index + 1).ToString(CultureInfo.InvariantCulture), [("algo", Text(hash.Kind)), ("value", hash.Value)], [])).ToList();
        List<TreeNode> imageNodes =
        [
            new TreeNode("kernel", kernel ?? [("data", [1, 2, 3, 4])], hashNodes),
            new TreeNode("ramdisk", [("data-position", Cell((uint)dataPosition + 4)), ("data-size", Cell(2))], []),
        ];
        imageNodes.AddRange((images ?? []).Select(image => new TreeNode(
            image.Name,
            [("data-position", Number((ulong)image.Position)), ("data-size", Number((ulong)image.Size))],
            [])));

        Dictionary<string, byte[]?> properties = new()
        {
            ["kernel"] = Text("kernel"),
            ["ramdisk"] = Text("ramdisk"),
            ["bootargs"] = Text("quiet"),
            ["memory"] = Number(1 << 28),
            ["vcpus"] = Cell(2),
            ["gic"] = Cell(3),
        };
        foreach ((string name, byte[]? value) in vm ?? [])
        {
            properties[name] = value;
        }

        List<(string, byte[])> present = properties.Where(pair => pair.Value is not null).Select(pair => (pair.Key, pair.Value!)).ToList();
        TreeNode root = new("", [],
        [
            new TreeNode("images", [], imageNodes),
            new TreeNode("vms", [], (names ?? ["linux"]).Select(name => new TreeNode(name, present, [])).ToList()),
        ]);
        byte[] blob = new byte[4 << 20];
        FdtWriter writer = new(blob);
        root.Write(ref writer);
        Assert.True(writer.TryFinish(out int size));

        byte[] bundle = new byte[Math.Max(dataPosition + 6, size)];
        blob.AsSpan(0, size).CopyTo(bundle);
        bundle[dataPosition + 4] = 5;
        bundle[dataPosition + 5] = 6;

        return bundle;
    }
}
