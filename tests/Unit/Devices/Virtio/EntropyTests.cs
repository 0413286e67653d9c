using System;
using System.Linq;
using SharpVisor.Devices.Virtio;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

public sealed class EntropyTests
{
    private const ulong RamStart = 0x4000_0000;
    private const ulong Ring = RamStart + 0x1000;
    private const ulong Data = RamStart + 0x8000;

    private readonly ByteMemory _memory = new(RamStart, 1 << 17);
    private readonly EntropyDevice _device;
    private readonly TransportUnderTest _transport;

    public EntropyTests()
    {
        _device = new EntropyDevice(_memory, new CountingSource());
        _transport = new TransportUnderTest(_device);
    }

    [Fact]
    public void It_is_an_entropy_device_of_one_queue()
    {
        Assert.Equal(4u, _transport.Read(0x08));
        Assert.Equal(VirtioFeatures.Transport, _transport.OfferedFeatures());
        _transport.Write(0x30, 0);
        Assert.Equal(16u, _transport.Read(0x34));
        _transport.Write(0x30, 1);
        Assert.Equal(0u, _transport.Read(0x34));
    }

    [Theory]
    [InlineData(0ul, 64u, 64u)]
    [InlineData(VirtioFeatures.PackedRing, 64u, 64u)]
    [InlineData(0ul, 1u, 1u)]
    [InlineData(0ul, 5000u, 256u)]
    [InlineData(VirtioFeatures.PackedRing, 5000u, 256u)]
    public void A_buffer_is_filled_and_no_byte_beside_it(ulong format, uint length, uint filled)
    {
        ModelDriver driver = Start(format);
        driver.Add(TransportUnderTest.Buffers((Data, length, true)), 1);
        _transport.Notify(0);
        Assert.True(driver.TryGetUsed(out _, out uint written));
        Assert.Equal(filled, written);
        Assert.All(_memory.Bytes.AsSpan(0x8000, (int)filled).ToArray(), one => Assert.NotEqual(0, one));
        Assert.All(_memory.Bytes.AsSpan(0x8000 + (int)filled, 100).ToArray(), one => Assert.Equal(0, one));
        Assert.Equal(filled, _device.GivenBytes);
    }

    [Fact]
    public void Many_requests_get_different_bytes()
    {
        ModelDriver driver = Start(0);
        for (int i = 0; i < 16; i++)
        {
            driver.Add(TransportUnderTest.Buffers((Data + (ulong)(i * 8), 8, true)), 1);
        }

        _transport.Notify(0);
        Assert.Equal(128, _memory.Bytes.AsSpan(0x8000, 128).ToArray().Distinct().Count());
        Assert.True(_transport.Runner.Turns > 1);
    }

    [Fact]
    public void A_request_that_wants_nothing_gets_nothing()
    {
        ModelDriver driver = Start(0);
        driver.Add(TransportUnderTest.Buffers((Data, 64, false)), 1);
        _transport.Notify(0);
        Assert.True(driver.TryGetUsed(out _, out uint written));
        Assert.Equal(0u, written);
    }

    [Fact]
    public void A_buffer_outside_memory_stops_the_device()
    {
        ModelDriver driver = Start(0);
        driver.Add(TransportUnderTest.Buffers((RamStart + (1 << 17) - 8, 64, true)), 1);
        _transport.Notify(0);
        Assert.Equal(0x4fu, _transport.Status);
    }

    private ModelDriver Start(ulong format)
    {
        ulong features = VirtioFeatures.Version1 | format;
        Assert.True(_transport.Negotiate(features));
        ModelDriver driver = TransportUnderTest.MakeDriver(_memory, features, Ring, 16);
        driver.WantInterrupt(true, 0);
        _transport.SetUp(0, driver);
        _transport.Start();
        return driver;
    }
}
