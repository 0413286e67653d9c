using System;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>What cannot be booted is refused in one line that says why, and the machine stops by itself.</summary>
public sealed class BadInputTests
{
    private static readonly GuestSettings s_hello = TestMachine.OwnGuest("hello");

    private static byte[] Hello => File.ReadAllBytes(Repository.GuestImage("hello"));

    [Fact]
    public Task A_bundle_without_a_guest_image_is_refused() =>
        ExpectRefusalAsync(BundleBuilder.Create("guest", s_hello, [], null), "guest: cannot start: no guest image");

    [Fact]
    public async Task A_truncated_Image_is_refused()
    {
        GuestSettings linux = await TestMachine.LinuxAsync();
        byte[] truncated = File.ReadAllBytes(linux.Kernel)[..(1 << 20)];
        await ExpectRefusalAsync(BundleBuilder.Create("guest", linux, truncated, null), "guest: cannot start: truncated Image");
    }

    [Fact]
    public Task An_initramfs_larger_than_memory_is_refused() =>
        ExpectRefusalAsync(BundleBuilder.Create("guest", s_hello, Hello, new byte[64 << 20]), "guest: cannot start: initial ramdisk does not fit");

    [Fact]
    public Task A_kernel_larger_than_memory_is_refused() =>
        ExpectRefusalAsync(BundleBuilder.Create("guest", s_hello with { Memory = 1L << 20 }, new byte[4 << 20], null), "guest: cannot start: kernel larger");

    [Fact]
    public Task An_object_file_is_refused() =>
        ExpectRefusalAsync(
            BundleBuilder.Create("guest", s_hello, File.ReadAllBytes(Repository.GuestElf("hello")), null),
            "guest: cannot start: ELF segment outside");

    [Fact]
    public Task A_damaged_gzip_file_is_refused()
    {
        byte[] garbage = new byte[5000];
        new Random(1).NextBytes(garbage);
        garbage[0] = 0x1f;
        garbage[1] = 0x8b;
        garbage[2] = 8;
        garbage[3] = 0;
        return ExpectRefusalAsync(BundleBuilder.Create("guest", s_hello, garbage, null), "guest: cannot start: damaged gzip");
    }

    [Fact]
    public Task More_memory_than_the_machine_has_is_refused() =>
        ExpectRefusalAsync(BundleBuilder.Create("guest", s_hello with { Memory = 8L << 30 }, Hello, null), "guest: cannot start: needs 8 GiB of memory");

    [Fact]
    public Task No_VCpus_are_refused() =>
        ExpectRefusalAsync(BundleBuilder.Create("guest", s_hello with { VCpus = 0 }, Hello, null), "guest: cannot start: it must have memory");

    [Fact]
    public Task An_unknown_interrupt_controller_is_refused() =>
        ExpectRefusalAsync(BundleBuilder.Create("guest", s_hello with { GicVersion = 7 }, Hello, null), "guest: cannot start: its gic must be 2 or 3");

    [Theory]
    [InlineData(64)]
    [InlineData(70_000)]
    public Task Garbage_in_place_of_a_bundle_is_refused(int length)
    {
        byte[] garbage = new byte[length];
        new Random(length).NextBytes(garbage);
        return ExpectRefusalAsync(garbage, "cannot read the boot bundle: not a boot bundle");
    }

    [Fact]
    public Task A_bundle_cut_off_behind_its_tree_is_refused() =>
        ExpectRefusalAsync(BundleBuilder.Create("guest", s_hello, Hello, null)[..4096], "cannot read the boot bundle: image kernel: its data lies outside the bundle");

    [Fact]
    public async Task Bundles_with_random_damage_never_take_the_hypervisor_down()
    {
        // A tree that is damaged a little gets further than garbage does. One boot per damage is slow: a few suffice
        // here, for the parsers are fuzzed on the host.
        for (int seed = 0; seed < 8; seed++)
        {
            byte[] bundle = BundleBuilder.Create("guest", s_hello, Hello, null);
            Random random = new(seed);
            for (int i = 0; i < 4; i++)
            {
                bundle[random.Next(400)] = (byte)random.Next(256);
            }

            await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), bundle);
            if (await machine.WaitForAsync("Type and it is echoed", 0, TimeSpan.FromSeconds(5)) >= 0)
            {
                await machine.TypeAsync("q");
            }

            Assert.NotNull(await machine.WaitForExitAsync(Patience.SmallGuest));
            Assert.True(ClosingLine.TryParse(machine.LastLine, out int exitCode), machine.LastLine);
            Assert.InRange(exitCode, 0, 1);
        }
    }

    private static async Task ExpectRefusalAsync(byte[] bundle, string reason)
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), bundle);
        await TestMachine.ExpectEndAsync(machine, 1, Patience.SmallGuest);
        Assert.Contains("sharpvisor: " + reason, machine.Output, StringComparison.Ordinal);
    }
}
