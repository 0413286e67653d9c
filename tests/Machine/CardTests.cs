using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Cards;
using SharpVisor.Build.Fetching;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>A Raspberry Pi's SD card: the boot bundle is read from it, and what is wrong with it is told.</summary>
public sealed class CardTests : IDisposable
{
    private const string Ready = "Type and it is echoed";
    private const int PartitionStart = 1 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("sharpvisor-card").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_boot_bundle_is_read_from_the_card()
    {
        await using EmulatedMachine machine = TestMachine.Start(await BoardAsync(await CardAsync(Bundle())), (byte[]?)null);
        await GreetAsync(machine);
    }

    [Fact]
    public async Task The_other_SD_host_reads_it_too()
    {
        // What firmware does, in place of it: x1 = GPIO; GPFSEL4 and 5 = pins 48 to 53 to their function 0; on to the image.
        string stub = TestMachine.LogPath(".bin");
        File.WriteAllBytes(stub, Convert.FromHexString("01e4a7d20280a452221000b982248152221400b90104a0d220001fd6"));
        List<string> command = QemuCommand.Create(await BoardAsync(await CardAsync(Bundle())), stub, null);
        command.AddRange(["-device", $"loader,file={Repository.Image},addr=0x200000,force-raw=on", "-d", "trace:bcm2835_sdhost_write"]);
        command.AddRange(["-D", Path.Combine(_folder, "trace")]);
        await using EmulatedMachine machine = TestMachine.Start(command, stub);
        await GreetAsync(machine);
        Assert.Contains("sdhost", File.ReadAllText(Path.Combine(_folder, "trace")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_card_without_a_bundle_leaves_a_console()
    {
        string card = await CardAsync(null);
        await ExpectConsoleAsync(card, "SD card: cannot read bundle.itb: there is no such file");
    }

    [Fact]
    public async Task An_empty_card_leaves_a_console()
    {
        string card = Path.Combine(_folder, "empty.img");
        using (FileStream stream = new(card, FileMode.Create))
        {
            stream.SetLength(64 << 20);
        }

        await ExpectConsoleAsync(card, "SD card: cannot read bundle.itb: its first sector holds no partition table");
    }

    [Theory]
    [InlineData(PartitionStart + 11, 4, "its FAT32 file system is damaged: the boot sector makes no sense")]
    [InlineData(PartitionStart + 44, 4, "its FAT32 file system is damaged: the boot sector makes no sense")]
    public async Task A_damaged_file_system_leaves_a_console(int place, int length, string reason)
    {
        string card = await CardAsync(Bundle());
        Change(card, place, content => content[..length].Fill(0xee));
        await ExpectConsoleAsync(card, "SD card: cannot read bundle.itb: " + reason);
    }

    [Fact]
    public async Task A_file_that_is_longer_than_its_clusters_leaves_a_console()
    {
        string card = await CardAsync(Bundle());
        byte[] content = File.ReadAllBytes(card);
        int entry = content.AsSpan().IndexOf("BUNDLE  ITB"u8);
        Change(card, entry + 28, length => BinaryPrimitives.WriteUInt32LittleEndian(length, 5_000_000));
        await ExpectConsoleAsync(card, "SD card: cannot read bundle.itb: its FAT32 file system is damaged: the file ends before its length");
    }

    [Fact]
    public async Task A_changed_byte_of_the_bundle_is_found_and_leaves_a_console()
    {
        string card = await CardAsync(Bundle());
        byte[] content = File.ReadAllBytes(card);
        Change(card, content.AsSpan().IndexOf("Hello from"u8), text => text[0] ^= 1);
        await ExpectConsoleAsync(card, "cannot read the boot bundle: image kernel: its data does not match its hash");
    }

    [Fact]
    public void Firmware_that_is_not_whole_is_refused()
    {
        byte[] program = new byte[4096];
        "\u007fELF"u8.CopyTo(program);
        BuildException nothing = Assert.Throws<BuildException>(() => BoardFirmware.Find(_folder));
        Assert.Contains("it has neither bootcode.bin, start.elf, fixup.dat (Pi 3) nor start4.elf, fixup4.dat (Pi 4)", nothing.Message, StringComparison.Ordinal);

        File.WriteAllBytes(Path.Combine(_folder, "start4.elf"), program);
        Assert.Contains("fixup4.dat is missing beside start4.elf", Assert.Throws<BuildException>(() => BoardFirmware.Find(_folder)).Message, StringComparison.Ordinal);

        File.WriteAllBytes(Path.Combine(_folder, "fixup4.dat"), program);
        Assert.Equal(2, BoardFirmware.Find(_folder).Count);

        File.WriteAllBytes(Path.Combine(_folder, "start4.elf"), new byte[4096]);
        BuildException wrong = Assert.Throws<BuildException>(() => BoardFirmware.Find(_folder));
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("start4.elf is no ELF program", wrong.Message, StringComparison.Ordinal);
    }

    private static byte[] Bundle() => BundleBuilder.Create(GuestChoice.VmName, TestMachine.OwnGuest("hello"), hashed: true);

    private static async Task GreetAsync(EmulatedMachine machine)
    {
        int place = await TestMachine.ExpectAsync(machine, "read from the SD card", Patience.SmallGuest);
        await TestMachine.ExpectAsync(machine, Ready, Patience.SmallGuest, place);
        await machine.TypeAsync("q");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    private static async Task ExpectConsoleAsync(string card, string message)
    {
        await using EmulatedMachine machine = TestMachine.Start(await BoardAsync(card), (byte[]?)null);
        int place = await TestMachine.ExpectAsync(machine, "sharpvisor: " + message, Patience.SmallGuest);
        place = await TestMachine.ExpectAsync(machine, "hv> ", Patience.SmallGuest, place);
        await machine.TypeAsync("vm list\r");
        await TestMachine.ExpectAsync(machine, "hv> ", Patience.SmallGuest, place);
        await machine.TypeAsync("poweroff\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    private static void Change(string file, long place, SpanAction change)
    {
        byte[] content = File.ReadAllBytes(file);
        change(content.AsSpan((int)place));
        File.WriteAllBytes(file, content);
    }

    private async Task<string> CardAsync(byte[]? bundle)
    {
        string card = Path.Combine(_folder, "card.img");
        string file = Path.Combine(_folder, "bundle.itb");
        List<CardFile> files = [new("config.txt", Repository.Combine("boot/raspberrypi/config.txt"))];
        if (bundle is not null)
        {
            File.WriteAllBytes(file, bundle);
            files.Add(new CardFile(CardImage.BundleName, file));
        }

        try
        {
            await CardImage.WriteAsync(card, files);
        }
        catch (BuildException exception)
        {
            Assert.Skip("no mtools: " + exception.Message);
        }

        return card;
    }

    private static async Task<MachineSettings> BoardAsync(string card)
    {
        try
        {
            string tree = await new GuestArtefacts(_ => { }).RaspberryPi3TreeAsync();
            return new MachineSettings { Board = Boards.RaspberryPi3, DeviceTree = tree, Card = card };
        }
        catch (FetchException exception)
        {
            Assert.Skip("no device tree: " + exception.Message);
            throw;
        }
    }

    private delegate void SpanAction(Span<byte> content);
}
