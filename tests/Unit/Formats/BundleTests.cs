using System;
using System.Buffers.Binary;
using System.Text;
using CsCheck;
using SharpVisor.Formats;
using Xunit;

namespace SharpVisor.Tests.Unit.Formats;

public sealed class BundleTests
{
    private static readonly byte[] s_sound = Make("kernel", "ramdisk", 1 << 28, 2);

    [Fact]
    public void A_definition_is_read_with_its_images()
    {
        Assert.Equal(BundleError.None, Bundle.TryCreate(s_sound, out Bundle bundle));
        Assert.True(bundle.TryGetVm(0, out BundleVm vm, out BundleError error));
        Assert.Equal(BundleError.None, error);
        Assert.Equal("linux", Encoding.ASCII.GetString(vm.Name));
        Assert.Equal("quiet", Encoding.ASCII.GetString(vm.CommandLine));
        Assert.Equal([1, 2, 3, 4], vm.Kernel.ToArray());
        Assert.Equal([5, 6], vm.Ramdisk.ToArray());
        Assert.Equal((1ul << 28, 2u, 3u), (vm.Memory, vm.VCpus, vm.GicVersion));
        Assert.False(bundle.TryGetVm(1, out _, out _));
    }

    [Theory]
    [InlineData("other", "ramdisk", 1ul << 28, 2u, BundleError.NoKernel)]
    [InlineData("", "ramdisk", 1ul << 28, 2u, BundleError.NoKernel)]
    [InlineData(null, "ramdisk", 1ul << 28, 2u, BundleError.NoKernel)]
    [InlineData("kernel", "other", 1ul << 28, 2u, BundleError.NoRamdisk)]
    [InlineData("kernel", "", 1ul << 28, 2u, BundleError.NoRamdisk)]
    [InlineData("kernel", null, 1ul << 28, 2u, BundleError.None)]
    [InlineData("kernel", "outside", 1ul << 28, 2u, BundleError.BadImage)]
    [InlineData("outside", "ramdisk", 1ul << 28, 2u, BundleError.BadImage)]
    [InlineData("kernel", "ramdisk", 0ul, 2u, BundleError.BadSize)]
    [InlineData("kernel", "ramdisk", 1ul << 28, 0u, BundleError.BadSize)]
    public void A_wrong_definition_is_named(string? kernel, string? ramdisk, ulong memory, uint vcpus, BundleError expected)
    {
        Assert.Equal(BundleError.None, Bundle.TryCreate(Make(kernel, ramdisk, memory, vcpus), out Bundle bundle));
        Assert.True(bundle.TryGetVm(0, out _, out BundleError error));
        Assert.Equal(expected, error);
        Assert.NotEqual(0, Bundle.Describe(error).Length);
    }

    [Fact]
    public void What_is_no_tree_or_has_no_machine_is_refused()
    {
        Assert.Equal(BundleError.NotATree, Bundle.TryCreate(new byte[100], out _));
        Assert.Equal(BundleError.NotATree, Bundle.TryCreate(default, out _));
        Assert.Equal(BundleError.NoVms, Bundle.TryCreate(new TreeNode("", [], [new TreeNode("vms", [], [])]).ToBlob(), out _));
        Assert.Equal(BundleError.NoVms, Bundle.TryCreate(new TreeNode("", [], []).ToBlob(), out _));
    }

    [Fact]
    public void Damage_and_truncation_never_do_harm()
    {
        Gen.Select(Gen.Int[0, s_sound.Length], Gen.Select(Gen.Int[0, s_sound.Length - 1], Gen.Byte).Array[0, 6]).Sample((length, changes) =>
        {
            byte[] blob = (byte[])s_sound.Clone();
            foreach ((int place, byte value) in changes)
            {
                blob[place] = value;
            }

            if (Bundle.TryCreate(blob.AsSpan(0, length), out Bundle bundle) == BundleError.None)
            {
                int count = 0;
                while (bundle.TryGetVm(count, out BundleVm vm, out _))
                {
                    Assert.True(vm.Kernel.Length <= length && vm.Ramdisk.Length <= length);
                    Assert.True(++count < 100);
                }
            }
        }, iter: 4000);
    }

    private static byte[] Make(string? kernel, string? ramdisk, ulong memory, uint vcpus)
    {
        byte[] blob = new byte[8192];
        var writer = new FdtWriter(blob);
        writer.BeginNode(""u8);
        writer.BeginNode("images"u8);
        writer.BeginNode("kernel"u8);
        writer.PropertyBytes("data"u8, [1, 2, 3, 4]);
        writer.EndNode();
        writer.BeginNode("ramdisk"u8);
        writer.PropertyCell("data-position"u8, 0x1000);
        writer.PropertyCell("data-size"u8, 2);
        writer.EndNode();
        writer.BeginNode("outside"u8);
        writer.PropertyNumber("data-position"u8, ulong.MaxValue);
        writer.PropertyCell("data-size"u8, 2);
        writer.EndNode();
        writer.EndNode();
        writer.BeginNode("vms"u8);
        writer.BeginNode("linux"u8);
        if (kernel != null)
        {
            writer.PropertyString("kernel"u8, Encoding.ASCII.GetBytes(kernel));
        }

        if (ramdisk != null)
        {
            writer.PropertyString("ramdisk"u8, Encoding.ASCII.GetBytes(ramdisk));
        }

        writer.PropertyString("bootargs"u8, "quiet"u8);
        writer.PropertyNumber("memory"u8, memory);
        writer.PropertyCell("vcpus"u8, vcpus);
        writer.PropertyCell("gic"u8, 3);
        writer.EndNode();
        writer.EndNode();
        writer.EndNode();
        Assert.True(writer.TryFinish(out int size));
        Assert.True(size < 0x1000);
        byte[] bundle = new byte[0x1002];
        blob.AsSpan(0, size).CopyTo(bundle);
        bundle[0x1000] = 5;
        bundle[0x1001] = 6;
        return bundle;
    }
}
