using SharpVisor.Devices.Virtio;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices;

public sealed class EmptyTransportTests
{
    private readonly VirtioSlots _slots = new();

    [Theory]
    [InlineData(0u)]
    [InlineData(0x200u)]
    [InlineData(0x3e00u)]
    public void Every_slot_says_that_it_is_virtio_with_no_device(uint slot)
    {
        Assert.Equal(0x7472_6976ul, _slots.Read(0, slot, 4));
        Assert.Equal(2ul, _slots.Read(0, slot + 4, 4));
        Assert.Equal(0ul, _slots.Read(0, slot + 8, 4));
        Assert.Equal(0x554d_4551ul, _slots.Read(0, slot + 12, 4));
    }

    [Fact]
    public void All_else_reads_as_zero_and_ignores_writes()
    {
        for (uint offset = 0x10; offset < EmptyTransport.SlotSize; offset++)
        {
            _slots.Write(0, offset, 4, ulong.MaxValue);
            Assert.Equal(0ul, _slots.Read(0, offset, 4));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void Only_32_bit_reads_are_answered(int size)
    {
        Assert.Equal(0ul, _slots.Read(0, 0, size));
    }
}
