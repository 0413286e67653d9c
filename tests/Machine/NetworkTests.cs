using System;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Debian's network driver on ours: two machines and the world outside.</summary>
public sealed class NetworkTests
{
    private const string Load = """
        cd /lib/modules/$(uname -r); for m in failover net_failover virtio_net; do insmod $m.ko; done; cd /
        ip link set lo up; ip link set eth0 up
        """;

    // 1.3 MB of numbers: all packets differ.
    private const string Numbers = "seq 1 200000";

    [Theory(Skip = "the image has no room for networks yet")]
    [InlineData(3, 2, 1, "")]
    [InlineData(2, 1, 2, "\"packed\"")]
    [InlineData(3, 2, 1, "\"mergeable\", \"event-index\"")]
    [InlineData(3, 1, 1, "\"guest-csum\"")]
    [InlineData(3, 2, 1, "\"csum\", \"indirect\", \"control\", \"guest-tso4\", \"mac\", \"status\", \"mtu\"")]
    public async Task Two_Linux_machines_talk_whatever_one_of_them_can(int gicVersion, int cpus, int queues, string without)
    {
        GuestSettings server = await TestMachine.LinuxAsync($"""
            {Load}
            ip addr add 10.0.0.1/24 dev eth0
            {Numbers} | md5sum >/tmp/right
            nc -l -p 5000 | md5sum | diff - /tmp/right && echo came right
            {Numbers} | nc -l -p 5001
            nc -l -p 5002 | diff - /tmp/right && echo went right
            ping -c 3 10.0.0.2; cat /sys/class/net/eth0/mtu; echo the end
            """);
        string serverDisk = Move(server, ".server.cpio.gz");
        GuestSettings client = await TestMachine.LinuxAsync($"""
            {Load}
            ip addr add 10.0.0.2/24 dev eth0
            until ping -c 1 -w 1 10.0.0.1 >/dev/null; do true; done
            until {Numbers} | nc 10.0.0.1 5000; do sleep 1; done
            mkfifo /tmp/silence; sleep 1000 >/tmp/silence &
            until nc 10.0.0.1 5001 </tmp/silence >/tmp/got; do sleep 1; done
            until md5sum </tmp/got | nc 10.0.0.1 5002; do sleep 1; done
            """);
        byte[] bundle = await TestMachine.BundleAsync($"""
            [[vm]]
            name = "server"
            kernel = "{server.Kernel}"
            ramdisk = "{serverDisk}"
            memory = "160M"
            vcpus = {queues}
            cmdline = "console=ttyAMA0"
            [[vm.network]]
            network = "lan"
            queues = {queues}

            [[vm]]
            name = "client"
            kernel = "{client.Kernel}"
            ramdisk = "{client.Ramdisk}"
            memory = "160M"
            cmdline = "console=ttyAMA0"
            [[vm.network]]
            network = "lan"
            spoofing = "allow"
            without = [{without}]
            """);
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { GicVersion = gicVersion, Cpus = cpus }, bundle);
        await TestMachine.ExpectAsync(machine, "\nthe end\n", Patience.LinuxBoot);
        Assert.Contains("\ncame right\n", machine.Output, StringComparison.Ordinal);
        Assert.Contains("\nwent right\n", machine.Output, StringComparison.Ordinal);
        Assert.Contains("3 packets received", machine.Output, StringComparison.Ordinal);
        Assert.Contains("\n1500\n", machine.Output, StringComparison.Ordinal);
    }

    private static string Move(GuestSettings guest, string suffix)
    {
        string path = TestMachine.LogPath(suffix);
        System.IO.File.Move(guest.Ramdisk!, path, overwrite: true);
        return path;
    }
}
