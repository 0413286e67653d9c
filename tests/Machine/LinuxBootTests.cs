using System.Collections.Generic;
using System.Threading.Tasks;
using SharpVisor.Build.Running;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>An unmodified Debian kernel reaches its shell on every kind of machine.</summary>
public sealed class LinuxBootTests
{
    public static IEnumerable<(string Cpu, int Cpus, int GicVersion)> Machines()
    {
        foreach (string cpu in (string[])["cortex-a57", "cortex-a72", "max"])
        {
            foreach (int cpus in (int[])[1, 2, 4])
            {
                yield return (cpu, cpus, 2);
                yield return (cpu, cpus, 3);
            }
        }

        yield return ("cortex-a53", 2, 3);
        yield return ("cortex-a76", 2, 3);
        yield return ("neoverse-n1", 2, 3);
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public async Task Linux_runs_commands_and_powers_off(string cpu, int cpus, int gicVersion)
    {
        GuestSettings linux = await TestMachine.LinuxAsync("uname -a; cat /proc/cpuinfo; poweroff");
        MachineSettings machine = new() { Cpu = MachineChoice.CpuModel(cpu), Cpus = cpus, GicVersion = gicVersion };
        await using EmulatedMachine emulated = TestMachine.Start(machine, linux with { VCpus = cpus });
        int? exitCode = await emulated.WaitForExitAsync(Patience.LinuxBoot + Patience.LinuxCommand);
        Assert.Empty(SmokeCommand.Check(emulated.Output, exitCode, emulated.LastLine, cpus));
    }

    [Fact]
    public async Task Linux_with_pointer_authentication_by_the_real_algorithm_boots()
    {
        GuestSettings linux = await TestMachine.LinuxAsync("grep -o -m 1 paca /proc/cpuinfo; poweroff -f");
        await using EmulatedMachine emulated = TestMachine.Start(new MachineSettings { Cpu = "max", Cpus = 1 }, linux);
        await TestMachine.ExpectEndAsync(emulated, 0, Patience.LinuxBoot * 2);
        Assert.Contains("\npaca\n", emulated.Output, System.StringComparison.Ordinal);
    }

    [Fact]
    public async Task Linux_sees_all_of_a_large_memory()
    {
        GuestSettings linux = await TestMachine.LinuxAsync("grep MemTotal /proc/meminfo; poweroff -f");
        MachineSettings machine = new() { Memory = 4L << 30 };
        await using EmulatedMachine emulated = TestMachine.Start(machine, linux with { Memory = 3L << 30, VCpus = 2 });
        await TestMachine.ExpectEndAsync(emulated, 0, Patience.LinuxBoot);
        Assert.Matches(@"MemTotal: +30\d{5} kB", emulated.Output);
    }
}
