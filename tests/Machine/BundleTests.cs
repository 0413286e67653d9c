using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Bundles that <c>make bundle</c> makes of definitions: booted, and refused where a byte of them has changed.</summary>
public sealed class BundleTests : IDisposable
{
    private const string Ready = "Type and it is echoed";
    private const string InImage = "Hello from"; // the guest's greeting
    private const string InTree = "boot bundle"; // the description

    private readonly string _folder = Directory.CreateTempSubdirectory("sharpvisor-bundles").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("cortex-a53")]
    [InlineData("cortex-a72")]
    [InlineData("max")]
    public async Task Two_machines_boot_from_one_bundle(string cpu)
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpu = cpu, Cpus = 2 }, await MakeAsync("left", "right"));

        int place = await TestMachine.ExpectAsync(machine, "[attached to left", Patience.SmallGuest);
        place = await TestMachine.ExpectAsync(machine, Ready, Patience.SmallGuest, place);
        await machine.TypeAsync("q");
        place = await TestMachine.ExpectAsync(machine, "sharpvisor: left: powered off", Patience.SmallGuest, place);
        place = await TestMachine.ExpectAsync(machine, "hv> ", Patience.SmallGuest, place);
        await machine.TypeAsync("attach right\r");
        await TestMachine.ExpectAsync(machine, Ready, Patience.SmallGuest, place);
        await machine.TypeAsync("q");
        await TestMachine.ExpectAsync(machine, "sharpvisor: right: powered off", Patience.SmallGuest, place);
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    [Theory]
    [InlineData(InImage, "image hello.img: its data does not match its hash")]
    [InlineData(InTree, "the boot bundle's tree does not match its hash")]
    public async Task A_changed_byte_is_found_before_anything_starts(string place, string reason)
    {
        byte[] bundle = await MakeAsync("left", "right");
        bundle[bundle.AsSpan().IndexOf(Encoding.ASCII.GetBytes(place))] ^= 0x10;
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), bundle);
        await TestMachine.ExpectEndAsync(machine, 1, Patience.SmallGuest);
        Assert.Contains("sharpvisor: cannot read the boot bundle: " + reason, machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Ready, machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_VCpus_than_there_is_room_for_are_refused()
    {
        string[] names = [.. Enumerable.Range(0, 33).Select(i => string.Create(CultureInfo.InvariantCulture, $"vm{i}"))];
        byte[] bundle = await MakeAsync("vcpus = 8\n", names);
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Memory = 4L << 30 }, bundle);
        await TestMachine.ExpectAsync(machine, "sharpvisor: vm32: cannot start: more than 256 VCpus in all", Patience.SmallGuest);
        await TestMachine.ExpectAsync(machine, "[attached to vm0", Patience.SmallGuest);
        Assert.DoesNotContain("vm31: cannot start", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_definitions_are_all_told_and_nothing_is_written()
    {
        await MakeAsync("left");
        byte[] before = File.ReadAllBytes(In("vms.itb"));
        File.AppendAllText(In("vms.toml"), "weigth = 2\nvcpus = 0\n");
        BuildException exception = await Assert.ThrowsAsync<BuildException>(ExecuteAsync);
        Assert.Equal(2, exception.ExitCode);
        string[] lines = exception.Message.Split(Environment.NewLine);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith(In("vms.toml") + ":5:1: ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith(In("vms.toml") + ":6:9: ", lines[1], StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(In("vms.itb")));
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public async Task What_describes_a_guest_cannot_stand_beside_a_bundle()
    {
        await MakeAsync("left");
        Settings alone = Settings.Parse(["BUNDLE=" + In("vms.itb")], _ => null);
        Assert.Equal(In("vms.itb"), await GuestChoice.ResolveBundleAsync(alone, "test"));
        Settings both = Settings.Parse(["BUNDLE=" + In("vms.itb"), "VCPUS=2"], _ => null);
        BuildException exception = await Assert.ThrowsAsync<BuildException>(() => GuestChoice.ResolveBundleAsync(both, "test"));
        Assert.Equal(2, exception.ExitCode);
        Assert.StartsWith("VCPUS cannot stand beside BUNDLE", exception.Message, StringComparison.Ordinal);
    }

    private string In(string name) => Path.Combine(_folder, name);

    private Task<byte[]> MakeAsync(params string[] names) => MakeAsync("", names);

    private async Task<byte[]> MakeAsync(string more, string[] names)
    {
        string kernel = Repository.GuestImage("hello").Replace('\\', '/');
        string text = "";
        foreach (string name in names)
        {
            text += string.Create(CultureInfo.InvariantCulture, $"[[vm]]\nname = \"{name}\"\nkernel = \"{kernel}\"\nmemory = \"64M\"\n{more}");
        }

        File.WriteAllText(In("vms.toml"), text);
        Assert.Equal(0, await ExecuteAsync());
        return File.ReadAllBytes(In("vms.itb"));
    }

    private Task<int> ExecuteAsync() => BundleCommand.ExecuteAsync(Settings.Parse(["VMS=" + In("vms.toml")], _ => null));
}
