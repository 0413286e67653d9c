using SharpVisor.Cpu;
using Xunit;

namespace SharpVisor.Tests.Unit.Cpu;

public class PsciFunctionsTests
{
    private const ulong NotSupported = ulong.MaxValue;

    [Fact]
    public void The_version_is_1_1() => Assert.Equal(0x1_0001ul, Answer(0x8400_0000, 0));

    [Fact]
    public void The_upper_half_of_X0_does_not_count() => Assert.Equal(0x1_0001ul, Answer(0xdead_beef_8400_0000, 0));

    [Fact]
    public void The_calling_convention_is_1_1() => Assert.Equal(0x1_0001ul, Answer(0x8000_0000, 0));

    [Fact]
    public void No_trusted_OS_needs_migration() => Assert.Equal(2ul, Answer(0x8400_0006, 0));

    [Theory]
    [InlineData(0x8000_0000u)] // SMCCC_VERSION
    [InlineData(0x8400_0000u)]
    [InlineData(0x8400_0001u)]
    [InlineData(0xc400_0001u)]
    [InlineData(0x8400_0002u)]
    [InlineData(0x8400_0003u)]
    [InlineData(0xc400_0003u)]
    [InlineData(0x8400_0004u)]
    [InlineData(0xc400_0004u)]
    [InlineData(0x8400_0006u)]
    [InlineData(0x8400_0008u)]
    [InlineData(0x8400_0009u)]
    [InlineData(0x8400_000au)]
    [InlineData(0x8400_0012u)]
    [InlineData(0xc400_0012u)]
    public void Features_say_yes_to_what_is_there(uint function) => Assert.Equal(0ul, Answer(0x8400_000a, function));

    [Theory]
    [InlineData(0x8400_0005u)] // MIGRATE
    [InlineData(0xc400_0005u)]
    [InlineData(0x8400_0007u)] // MIGRATE_INFO_UP_CPU
    [InlineData(0xc400_0007u)]
    [InlineData(0x8400_000bu)] // CPU_FREEZE
    [InlineData(0x8400_000cu)] // CPU_DEFAULT_SUSPEND
    [InlineData(0x8400_000du)] // NODE_HW_STATE
    [InlineData(0x8400_000eu)] // SYSTEM_SUSPEND
    [InlineData(0xc400_000eu)]
    [InlineData(0x8400_000fu)] // PSCI_SET_SUSPEND_MODE
    [InlineData(0x8400_0010u)] // PSCI_STAT_RESIDENCY
    [InlineData(0xc400_0000u)] // PSCI_VERSION has no 64-bit form
    [InlineData(0xc400_0002u)]
    [InlineData(0x0u)]
    [InlineData(0xffff_ffffu)]
    public void Features_say_no_to_what_is_not(uint function) => Assert.Equal(NotSupported, Answer(0x8400_000a, function));

    [Theory]
    [InlineData(0x8000_0000u, 0ul)]
    [InlineData(0x8000_0001u, 0ul)]
    [InlineData(0x8000_0002u, NotSupported)] // SMCCC_ARCH_SOC_ID
    [InlineData(0xc500_0020u, 0ul)] // PV_TIME_FEATURES
    public void Architecture_features_name_what_is_there(uint function, ulong expected) => Assert.Equal(expected, Answer(0x8000_0001, function));

    [Theory]
    [InlineData(WorkaroundAnswer.NotSupported, NotSupported, false)]
    [InlineData(WorkaroundAnswer.Required, 0ul, true)]
    [InlineData(WorkaroundAnswer.NotRequired, 1ul, false)]
    public void A_workaround_is_as_the_firmware_said(WorkaroundAnswer answer, ulong expected, bool isCall)
    {
        try
        {
            PsciFunctions.Workaround1 = answer;
            PsciFunctions.Workaround2 = answer;
            PsciFunctions.Workaround3 = answer;
            Assert.Equal(expected, Answer(0x8000_0001, 0x8000_8000));
            Assert.Equal(expected, Answer(0x8000_0001, 0x8000_7fff));
            Assert.Equal(expected, Answer(0x8000_0001, 0x8000_3fff));
            Assert.Equal(isCall, PsciFunctions.IsWorkaroundCall(0x8000_8000));
            Assert.Equal(isCall, PsciFunctions.IsWorkaroundCall(0x8000_7fff));
            Assert.Equal(isCall, PsciFunctions.IsWorkaroundCall(0x8000_3fff));
        }
        finally
        {
            PsciFunctions.Workaround1 = WorkaroundAnswer.NotSupported;
            PsciFunctions.Workaround2 = WorkaroundAnswer.NotSupported;
            PsciFunctions.Workaround3 = WorkaroundAnswer.NotSupported;
        }
    }

    [Theory]
    [InlineData(0x8400_0002ul)] // CPU_OFF
    [InlineData(0x8400_0003ul)]
    [InlineData(0xc400_0003ul)]
    [InlineData(0x8400_0008ul)]
    [InlineData(0xc400_0000ul)]
    [InlineData(0x8000_8000ul)]
    [InlineData(0x0ul)]
    [InlineData(ulong.MaxValue)]
    public void Other_calls_are_not_answered_at_once(ulong function) => Assert.False(PsciFunctions.TryFast(function, 0, out _));

    [Fact]
    public void Stolen_time_is_found_by_the_features_of_the_architecture()
    {
        Assert.Equal(0ul, Answer(0x8000_0001, 0xc500_0020));
        Assert.Equal(0ul, Answer(0xc500_0020, 0xc500_0020));
        Assert.Equal(0ul, Answer(0xc500_0020, 0xc500_0021));
        Assert.Equal(NotSupported, Answer(0xc500_0020, 0xc500_0022)); // live physical time
        Assert.False(PsciFunctions.TryFast(0xc500_0021, 0, out _)); // depends on the VCpu
    }

    private static ulong Answer(ulong function, ulong a1)
    {
        Assert.True(PsciFunctions.TryFast(function, a1, out ulong result));
        return result;
    }
}
