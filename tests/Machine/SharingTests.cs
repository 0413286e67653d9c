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

/// <summary>More VCpus than CPUs: they take turns, by the shares that the definitions say.</summary>
public sealed partial class SharingTests
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 3)]
    [InlineData(2, 2)]
    [InlineData(2, 3)]
    public async Task Linux_with_four_VCpus_runs_on_fewer_CPUs(int cpus, int gicVersion)
    {
        GuestSettings linux = await TestMachine.LinuxAsync("uname -a; cat /proc/cpuinfo; sleep 1; poweroff");
        MachineSettings machine = new() { Cpus = cpus, GicVersion = gicVersion };
        await using EmulatedMachine emulated = TestMachine.Start(machine, linux with { VCpus = 4 });
        int? exitCode = await emulated.WaitForExitAsync(Patience.LinuxBoot + Patience.LinuxCommand);
        Assert.Empty(SmokeCommand.Check(emulated.Output, exitCode, emulated.LastLine, 4));
    }

    [Fact]
    public async Task Weights_1_2_and_4_get_1_2_and_4()
    {
        ulong[] shares = await MeasureAsync("weight = 100", "weight = 200", "weight = 400");
        double unit = shares.Sum(share => (double)share) / 7;
        Assert.InRange(shares[0] / unit, 0.99, 1.01);
        Assert.InRange(shares[1] / unit, 1.98, 2.02);
        Assert.InRange(shares[2] / unit, 3.96, 4.04);
    }

    [Fact]
    public async Task A_cap_of_a_quarter_holds()
    {
        ulong whole = Assert.Single(await MeasureAsync("weight = 100"));
        ulong capped = Assert.Single(await MeasureAsync("cap = \"25%\""));
        Assert.InRange((double)capped / whole, 0.2475, 0.2525);
    }

    /// <summary>Runs guests that work as hard as they can on one CPU, in counted time; what each got done, smallest first.</summary>
    private async Task<ulong[]> MeasureAsync(params string[] shares)
    {
        var definitions = new StringBuilder();
        for (int i = 0; i < shares.Length; i++)
        {
            definitions.AppendLine(CultureInfo.InvariantCulture, $"""
                [[vm]]
                name = "vm{i}"
                kernel = '{Repository.GuestImage("share")}'
                vcpus = 1
                memory = "16M"
                {shares[i]}
                """);
        }

        byte[] bundle = await TestMachine.BundleAsync(definitions.ToString());
        MachineSettings machine = new() { Cpus = 1, CountsInstructions = true };
        await using EmulatedMachine emulated = TestMachine.Start(machine, bundle);
        await TestMachine.ExpectAsync(emulated, "attached to", Patience.SmallGuest);
        await emulated.TypeAsync("\u001dmerged on\r"); // each one's output, not the attached one's alone
        Assert.NotNull(await emulated.WaitForExitAsync(Patience.LinuxBoot));

        // Not the last line: in counted time the emulator says something of its own when it ends.
        Assert.Contains("sharpvisor: machine stopped, exit code 0", emulated.Output, StringComparison.Ordinal);
        return [.. Share().Matches(emulated.Output).Select(match => ulong.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).Order()];
    }

    [GeneratedRegex(@"SHARE (\d+)")]
    private static partial Regex Share();
}
