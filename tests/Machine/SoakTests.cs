using System.Threading.Tasks;
using SharpVisor.Build.Running;
using SharpVisor.Build.Soak;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>A short run of what <c>make soak</c> does at length.</summary>
public sealed class SoakTests
{
    private const int Length = 30;

    [Theory]
    [InlineData(1, 1, 3)]
    [InlineData(2, 2, 3)]
    [InlineData(3, 2, 2)]
    public async Task Machines_that_come_and_go_leave_nothing_behind(int seed, int cpus, int gicVersion)
    {
        MachineSettings machine = new() { Cpus = cpus, GicVersion = gicVersion };
        string verdict = await new SoakRun(seed, Length, _ => { }).ExecuteAsync(machine, TestMachine.LogPath(".log"));
        Assert.Contains("memory as at the beginning", verdict, System.StringComparison.Ordinal);
    }
}
