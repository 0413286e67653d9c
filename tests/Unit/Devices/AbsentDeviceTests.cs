using SharpVisor.Devices;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices;

public sealed class AbsentDeviceTests
{
    [Fact]
    public void It_reads_as_zero_whatever_was_written()
    {
        var device = new AbsentDevice();
        device.Write(0, 8, 8, ulong.MaxValue);
        device.Reset();
        Assert.Equal(0ul, device.Read(0, 8, 8));
    }
}
