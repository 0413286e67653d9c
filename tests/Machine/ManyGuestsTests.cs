using System;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Many small machines beside a large one, on few CPUs.</summary>
public sealed partial class ManyGuestsTests
{
    private const int Count = 64;
    private const int LinuxCount = 4;

    [Fact]
    public async Task Sixty_four_guests_of_one_megabyte_get_their_work_done_beside_a_Linux()
    {
        GuestSettings linux = await TestMachine.LinuxAsync("echo LINUX is up");
        var definitions = new StringBuilder();
        definitions.AppendLine(CultureInfo.InvariantCulture, $"""
            [[vm]]
            name = "linux"
            kernel = '{linux.Kernel}'
            ramdisk = '{linux.Ramdisk}'
            cmdline = "{linux.CommandLine}"
            memory = "256M"
            vcpus = 2
            weight = 1000
            """);
        AddSmall(definitions);
        byte[] bundle = await TestMachine.BundleAsync(definitions.ToString());
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpus = 2 }, bundle);
        await TestMachine.ExpectAsync(machine, "attached to", Patience.SmallGuest);
        await machine.TypeAsync("\u001dmerged on\r"); // each one's output, not the attached one's alone
        await TestMachine.ExpectAsync(machine, "LINUX is up", Patience.LinuxBoot);
        for (int i = 0; i < Count; i++)
        {
            await TestMachine.ExpectAsync(machine, string.Create(CultureInfo.InvariantCulture, $"sharpvisor: small{i}: powered off"), Patience.LinuxBoot);
        }

        // On a slow computer the first may have ended before all output was shown.
        Assert.InRange(Share().Matches(machine.Output).Select(match => match.Groups[1].Value).Distinct().Count(), Count / 2, Count);
        Assert.DoesNotContain("cannot start", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("crashed", machine.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Four_Linux_machines_of_two_VCpus_answer_on_two_CPUs_while_one_spins_and_64_small_ones_work()
    {
        GuestSettings quiet = await TestMachine.LinuxAsync();
        GuestSettings spinning = await TestMachine.LinuxAsync("(while :; do :; done) & (while :; do :; done) &");
        var definitions = new StringBuilder();
        for (int i = 0; i < LinuxCount; i++)
        {
            GuestSettings linux = i == LinuxCount - 1 ? spinning : quiet;
            definitions.AppendLine(CultureInfo.InvariantCulture, $"""
                [[vm]]
                name = "linux{i}"
                kernel = '{linux.Kernel}'
                ramdisk = '{linux.Ramdisk}'
                cmdline = "{linux.CommandLine} quiet"
                memory = "192M"
                vcpus = 2
                weight = 1000
                """);
        }

        AddSmall(definitions);
        byte[] bundle = await TestMachine.BundleAsync(definitions.ToString());
        await using EmulatedMachine machine = TestMachine.Start(new MachineSettings { Cpus = 2 }, bundle);
        await TestMachine.ExpectAsync(machine, "attached to linux0", Patience.SmallGuest);
        for (int i = 0; i < LinuxCount; i++)
        {
            int place = machine.Output.Length;
            await machine.TypeAsync(string.Create(CultureInfo.InvariantCulture, $"\u001dattach linux{i}\r"));
            await TestMachine.ExpectAsync(machine, "sharpvisor:/# ", Patience.LinuxBoot, place);
        }

        // All have booted. Whoever is asked answers, the one that spins too.
        for (int i = LinuxCount - 1; i >= 0; i--)
        {
            int place = machine.Output.Length;
            await machine.TypeAsync(string.Create(CultureInfo.InvariantCulture, $"\u001dattach linux{i}\recho ANSWER$(({i} + 40)) of $(nproc)\r"));
            await TestMachine.ExpectAsync(machine, string.Create(CultureInfo.InvariantCulture, $"ANSWER{i + 40} of 2"), Patience.LinuxCommand, place);
        }

        int prompt = machine.Output.Length;
        await machine.TypeAsync("\u001dvm list\r");
        for (int i = 0; i < LinuxCount; i++)
        {
            await TestMachine.ExpectAsync(machine, string.Create(CultureInfo.InvariantCulture, $"linux{i} "), Patience.LinuxCommand, prompt);
        }

        Assert.DoesNotContain("may spin", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("crashed", machine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("rcu: INFO", machine.Output, StringComparison.Ordinal);
    }

    private static void AddSmall(StringBuilder definitions)
    {
        for (int i = 0; i < Count; i++)
        {
            definitions.AppendLine(CultureInfo.InvariantCulture, $"""
                [[vm]]
                name = "small{i}"
                kernel = '{Repository.GuestImage("share")}'
                memory = "1M"
                """);
        }
    }

    [GeneratedRegex(@"small(\d+)\b[^\n]*SHARE [1-9]")]
    private static partial Regex Share();
}
