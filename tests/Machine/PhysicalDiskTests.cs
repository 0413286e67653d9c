using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Security.Cryptography;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using SharpVisor.Build.Setup;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Disks of the machine, driven by our driver, as disks of VMs.</summary>
public sealed class PhysicalDiskTests
{
    private const int FileSize = 3_000_000;
    private const int Cuts = 6;
    private const int RecordSize = 4096;

    [Theory]
    [InlineData("", "virtio-blk-device,drive=disk,serial=real", 3)]
    [InlineData("-global virtio-mmio.force-legacy=false", "virtio-blk-device,drive=disk,serial=real,logical_block_size=4096,physical_block_size=4096", 3)]
    [InlineData("-global virtio-mmio.force-legacy=false", "virtio-blk-device,drive=disk,serial=real,event_idx=off,indirect_desc=off", 2)]
    [InlineData("", "virtio-blk-pci,drive=disk,serial=real", 3)]
    [InlineData("-device pcie-root-port,id=r1,chassis=1,slot=3", "virtio-blk-pci,drive=disk,serial=real,bus=r1", 2)]
    public async Task Linux_reads_and_writes_a_disk_of_the_machine(string before, string device, int gicVersion)
    {
        string folder = Folder();
        string image = Path.Combine(folder, "disk.img");
        string hash = Ext4Image.Make(folder, image, "64M", FileSize, "-b", "4096");
        const string Commands = """
            cd /sys/block/vda
            echo "disk $(cat size) $(cat serial) $(cat queue/logical_block_size)"
            mkdir /mnt
            mount -t ext4 -o discard /dev/vda /mnt && echo mounted-0
            md5sum /mnt/random
            for i in 1 2 3 4 5; do cp /mnt/random /mnt/copy$i & done; wait
            sync; rm /mnt/copy1; sync
            umount /mnt && mount -t ext4 /dev/vda /mnt && echo again-0
            echo 3 >/proc/sys/vm/drop_caches
            md5sum /mnt/copy5
            umount /mnt
            dd if=/dev/vda of=/dev/null bs=1M 2>/dev/null && echo whole-0
            dmesg | grep -iE "I/O error|EXT4-fs error|vda: .*error"
            poweroff -f
            """;
        await using EmulatedMachine machine = await StartAsync(Commands, image, before, device, gicVersion, """
            [[vm.disk]]
            device = "virtio0"
            """);
        await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxBoot);
        string output = machine.Output.Replace("\r", "", StringComparison.Ordinal);
        Assert.Contains($"\ndisk 131072 real {(device.Contains("4096", StringComparison.Ordinal) ? 4096 : 512)}\n", output, StringComparison.Ordinal);
        Assert.Contains("\nmounted-0\n", output, StringComparison.Ordinal);
        Assert.Contains($"\n{hash}  /mnt/random\n", output, StringComparison.Ordinal);
        Assert.Contains("\nagain-0\n", output, StringComparison.Ordinal);
        Assert.Contains($"\n{hash}  /mnt/copy5\n", output, StringComparison.Ordinal);
        Assert.Contains("\nwhole-0\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("error", output, StringComparison.OrdinalIgnoreCase);
        Ext4Image.Check(image);
    }

    [Fact]
    public async Task What_was_flushed_is_there_after_power_cuts_in_the_middle_of_writing()
    {
        string folder = Folder();
        string image = Path.Combine(folder, "disk.img");
        Ext4Image.Make(folder, image, "64M", FileSize, "-b", "4096");
        string log = Path.Combine(folder, "log.img");
        await using (FileStream made = File.Create(log))
        {
            made.SetLength(16 << 20);
        }

        // A record is written and flushed before its number is said; beside it, files come and go.
        const string Commands = """
            mkdir /mnt
            mount -t ext4 /dev/vda /mnt || echo refused-0
            (while true; do cp /mnt/random /mnt/a; mv /mnt/a /mnt/b; sync; rm /mnt/b; done) &
            base=$(dd if=/dev/vdb bs=4096 count=1 2>/dev/null | head -n 1)
            i=${base:-0}
            while true; do
                i=$((i + 1))
                echo $i | dd of=/dev/vdb bs=4096 conv=sync,fsync seek=$((i % 4096)) 2>/dev/null
                echo $i | dd of=/dev/vdb bs=4096 conv=sync,fsync,notrunc seek=0 2>/dev/null
                echo "kept $i."
            done
            """;
        Random random = new(11);
        int last = 0;
        for (int cut = 0; cut < Cuts; cut++)
        {
            await using (EmulatedMachine machine = await StartAsync(
                Commands,
                image,
                $"-drive file={log},if=none,id=log,format=raw,cache=writeback",
                "virtio-blk-pci,drive=disk -device virtio-blk-pci,drive=log",
                3,
                """
                [[vm.disk]]
                device = "virtio0"

                [[vm.disk]]
                device = "virtio1"
                """))
            {
                await TestMachine.ExpectAsync(machine, "kept " + (last + 2).ToString(CultureInfo.InvariantCulture) + ".", Patience.LinuxBoot);
                await Task.Delay(random.Next(1500), TestContext.Current.CancellationToken);
                Assert.DoesNotContain("refused-0", machine.Output, StringComparison.Ordinal);
                Assert.DoesNotContain("error", machine.Output, StringComparison.OrdinalIgnoreCase);
                last = LastKept(machine.Output);
            }

            byte[] records = File.ReadAllBytes(log);
            Assert.True(Number(records, 0) >= last, $"record {last} was flushed, and the log ends with {Number(records, 0)}");
            for (int i = Math.Max(1, last - 100); i <= last; i++)
            {
                Assert.Equal(i, Number(records, i % 4096 * RecordSize));
            }

            last = Number(records, 0);
            Process repair = Process.Start(new ProcessStartInfo("e2fsck", ["-p", image]) { RedirectStandardOutput = true })!;
            await repair.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(repair.ExitCode <= 1, "the journal does not bring the file system back");
            Ext4Image.Check(image);
        }
    }

    /// <summary>Two partitions by a GPT, on the first of which is a file in pieces; a record in each.</summary>
    [Fact]
    public async Task Partitions_and_files_are_disks_of_VMs_and_what_one_writes_no_other_uses()
    {
        const int Sector = 512;
        const int First = 2048;
        const int Second = 133_120;
        const int Sectors = 131_072;
        const int Pieces = 40;
        string folder = Folder();
        string image = Path.Combine(folder, "disk.img");
        byte[] disk = new byte[(Second + Sectors + 2048) * Sector];
        GuidTable.Write(disk, ("boot", First, Sectors), ("data", Second, Sectors));
        "the second one"u8.CopyTo(disk.AsSpan(Second * Sector));
        File.WriteAllBytes(image, disk);
        IReadOnlyList<string> tools = await Toolbox.RequireAsync([Tools.Mformat, Tools.Mcopy]);
        string drive = $"{image}@@{First * Sector}";
        HostProgram.Run(tools[0], "-i", drive, "-F", "-c", "1", "-T", $"{Sectors}", "-h", "255", "-s", "63", "::");

        // Small files first, of which every other one goes: what comes then lies in their places.
        byte[] filler = new byte[8 * Sector];
        for (int i = 0; i < Pieces * 2; i++)
        {
            File.WriteAllBytes(Path.Combine(folder, $"f{i}"), filler);
        }

        for (int i = 0; i < Pieces * 2; i++)
        {
            HostProgram.Run(tools[1], "-i", drive, Path.Combine(folder, $"f{i}"), "::");
        }

        string remove = Path.Combine(Path.GetDirectoryName(tools[1])!, "mdel");
        for (int i = 0; i < Pieces * 2; i += 2)
        {
            HostProgram.Run(remove, "-i", drive, $"::f{i}");
        }

        byte[] content = new byte[1 << 20];
        new Random(5).NextBytes(content);
        string source = Path.Combine(folder, "a disk with a long name.img");
        File.WriteAllBytes(source, content);
        HostProgram.Run(Path.Combine(Path.GetDirectoryName(tools[1])!, "mmd"), "-i", drive, "::Guests");
        HostProgram.Run(tools[1], "-i", drive, source, "::Guests/");
        const string Commands = """
            md5sum /dev/vda
            head -c 14 /dev/vdb; echo
            dd if=/dev/zero of=/dev/vda bs=3584 seek=7 count=20 conv=fsync 2>/dev/null && echo written-0
            printf "second and more" | dd of=/dev/vdb conv=fsync 2>/dev/null && echo also-0
            poweroff -f
            """;
        await using (EmulatedMachine machine = await StartAsync(Commands, image, "", "virtio-blk-device,drive=disk", 3, """
            [[vm.disk]]
            device = "virtio0"
            partition = "boot"
            file = "guests/a disk with a long name.img"

            [[vm.disk]]
            device = "virtio0"
            partition = 2
            """))
        {
            await TestMachine.ExpectEndAsync(machine, 0, Patience.LinuxBoot);
            string output = machine.Output.Replace("\r", "", StringComparison.Ordinal);
            Assert.Contains("disk virtio0: 130 MiB, 2 partitions", output, StringComparison.Ordinal);
#pragma warning disable CA5351 // as above
            Assert.Contains($"\n{Convert.ToHexStringLower(MD5.HashData(content))}  /dev/vda\n", output, StringComparison.Ordinal);
#pragma warning restore CA5351
            Assert.Contains("\nthe second one\n", output, StringComparison.Ordinal);
            Assert.Contains("\nwritten-0\n", output, StringComparison.Ordinal);
            Assert.Contains("\nalso-0\n", output, StringComparison.Ordinal);
        }

        // The file as mtools read it, and everything else as it was.
        content.AsSpan(7 * 3584, 20 * 3584).Clear();
        string back = Path.Combine(folder, "back");
        HostProgram.Run(tools[1], "-n", "-i", drive, "::Guests/a disk with a long name.img", back);
        Assert.Equal(content, File.ReadAllBytes(back));
        HostProgram.Run(tools[1], "-n", "-i", drive, "::f1", back);
        Assert.Equal(filler, File.ReadAllBytes(back));
        Assert.Equal("second and more"u8.ToArray(), File.ReadAllBytes(image).AsSpan(Second * Sector, 15).ToArray());

        await using EmulatedMachine refused = await StartAsync(Commands, image, "", "virtio-blk-device,drive=disk", 3, """
            [[vm.disk]]
            device = "virtio0"
            partition = "data"

            [[vm.disk]]
            device = "virtio0"
            read-only = true
            """);
        await TestMachine.ExpectEndAsync(refused, 1, Patience.LinuxBoot);
        Assert.Contains("another disk of a VM writes there", refused.Output, StringComparison.Ordinal);
    }

    private static int LastKept(string output)
    {
        int place = output.LastIndexOf("kept ", StringComparison.Ordinal);
        int end = output.IndexOf('.', place);
        if (end < 0)
        {
            place = output.LastIndexOf("kept ", place - 1, StringComparison.Ordinal);
            end = output.IndexOf('.', place);
        }

        return int.Parse(output.AsSpan(place + 5, end - place - 5), CultureInfo.InvariantCulture);
    }

    private static int Number(byte[] records, int offset)
    {
        int end = Array.IndexOf(records, (byte)'\n', offset);
        return end < 0 || end - offset > 10 ? 0 : int.Parse(records.AsSpan(offset, end - offset), CultureInfo.InvariantCulture);
    }

    private static async Task<EmulatedMachine> StartAsync(string commands, string image, string before, string device, int gicVersion, string disks)
    {
        byte[] bundle = await TestMachine.LinuxBundleAsync(commands, disks);
        List<string> words = [.. before.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        words.AddRange(["-drive", $"file={image},if=none,id=disk,format=raw,cache=writeback,discard=unmap"]);
        words.AddRange(["-device", .. device.Split(' ')]);
        return TestMachine.Start(new MachineSettings { GicVersion = gicVersion, ExtraArguments = words }, bundle);
    }

    private static string Folder()
    {
        string folder = Path.ChangeExtension(TestMachine.LogPath(".disk"), null);
        Directory.CreateDirectory(folder);
        return folder;
    }
}
