using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SharpVisor.Formats;
using SharpVisor.Machine.Loading;
using Xunit;

namespace SharpVisor.Tests.Unit.Machine;

public sealed class GuestDeviceTreeTests
{
    private readonly byte[] _blob = new byte[GuestLoader.DeviceTreeRoom];

    [Fact]
    public void With_a_GICv3_it_names_what_is_there_and_nothing_else()
    {
        Assert.Equal(
            [
                "aliases", "chosen", "memory@40000000", "cpus", "psci", "timer", "flash@0", "intc@8000000", "apb-pclk", "pl011@9000000", "pl031@9010000",
                "pl061@9030000", "gpio-keys",
            ],
            Children(Write(Describe(3, 2)), "/"));
    }

    [Fact]
    public void Root_says_what_QEMU_says()
    {
        FdtReader tree = Write(Describe(3, 1));
        Assert.Equal("linux,dummy-virt", Text(tree, "/", "compatible"));
        Assert.Equal([2u], Cells(tree, "/", "#address-cells"));
        Assert.Equal([2u], Cells(tree, "/", "#size-cells"));
        Assert.Equal(Cells(tree, "/intc", "phandle"), Cells(tree, "/", "interrupt-parent"));
    }

    [Fact]
    public void Devices_stand_where_QEMU_has_them()
    {
        FdtReader tree = Write(Describe(3, 3));
        Assert.Equal((0x0900_0000ul, 0x1000ul), Region(tree, "/pl011", 0));
        Assert.Equal([0u, 1u, 4u], Cells(tree, "/pl011", "interrupts"));
        Assert.Equal("arm,pl011\0arm,primecell", Text(tree, "/pl011", "compatible"));
        Assert.Equal((0x0901_0000ul, 0x1000ul), Region(tree, "/pl031", 0));
        Assert.Equal([0u, 2u, 4u], Cells(tree, "/pl031", "interrupts"));
        Assert.Equal((0x0800_0000ul, 0x1_0000ul), Region(tree, "/intc", 0));
        Assert.Equal((0x080a_0000ul, 3 * 0x2_0000ul), Region(tree, "/intc", 1));
        Assert.Equal("arm,gic-v3", Text(tree, "/intc", "compatible"));
        Assert.Equal((0x4000_0000ul, 5ul << 30), Region(tree, "/memory", 0));
        Assert.Equal((0ul, 64ul << 20), Region(tree, "/flash", 0));
        Assert.Equal((64ul << 20, 64ul << 20), Region(tree, "/flash", 1));
        Assert.Equal("cfi-flash", Text(tree, "/flash", "compatible"));
        Assert.Equal([4u], Cells(tree, "/flash", "bank-width"));
    }

    [Fact]
    public void The_power_key_is_wired_to_a_pin_of_the_PL061()
    {
        FdtReader tree = Write(Describe(3, 1));
        Assert.Equal((0x0903_0000ul, 0x1000ul), Region(tree, "/pl061", 0));
        Assert.Equal([0u, 7u, 4u], Cells(tree, "/pl061", "interrupts"));
        Assert.Equal("arm,pl061\0arm,primecell", Text(tree, "/pl061", "compatible"));
        Assert.Equal("gpio-keys", Text(tree, "/gpio-keys", "compatible"));
        Assert.Equal([116u], Cells(tree, "/gpio-keys/poweroff", "linux,code"));
        Assert.Equal([Cells(tree, "/pl061", "phandle")[0], 3u, 0u], Cells(tree, "/gpio-keys/poweroff", "gpios"));
    }

    [Fact]
    public void A_GICv2_has_a_CPU_interface_and_masks_of_CPUs()
    {
        FdtReader tree = Write(Describe(2, 3));
        Assert.Equal("arm,cortex-a15-gic", Text(tree, "/intc", "compatible"));
        Assert.Equal((0x0801_0000ul, 0x1_0000ul), Region(tree, "/intc", 1));
        Assert.Equal([1u, 13u, 0x704u, 1u, 14u, 0x704u, 1u, 11u, 0x704u, 1u, 10u, 0x704u], Cells(tree, "/timer", "interrupts"));
    }

    [Fact]
    public void Timer_interrupts_are_level_high()
    {
        FdtReader tree = Write(Describe(3, 2));
        Assert.Equal([1u, 13u, 4u, 1u, 14u, 4u, 1u, 11u, 4u, 1u, 10u, 4u], Cells(tree, "/timer", "interrupts"));
        Assert.Equal("arm,armv8-timer\0arm,armv7-timer", Text(tree, "/timer", "compatible"));
    }

    [Fact]
    public void Clocks_and_console_refer_to_nodes_that_are_there()
    {
        FdtReader tree = Write(Describe(3, 1));
        uint clock = Cells(tree, "/apb-pclk", "phandle")[0];
        Assert.Equal([clock, clock], Cells(tree, "/pl011", "clocks"));
        Assert.Equal([clock], Cells(tree, "/pl031", "clocks"));
        Assert.Equal([24_000_000u], Cells(tree, "/apb-pclk", "clock-frequency"));
        foreach ((string node, string property) in ((string, string)[])[("/chosen", "stdout-path"), ("/aliases", "serial0")])
        {
            Assert.True(tree.TryFindPath(Encoding.ASCII.GetBytes(Text(tree, node, property)), out FdtNode target));
            Assert.True(tree.IsCompatible(target, "arm,pl011"u8));
        }
    }

    [Theory]
    [InlineData(0x410f_d034ul, "arm,cortex-a53")]
    [InlineData(0x411f_d070ul, "arm,cortex-a57")]
    [InlineData(0x410f_d083ul, "arm,cortex-a72")]
    [InlineData(0x414f_d0b1ul, "arm,cortex-a76")]
    [InlineData(0x414f_d0c1ul, "arm,neoverse-n1")]
    [InlineData(0x000f_0510ul, "arm,armv8")] // QEMU's max
    [InlineData(0x510f_d034ul, "arm,armv8")] // another implementer's part of the same number
    public void Cores_are_named_by_their_MIDR(ulong midr, string name)
    {
        GuestDescription description = Describe(3, 1);
        description.ProcessorId = midr;
        Assert.Equal(name, Text(Write(description), "/cpus/cpu", "compatible"));
    }

    [Fact]
    public void Processors_are_started_by_PSCI_and_known_by_their_affinity()
    {
        GuestDescription description = Describe(3, 0);
        description.Affinities = [0, 1, 0x100, 0x1_0203];
        FdtReader tree = Write(description);
        Assert.Equal(["cpu@0", "cpu@1", "cpu@100", "cpu@10203"], Children(tree, "/cpus"));
        Assert.Equal([0x1_0203u], Cells(tree, "/cpus/cpu@10203", "reg"));
        Assert.Equal("psci", Text(tree, "/cpus/cpu@1", "enable-method"));
        Assert.Equal("cpu", Text(tree, "/cpus/cpu@1", "device_type"));
        Assert.Equal("hvc", Text(tree, "/psci", "method"));
        Assert.Equal("arm,psci-1.0\0arm,psci-0.2\0arm,psci", Text(tree, "/psci", "compatible"));
    }

    [Fact]
    public void An_affinity_with_its_highest_field_takes_two_cells()
    {
        GuestDescription description = Describe(3, 0);
        description.Affinities = [0, 0x1_0000_0000];
        FdtReader tree = Write(description);
        Assert.Equal([2u], Cells(tree, "/cpus", "#address-cells"));
        Assert.Equal([1u, 0u], Cells(tree, "/cpus/cpu@100000000", "reg"));
    }

    [Fact]
    public void Chosen_holds_what_is_given_and_only_that()
    {
        FdtReader plain = Write(Describe(3, 1));
        Assert.True(plain.TryFindPath("/chosen"u8, out FdtNode chosen));
        foreach (string absent in (string[])["bootargs", "linux,initrd-start", "linux,initrd-end", "kaslr-seed", "rng-seed"])
        {
            Assert.False(plain.TryGetProperty(chosen, Encoding.ASCII.GetBytes(absent), out _));
        }

        GuestDescription description = Describe(3, 1);
        description.CommandLine = "console=ttyAMA0 quiet"u8;
        description.RamdiskStart = 0x4800_0000;
        description.RamdiskEnd = 0x4800_1234;
        description.LayoutSeed = 0x1234_5678_9abc_def0;
        description.RandomSeed = new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 };
        FdtReader tree = Write(description);
        Assert.Equal("console=ttyAMA0 quiet", Text(tree, "/chosen", "bootargs"));
        Assert.Equal([0u, 0x4800_0000u], Cells(tree, "/chosen", "linux,initrd-start"));
        Assert.Equal([0u, 0x4800_1234u], Cells(tree, "/chosen", "linux,initrd-end"));
        Assert.Equal([0x1234_5678u, 0x9abc_def0u], Cells(tree, "/chosen", "kaslr-seed"));
        Assert.Equal([0x0102_0304u, 0x0506_0708u], Cells(tree, "/chosen", "rng-seed"));
    }

    [Fact]
    public void Only_virtio_slots_with_a_device_are_named()
    {
        GuestDescription description = Describe(3, 1);
        description.VirtioSlots = 0x8000_0002;
        FdtReader tree = Write(description);
        Assert.Equal(["virtio_mmio@a000200", "virtio_mmio@a003e00"], Children(tree, "/").Where(name => name.StartsWith("virtio", StringComparison.Ordinal)));
        Assert.Equal((0x0a00_3e00ul, 0x200ul), Region(tree, "/virtio_mmio@a003e00", 0));
        Assert.Equal([0u, 47u, 1u], Cells(tree, "/virtio_mmio@a003e00", "interrupts"));
    }

    [Fact]
    public void The_largest_machine_fits_in_the_room_that_the_loader_keeps()
    {
        GuestDescription description = Describe(3, 123);
        description.VirtioSlots = uint.MaxValue;
        description.CommandLine = Enumerable.Repeat((byte)'x', 2048).ToArray();
        Assert.True(GuestDeviceTree.TryWrite(_blob, description, out _));
    }

    [Fact]
    public void Too_small_a_place_is_refused()
    {
        GuestDescription description = Describe(3, 2);
        Assert.True(GuestDeviceTree.TryWrite(_blob, description, out int size));
        for (int length = 0; length < size; length += 7)
        {
            Assert.False(GuestDeviceTree.TryWrite(_blob.AsSpan(0, length), description, out _));
        }
    }

    private static GuestDescription Describe(int gicVersion, int vcpus) => new()
    {
        Affinities = Enumerable.Range(0, vcpus).Select(i => (ulong)i).ToArray(),
        ProcessorId = 0x410f_d034,
        GicVersion = gicVersion,
        RamStart = GuestMemoryMap.Ram,
        RamSize = 5ul << 30,
    };

    private static List<string> Children(FdtReader tree, string path)
    {
        var names = new List<string>();
        Assert.True(tree.TryFindPath(Encoding.ASCII.GetBytes(path), out FdtNode node));
        bool more = tree.TryFirstChild(node, out FdtNode child);
        while (more)
        {
            names.Add(Encoding.ASCII.GetString(tree.Name(child)));
            more = tree.TryNextSibling(child, out child);
        }

        return names;
    }

    private static byte[] Value(FdtReader tree, string path, string property)
    {
        Assert.True(tree.TryFindPath(Encoding.ASCII.GetBytes(path), out FdtNode node));
        Assert.True(tree.TryGetProperty(node, Encoding.ASCII.GetBytes(property), out ReadOnlySpan<byte> value));
        return value.ToArray();
    }

    private static string Text(FdtReader tree, string path, string property)
    {
        byte[] value = Value(tree, path, property);
        Assert.Equal(0, value[^1]);
        return Encoding.ASCII.GetString(value[..^1]);
    }

    private static uint[] Cells(FdtReader tree, string path, string property) =>
        [.. Value(tree, path, property).Chunk(4).Select(chunk => BinaryPrimitives.ReadUInt32BigEndian(chunk))];

    private static (ulong Address, ulong Size) Region(FdtReader tree, string path, int index)
    {
        Assert.True(tree.TryFindPath(Encoding.ASCII.GetBytes(path), out FdtNode node));
        Assert.True(tree.TryGetRegister(node, index, out ulong address, out ulong size));
        return (address, size);
    }

    private FdtReader Write(GuestDescription description)
    {
        Assert.True(GuestDeviceTree.TryWrite(_blob, description, out int size));
        Assert.Equal(FdtError.None, FdtReader.TryCreate(_blob.AsSpan(0, size), out FdtReader tree));
        return tree;
    }
}
