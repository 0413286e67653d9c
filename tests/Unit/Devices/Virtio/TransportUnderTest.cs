using System.Collections.Generic;
using SharpVisor.Devices.Virtio;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>A transport as a driver sees it: by registers, with the steps of an initialisation (virtio 1.2, 3.1).</summary>
internal sealed class TransportUnderTest
{
    internal const int Acknowledge = 1;
    internal const int Driver = 2;
    internal const int DriverOk = 4;
    internal const int FeaturesOk = 8;
    internal const int NeedsReset = 64;
    internal const int Failed = 128;

    internal TransportUnderTest(VirtioDevice device) => Transport = new VirtioTransport(device, Line, Runner);

    internal VirtioTransport Transport { get; }

    internal RecordingLine Line { get; } = new();

    internal DirectRunner Runner { get; } = new();

    internal uint Status => Read(0x70);

    internal uint InterruptStatus => Read(0x60);

    internal uint Read(uint offset) => (uint)Transport.Read(offset, 4);

    internal void Write(uint offset, uint value) => Transport.Write(0, offset, 4, value);

    internal ulong OfferedFeatures()
    {
        Write(0x14, 0);
        ulong low = Read(0x10);
        Write(0x14, 1);
        return low | ((ulong)Read(0x10) << 32);
    }

    /// <summary>Up to FEATURES_OK.</summary>
    internal bool Negotiate(ulong features)
    {
        Write(0x70, 0);
        Write(0x70, Acknowledge);
        Write(0x70, Acknowledge | Driver);
        Write(0x24, 0);
        Write(0x20, (uint)features);
        Write(0x24, 1);
        Write(0x20, (uint)(features >> 32));
        Write(0x70, Acknowledge | Driver | FeaturesOk);
        return (Status & FeaturesOk) != 0;
    }

    internal void SetUp(int queue, ModelDriver driver)
    {
        Write(0x30, (uint)queue);
        Assert.Equal(0u, Read(0x44));
        Write(0x38, (uint)driver.Size);
        Write(0x80, (uint)driver.DescriptorArea);
        Write(0x84, (uint)(driver.DescriptorArea >> 32));
        Write(0x90, (uint)driver.DriverArea);
        Write(0x94, (uint)(driver.DriverArea >> 32));
        Write(0xa0, (uint)driver.DeviceArea);
        Write(0xa4, (uint)(driver.DeviceArea >> 32));
        Write(0x44, 1);
        Assert.Equal(1u, Read(0x44));
    }

    internal void Start() => Write(0x70, Acknowledge | Driver | FeaturesOk | DriverOk);

    internal void Notify(int queue) => Write(0x50, (uint)queue);

    internal void AcknowledgeInterrupt() => Write(0x64, InterruptStatus);

    /// <summary>A driver's end of a queue in a page range of its own.</summary>
    internal static ModelDriver MakeDriver(ByteMemory memory, ulong features, ulong area, int size, int seed = 1)
    {
        bool hasEventIndex = (features & VirtioFeatures.EventIndex) != 0;
        return (features & VirtioFeatures.PackedRing) != 0
            ? new ModelPackedDriver(memory, area, size, area + 0x2000, hasEventIndex, seed)
            : new ModelSplitDriver(memory, area, size, area + 0x2000, hasEventIndex, seed);
    }

    internal static List<ModelBuffer> Buffers(params (ulong Address, uint Length, bool IsWritable)[] buffers)
    {
        List<ModelBuffer> list = [];
        foreach ((ulong address, uint length, bool isWritable) in buffers)
        {
            list.Add(new ModelBuffer(address, length, isWritable));
        }

        return list;
    }
}
