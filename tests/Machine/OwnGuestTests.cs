using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>The embedded guest, the formats a guest may have, and the exception levels a machine may start at.</summary>
public sealed class OwnGuestTests
{
    private const string Greeting = "Hello from a C# guest at EL1.";

    [Theory]
    [InlineData("cortex-a72", 2)]
    [InlineData("cortex-a72", 3)]
    [InlineData("max", 3)]
    public async Task Without_a_bundle_the_embedded_guest_greets_and_echoes(string cpu, int gicVersion)
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpu = cpu, GicVersion = gicVersion }, (byte[]?)null);
        await GreetAsync(machine);
        Assert.Contains("sharpvisor: hello: powered off", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bare_kernel_in_place_of_a_bundle_boots()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), File.ReadAllBytes(Repository.GuestImage("hello")));
        await GreetAsync(machine);
    }

    [Fact]
    public async Task A_flat_binary_is_entered_at_its_first_byte()
    {
        byte[] image = File.ReadAllBytes(Repository.GuestImage("hello"));
        image.AsSpan(0x38, 4).Clear(); // the magic that makes it an Image
        await using EmulatedMachine machine = TestMachine.Start(
            new MachineSettings(),
            BundleBuilder.Create("guest", TestMachine.OwnGuest("hello"), image, null));
        await GreetAsync(machine);
    }

    [Fact]
    public async Task An_ELF_program_is_placed_where_it_is_linked()
    {
        byte[] elf = MakeElf(File.ReadAllBytes(Repository.GuestImage("hello")), 0x4100_0000);
        await using EmulatedMachine machine = TestMachine.Start(
            new MachineSettings(),
            BundleBuilder.Create("guest", TestMachine.OwnGuest("hello"), elf, null));
        await GreetAsync(machine);
    }

    [Fact]
    public async Task A_machine_that_starts_at_EL1_is_told_what_is_missing()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { HasEl2 = false }, (byte[]?)null);
        await TestMachine.ExpectEndAsync(machine, 2, Patience.SmallGuest);
        Assert.Contains("sharpvisor: started at EL1, but a hypervisor needs EL2", machine.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_machine_that_starts_at_EL3_boots(int gicVersion)
    {
        // Without -kernel QEMU starts at the highest level with the device tree at the beginning of RAM, and offers no
        // PSCI, so the machine cannot switch itself off. The stub is what firmware would do: mov x0, the tree;
        // mov x1, the image; br x1.
        MachineSettings settings = new() { HasEl3 = true, GicVersion = gicVersion };
        string stub = TestMachine.LogPath(".bin");
        File.WriteAllBytes(stub, Convert.FromHexString("0000a8d20104a8d220001fd6"));
        List<string> command = QemuCommand.Create(settings, Repository.Image, null);
        int kernel = command.IndexOf("-kernel");
        command[kernel] = "-device";
        command[kernel + 1] = $"loader,file={Repository.Image},addr=0x40200000,force-raw=on";
        command.AddRange(["-device", $"loader,file={stub},addr=0x40180000,force-raw=on,cpu-num=0"]);
        await using EmulatedMachine machine = TestMachine.Start(command);
        await TestMachine.ExpectAsync(machine, "Type and it is echoed", Patience.SmallGuest);
        await machine.TypeAsync("q");
        await TestMachine.ExpectAsync(machine, "sharpvisor: machine stopped, exit code 0", Patience.SmallGuest);
    }

    [Fact]
    public async Task Secure_memory_beside_the_hypervisor_changes_nothing()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { HasEl3 = true }, (byte[]?)null);
        await GreetAsync(machine);
    }

    private static async Task GreetAsync(EmulatedMachine machine)
    {
        await TestMachine.ExpectAsync(machine, Greeting, Patience.SmallGuest);
        int place = await TestMachine.ExpectAsync(machine, "Type and it is echoed; q or Ctrl-D powers the virtual machine off.\n", Patience.SmallGuest);
        await machine.TypeAsync("abc");
        await TestMachine.ExpectAsync(machine, "abc", Patience.SmallGuest, place);
        await machine.TypeAsync("q");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    /// <summary>An ELF64 file for AArch64 with one loaded segment, entered at its start.</summary>
    private static byte[] MakeElf(byte[] content, ulong address)
    {
        const int HeaderSize = 64;
        const int DataOffset = 4096;
        const ulong Room = 1 << 20; // what the guest's bss and stacks need behind its file
        byte[] elf = new byte[DataOffset + content.Length];
        Span<byte> span = elf;
        "\x7f"u8.CopyTo(span);
        "ELF"u8.CopyTo(span[1..]);
        span[4] = 2;
        span[5] = 1;
        span[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(span[16..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(span[18..], 183);
        BinaryPrimitives.WriteUInt32LittleEndian(span[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(span[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(span[32..], HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(span[52..], HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(span[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(span[56..], 1);
        Span<byte> segment = span[HeaderSize..];
        BinaryPrimitives.WriteUInt32LittleEndian(segment, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(segment[4..], 7);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[8..], DataOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[16..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[32..], (ulong)content.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[40..], (ulong)content.Length + Room);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[48..], 4096);
        content.CopyTo(span[DataOffset..]);
        return elf;
    }
}
