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
        for (int i = 0; i < Count; i++)
        {
            definitions.AppendLine(CultureInfo.InvariantCulture, $"""
                [[vm]]
                name = "small{i}"
                kernel = '{Repository.GuestImage("share")}'
                memory = "1M"
                """);
        }

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

    [GeneratedRegex(@"small(\d+)\b[^\n]*SHARE [1-9]")]
    private static partial Regex Share();
}
