using System;
using System.Threading.Tasks;
using SharpVisor.Build.Fetching;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Debian's U-Boot for QEMU's <c>virt</c>, unmodified: it knows that machine by heart, its flash too.</summary>
public sealed class UBootTests
{
    private const string Prompt = "\n=> ";
    private const string Countdown = "Hit any key to stop autoboot";

    private static readonly Lazy<Task<string>> s_uBoot = new(FetchAsync);

    [Theory]
    [InlineData("cortex-a57", 2)]
    [InlineData("cortex-a72", 3)]
    [InlineData("max", 3)]
    public async Task It_reaches_its_prompt_and_powers_off(string cpu, int gicVersion)
    {
        MachineSettings settings = new() { Cpu = MachineChoice.CpuModel(cpu), GicVersion = gicVersion };
        await using EmulatedMachine machine = TestMachine.Start(settings, await UBootAsync());
        int place = await StopAutobootAsync(machine, 0);
        Assert.Contains("Flash: 64 MiB\n", machine.Output, StringComparison.Ordinal);

        string version = await RunAsync(machine, "version", place);
        Assert.Contains("U-Boot 20", version, StringComparison.Ordinal);
        string board = await RunAsync(machine, "bdinfo", place);
        Assert.Contains("-> start    = 0x0000000040000000\n-> size     = 0x0000000008000000\n", board, StringComparison.Ordinal);
        Assert.Contains("flashsize   = 0x0000000004000000\n", board, StringComparison.Ordinal);

        await machine.TypeAsync("poweroff\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
        Assert.Contains("sharpvisor: guest: powered off", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("abort for the guest", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_finds_and_reads_both_banks_of_flash()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await UBootAsync());
        int place = await StopAutobootAsync(machine, 0);
        foreach (string bank in (string[])["1", "2"])
        {
            string description = await RunAsync(machine, "flinfo " + bank, place);
            Assert.Contains($"Bank # {bank}: CFI conformant flash", description, StringComparison.Ordinal);
            Assert.Contains("Intel Extended command set, Manufacturer ID: 0x89, Device ID: 0x0018", description, StringComparison.Ordinal);
            place = machine.Output.Length;
        }

        // Nothing is stored, whatever a driver does.
        await RunAsync(machine, "protect off 4040000 +40000; erase 4040000 +40000; cp.b 40000000 4040000 40", place);
        place = machine.Output.Length;
        string content = await RunAsync(machine, "md.l 4040000 4; md.b 3ffffff 2", place);
        Assert.Contains("04040000: ffffffff ffffffff ffffffff ffffffff", content, StringComparison.Ordinal);
        Assert.Contains("03ffffff: ff ff", content, StringComparison.Ordinal);
        await machine.TypeAsync("poweroff\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    [Fact]
    public async Task Its_reset_starts_it_again_with_the_flash_as_it_was()
    {
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings(), await UBootAsync());
        int place = await StopAutobootAsync(machine, 0);

        // Left in a state in which a chip's reads do not show what is stored.
        await RunAsync(machine, "mw.l 0 980098; mw.l 4000000 200020", place);
        await machine.TypeAsync("reset\r");
        place = await TestMachine.ExpectAsync(machine, "sharpvisor: guest: reset", Patience.SmallGuest, place);
        place = await StopAutobootAsync(machine, place);
        Assert.Contains("0000: ffffffff ffffffff", await RunAsync(machine, "md.l 0 2; md.l 4000000 2", place), StringComparison.Ordinal);
        await machine.TypeAsync("poweroff\r");
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    /// <summary>Runs a command at the prompt.</summary>
    /// <returns>What was printed from <paramref name="from"/> to the next prompt.</returns>
    private static async Task<string> RunAsync(EmulatedMachine machine, string command, int from)
    {
        await machine.TypeAsync(command + "\r");
        int echo = await TestMachine.ExpectAsync(machine, command + "\n", Patience.SmallGuest, from);
        int end = await TestMachine.ExpectAsync(machine, Prompt, Patience.SmallGuest, echo - 1);
        return machine.Output[echo..end];
    }

    /// <summary>Waits for the countdown and stops it.</summary>
    /// <returns>The place behind the prompt in the output.</returns>
    private static async Task<int> StopAutobootAsync(EmulatedMachine machine, int from)
    {
        int place = await TestMachine.ExpectAsync(machine, Countdown, Patience.SmallGuest, from);
        await machine.TypeAsync(" ");
        return await TestMachine.ExpectAsync(machine, Prompt, Patience.SmallGuest, place);
    }

    /// <summary>U-Boot as a guest; the test is skipped where it cannot be fetched.</summary>
    private static async Task<GuestSettings> UBootAsync()
    {
        try
        {
            return new GuestSettings { Kernel = await s_uBoot.Value, CommandLine = "", Memory = 128L << 20 };
        }
        catch (FetchException exception)
        {
            Assert.Skip("no U-Boot: " + exception.Message);
            throw;
        }
    }

    private static async Task<string> FetchAsync()
    {
        await TestMachine.LinuxAsync(); // apt's lists are for one at a time
        return await new FirmwareArtefacts(_ => { }).UBootAsync();
    }
}
