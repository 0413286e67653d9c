using SharpVisor.Memory;
using Xunit;

namespace SharpVisor.Tests.Unit.Memory;

public sealed class Stage2ConfigurationTests
{
    [Theory]
    [InlineData(0, 32, 0u)]
    [InlineData(1, 36, 1u)]
    [InlineData(2, 40, 2u)]
    [InlineData(3, 40, 3u)]
    [InlineData(4, 40, 4u)]
    [InlineData(5, 40, 5u)]
    [InlineData(6, 40, 5u)]
    public void Sizes_follow_the_physical_range(int physicalRange, int inputBits, uint outputSize)
    {
        var configuration = new Stage2Configuration(physicalRange);
        ulong control = configuration.TranslationControl;
        Assert.Equal(inputBits, configuration.InputBits);
        Assert.Equal((ulong)(64 - inputBits), control & 0x3f); // T0SZ
        Assert.Equal(1ul, (control >> 6) & 3); // SL0: level 1
        Assert.Equal(1ul, (control >> 8) & 3); // IRGN0: write-back
        Assert.Equal(1ul, (control >> 10) & 3); // ORGN0
        Assert.Equal(3ul, (control >> 12) & 3); // SH0: inner shareable
        Assert.Equal(0ul, (control >> 14) & 3); // TG0: 4 KiB
        Assert.Equal(outputSize, (control >> 16) & 7); // PS
        Assert.Equal(1ul << 31, control >> 19 << 19); // VS, HA, HD 0; RES1
    }

    [Fact]
    public void Table_base_holds_root_and_VMID()
    {
        Assert.Equal(0x00ff_0000_8000_2000ul, Stage2Configuration.TableBase(0x8000_2000, 255));
    }

    [Fact]
    public void Device_memory_is_never_executable_and_read_only_memory_never_writable()
    {
        Assert.NotEqual(0ul, Stage2Attributes.Device & (1ul << 54));
        Assert.Equal(1ul << 6, Stage2Attributes.ReadOnlyRam & (3ul << 6));
        Assert.Equal(3ul << 6, Stage2Attributes.Ram & (3ul << 6));
    }

    [Fact]
    public void Nothing_of_the_hypervisor_is_both_writable_and_executable()
    {
        foreach (ulong attributes in (ulong[])[HypervisorAttributes.Text, HypervisorAttributes.ReadOnlyData, HypervisorAttributes.Data, HypervisorAttributes.Device])
        {
            bool writable = (attributes & (1ul << 7)) == 0;
            bool executable = (attributes & (1ul << 54)) == 0;
            Assert.False(writable && executable);
        }
    }
}
