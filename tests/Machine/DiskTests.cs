using System;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Disks as Debian's driver sees them: images of the bundle, and memory in front of them.</summary>
public sealed class DiskTests
{
    private const int FileSize = 3_000_000;

    /// <summary>Each feature is left out in one of these, alone or with others, in both formats of the rings.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("\"packed\"")]
    [InlineData("\"event-index\"")]
    [InlineData("\"packed\", \"event-index\"")]
    [InlineData("\"indirect\"")]
    [InlineData("\"packed\", \"indirect\", \"event-index\"")]
    [InlineData("\"flush\", \"writeback\"")]
    [InlineData("\"writeback\", \"packed\"")]
    [InlineData("\"seg-max\", \"size-max\"")]
    [InlineData("\"discard\", \"write-zeroes\", \"topology\", \"block-size\"")]
    [InlineData("\"queues\", \"ring-reset\"")]
    public async Task Linux_reads_writes_flushes_and_discards_a_file_system_whatever_is_left_out(string without)
    {
        string folder = Path.ChangeExtension(TestMachine.LogPath(".disk"), null);
        Directory.CreateDirectory(folder);
        string image = Path.Combine(folder, "ext4.img");
        string hash = Ext4Image.Make(folder, image, "16M", FileSize);
        HostProgram.Run("gzip", "-f", "-1", image);
        string commands = """
            cd /sys/block/vda
            echo "disk $(cat size) $(cat serial) $(ls mq | wc -l) $(cat queue/discard_max_bytes)"
            mkdir /mnt
            mount -t ext4 -o discard /dev/vda /mnt && echo mounted-0
            md5sum /mnt/random
            cp /mnt/random /mnt/copy && dd if=/dev/zero of=/mnt/zeros bs=64k count=64 conv=fsync 2>/dev/null && sync
            rm /mnt/zeros
            sync
            umount /mnt && mount -t ext4 /dev/vda /mnt && echo again-0
            echo 3 >/proc/sys/vm/drop_caches
            md5sum /mnt/copy
            umount /mnt
            dd if=/dev/vda of=/dev/null bs=1M 2>/dev/null && echo whole-0
            dmesg | grep -iE "I/O error|EXT4-fs error|vda: .*error"
            poweroff -f
            """;
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await TestMachine.LinuxBundleAsync(commands, $$"""
            [[vm.disk]]
            image = "{{folder}}/ext4.img.gz"
            serial = "root-1"
            queues = 2
            without = [{{without}}]
            """));
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxBoot);
        string output = machine.Output.Replace("\r", "", StringComparison.Ordinal);
        bool hasQueues = !without.Contains("queues", StringComparison.Ordinal);
        bool hasDiscard = !without.Contains("\"discard\"", StringComparison.Ordinal);
        Assert.Contains($"\ndisk 32768 root-1 {(hasQueues ? 2 : 1)} {(hasDiscard ? "4194304" : "0")}\n", output, StringComparison.Ordinal);
        Assert.Contains("\nmounted-0\n", output, StringComparison.Ordinal);
        Assert.Contains($"\n{hash}  /mnt/random\n", output, StringComparison.Ordinal);
        Assert.Contains("\nagain-0\n", output, StringComparison.Ordinal);
        Assert.Contains($"\n{hash}  /mnt/copy\n", output, StringComparison.Ordinal);
        Assert.Contains("\nwhole-0\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("error", output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_disk_may_be_read_only_and_an_overlay_that_is_full_is_an_error_and_forgets_when_it_is_told_to()
    {
        string folder = Path.ChangeExtension(TestMachine.LogPath(".disk"), null);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(folder + "/raw.img", new byte[1 << 20]);
        const string Commands = """
            cat /sys/block/vda/ro /sys/block/vdb/ro
            dd if=/dev/zero of=/dev/vda bs=4k count=1 2>/dev/null || echo refused-0
            hexdump -n 4 /dev/vdb
            printf abcd | dd of=/dev/vdb conv=fsync 2>/dev/null && echo written-0
            dd if=/dev/urandom of=/dev/vdb bs=4k count=64 conv=fsync 2>/dev/null || echo full-0
            printf efgh | dd of=/dev/vdc conv=fsync 2>/dev/null && echo kept-0
            if [ "$(hexdump -n 4 -e '4/1 "%c"' /dev/vdd)" = ijkl ]; then poweroff -f; fi
            printf ijkl | dd of=/dev/vdd conv=fsync 2>/dev/null
            reboot -f
            """;
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await TestMachine.LinuxBundleAsync(Commands, $$"""
            [[vm.disk]]
            image = "{{folder}}/raw.img"
            read-only = true

            [[vm.disk]]
            image = "{{folder}}/raw.img"
            overlay = "64K"
            overlay-on-reset = "drop"

            [[vm.disk]]
            image = "{{folder}}/raw.img"

            [[vm.disk]]
            image = "{{folder}}/raw.img"
            overlay = "1M"
            overlay-on-reset = "keep"
            """));
        await TestMachine.ExpectEndAsync(machine, 0, 2 * Patience.LinuxBoot);
        string output = machine.Output.Replace("\r", "", StringComparison.Ordinal);
        foreach (string line in new[] { "1\n0\nrefused-0\n0000000 0000 0000", "written-0\n", "full-0\n", "kept-0\n" })
        {
            Assert.Equal(3, output.Split("\n" + line).Length); // before and after the reset
        }
    }

    [Fact]
    public async Task Vm_info_shows_a_disk_and_what_was_read_and_written()
    {
        string folder = Path.ChangeExtension(TestMachine.LogPath(".disk"), null);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(folder + "/raw.img", new byte[1 << 20]);
        const string Commands = "dd if=/dev/zero of=/dev/vda bs=4k count=16 conv=fsync 2>/dev/null; echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/vda of=/dev/null bs=64k 2>/dev/null; echo done-0";
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await TestMachine.LinuxBundleAsync(Commands, $$"""
            [[vm.disk]]
            image = "{{folder}}/raw.img"
            serial = "scratch"
            """));
        await TestMachine.ExpectAsync(machine, "done-0", Patience.LinuxBoot);
        HypervisorPrompt prompt = new(machine, Patience.LinuxCommand);
        await prompt.LeaveAsync();
        await prompt.AskAsync("vm info guest", "  disk     0: 1 MiB, scratch, 1.0 MiB read, 64 KiB written");
        await prompt.AskAsync("vm info guest", "  overlay  0: 64 KiB of 1 MiB");
        await prompt.AskAsync("vm stop guest", "guest: stopped");
        await prompt.AskAsync("vm destroy guest", "guest: destroyed");
    }
}
