using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Fetching;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>The same image on QEMU's Raspberry Pi 3: no GIC, no firmware but a spin table.</summary>
public sealed class RaspberryPiTests : IDisposable
{
    private const string Ready = "Type and it is echoed";

    private readonly string _folder = Directory.CreateTempSubdirectory("sharpvisor-pi").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Linux_runs_on_four_VCpus_and_its_power_off_ends_the_machine()
    {
        GuestSettings linux = await TestMachine.LinuxAsync("uname -a; cat /proc/cpuinfo; poweroff");
        await using EmulatedMachine machine = TestMachine.Start(await BoardAsync(), linux with { VCpus = 4 });
        int? exitCode = await machine.WaitForExitAsync(Patience.LinuxBoot + Patience.LinuxCommand);
        Assert.Empty(SmokeCommand.Check(machine.Output, exitCode, machine.LastLine, 4));
        Assert.Contains("sharpvisor: EL2 on 4 CPUs (MIDR 0x410fd034), no GIC", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("KASLR disabled due to lack of seed", machine.Output, StringComparison.Ordinal); // it comes from the board's generator
    }

    [Fact]
    public async Task Two_Linux_machines_run_at_once_and_share_the_CPUs()
    {
        GuestSettings linux = await TestMachine.LinuxAsync("nproc; sleep 2; poweroff");
        string definitions = "";
        foreach (string name in (string[])["left", "right"])
        {
            definitions += string.Create(CultureInfo.InvariantCulture, $"""
                [[vm]]
                name = "{name}"
                kernel = '{linux.Kernel}'
                ramdisk = '{linux.Ramdisk}'
                cmdline = "console=ttyAMA0 quiet"
                vcpus = 4
                memory = "256M"

                """);
        }

        string source = Path.Combine(_folder, "vms.toml");
        string bundle = Path.Combine(_folder, "vms.itb");
        File.WriteAllText(source, definitions);
        Assert.Equal(0, await BundleCommand.ExecuteAsync(Settings.Parse([$"VMS={source}", $"OUT={bundle}"], _ => null)));
        await using EmulatedMachine machine = TestMachine.Start(await BoardAsync(), File.ReadAllBytes(bundle));
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxBoot * 2);
        Assert.Contains("sharpvisor: left: powered off", machine.Output, StringComparison.Ordinal);
        Assert.Contains("sharpvisor: right: powered off", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("crashed", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_console_is_at_the_UART_that_firmware_connected_to_the_header()
    {
        // What firmware does, in place of it: x1 = GPIO; GPFSEL1 = pins 14 and 15 to their function 5; on to the image.
        string stub = TestMachine.LogPath(".bin");
        File.WriteAllBytes(stub, Convert.FromHexString("01e4a7d2020084522200a072220400b90104a0d220001fd6"));
        List<string> command = QemuCommand.Create(await BoardAsync(), stub, null);
        command.AddRange(["-device", $"loader,file={Repository.Image},addr=0x200000,force-raw=on"]);
        command.InsertRange(1, ["-display", "none", "-monitor", "none", "-serial", "null", "-serial", "stdio"]);
        await using EmulatedMachine machine = EmulatedMachine.Start(command, TestMachine.LogPath(".log"), stub);
        int place = await TestMachine.ExpectAsync(machine, Ready, Patience.SmallGuest);
        await machine.TypeAsync("abc");
        await TestMachine.ExpectAsync(machine, "abc", Patience.SmallGuest, place);
        await machine.TypeAsync("q");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    [Fact]
    public async Task The_display_shows_the_VMs_and_the_log()
    {
        string monitor = Path.Combine(_folder, "monitor");
        string picture = Path.Combine(_folder, "screen.ppm");
        List<string> command = QemuCommand.Create(await BoardAsync(), Repository.Image, null);
        command.AddRange(["-monitor", $"unix:{monitor},server=on,wait=off"]);
        await using EmulatedMachine machine = TestMachine.Start(command);
        await TestMachine.ExpectAsync(machine, Ready, Patience.SmallGuest);
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(monitor));
        await socket.SendAsync(Encoding.ASCII.GetBytes($"screendump {picture}\n"));
        byte[] pixels = [];
        for (int i = 0; i < 100 && pixels.Length < 640 * 480 * 3; i++)
        {
            await Task.Delay(100);
            pixels = File.Exists(picture) ? await File.ReadAllBytesAsync(picture) : [];
        }

        Assert.StartsWith("P6\n640 480\n255\n", Encoding.Latin1.GetString(pixels, 0, Math.Min(pixels.Length, 20)), StringComparison.Ordinal);
        Assert.InRange(CountInk(pixels, 0, 32), 200, 2000); // the title, and hello running
        Assert.InRange(CountInk(pixels, 9 * 16, 10 * 16), 500, 3000); // EL2 on 4 CPUs ...
        Assert.Equal(0, CountInk(pixels, 20 * 16, 480));
    }

    private static int CountInk(byte[] picture, int fromLine, int toLine)
    {
        const int Header = 15;
        int count = 0;
        for (int i = Header + (fromLine * 640 * 3); i < Header + (toLine * 640 * 3); i += 3)
        {
            count += picture[i] == 0xc8 ? 1 : 0;
        }

        return count;
    }

    [Fact]
    public async Task Without_a_device_tree_the_machine_says_so()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Board = Boards.RaspberryPi3 }, (byte[]?)null);
        await TestMachine.ExpectAsync(machine, "sharpvisor: cannot start: not a device tree", Patience.SmallGuest);
        await TestMachine.ExpectAsync(machine, "sharpvisor: machine stopped, exit code 2", Patience.SmallGuest);
    }

    [Fact]
    public async Task A_guest_that_wants_a_GICv3_is_refused()
    {
        GuestSettings guest = TestMachine.OwnGuest("hello") with { GicVersion = 3 };
        await using EmulatedMachine machine = TestMachine.Start(await BoardAsync(), guest);
        await TestMachine.ExpectEndAsync(machine, 1, Patience.SmallGuest);
        Assert.Contains("a GICv3 guest needs a GICv3 machine", machine.Output, StringComparison.Ordinal);
    }

    private static async Task<MachineSettings> BoardAsync()
    {
        try
        {
            return new MachineSettings
            {
                Board = Boards.RaspberryPi3,
                DeviceTree = await new GuestArtefacts(_ => { }).RaspberryPi3TreeAsync(),
            };
        }
        catch (FetchException exception)
        {
            Assert.Skip("no device tree: " + exception.Message);
            throw;
        }
    }
}
