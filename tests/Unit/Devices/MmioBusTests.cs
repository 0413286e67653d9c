using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Devices;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices;

public sealed class MmioBusTests
{
    [Fact]
    public void An_access_finds_its_device_and_offset()
    {
        var bus = new MmioBus(4);
        var device = new SilentDevice();
        Assert.True(bus.TryAdd(0x0900_0000, 0x1000, device));
        Assert.True(bus.TryFind(0x0900_0ffc, 4, out MmioDevice found, out uint offset));
        Assert.Same(device, found);
        Assert.Equal(0xffcu, offset);
    }

    [Theory]
    [InlineData(0x08ff_ffffu, 1)]
    [InlineData(0x0900_1000u, 1)]
    [InlineData(0x0900_0ffdu, 4)]
    [InlineData(0x08ff_fffeu, 4)]
    public void An_access_that_is_not_wholly_inside_finds_nothing(uint address, int size)
    {
        var bus = new MmioBus(4);
        bus.TryAdd(0x0900_0000, 0x1000, new SilentDevice());
        Assert.False(bus.TryFind(address, size, out _, out _));
    }

    [Theory]
    [InlineData(0ul, 4ul)]
    [InlineData(0ul, 0x1_0000_0008ul)]
    [InlineData(0xffff_ffff_ffff_0000ul, 0x1_0001ul)]
    [InlineData(0x0900_0ff8ul, 8ul)]
    [InlineData(0x08ff_0000ul, 0x1_0001ul)]
    public void Bad_and_overlapping_regions_are_refused(ulong start, ulong length)
    {
        var bus = new MmioBus(4);
        bus.TryAdd(0x0900_0000, 0x1000, new SilentDevice());
        Assert.False(bus.TryAdd(start, length, new SilentDevice()));
        Assert.Equal(1, bus.Count);
    }

    [Fact]
    public void Look_ups_agree_with_a_search_through_all_regions()
    {
        Gen<ulong> address = Gen.OneOf<ulong>(
            Gen.ULong[0, 0x40_0000],
            Gen.ULong[0x0fff_0000, 0x1002_0000],
            Gen.ULong[0xffff_ffff_ffe0_0000, ulong.MaxValue]);
        Gen<ulong> length = Gen.OneOf<ulong>(Gen.ULong[0, 0x300], Gen.ULong[0x8000, 0x3_0000]);
        Gen.Select(Gen.Select(address, length).Array[0, 12], Gen.Select(address, Gen.OneOf(1, 2, 4, 8)).Array[60]).Sample((regions, accesses) =>
        {
            var bus = new MmioBus(8);
            var model = new List<(ulong Start, ulong Length, MmioDevice Device)>();
            foreach ((ulong start, ulong size) in regions)
            {
                var device = new SilentDevice();
                bool allowed = model.Count < 8 && size >= 8 && start <= ulong.MaxValue - size
                    && model.All(r => start + size <= r.Start || r.Start + r.Length <= start);
                Assert.Equal(allowed, bus.TryAdd(start, size, device));
                if (allowed)
                {
                    model.Add((start, size, device));
                }
            }

            IEnumerable<(ulong, int)> edges = model.SelectMany(r => new[] { (r.Start, 4), (r.Start + r.Length - 4, 4), (r.Start + r.Length - 3, 4), (r.Start - 1, 1) });
            foreach ((ulong ipa, int size) in accesses.Concat(edges))
            {
                (ulong Start, ulong Length, MmioDevice? Device) expected = model.FirstOrDefault(
                    r => ipa >= r.Start && ipa - r.Start < r.Length && r.Length - (ipa - r.Start) >= (ulong)size);
                Assert.Equal(expected.Device != null, bus.TryFind(ipa, size, out MmioDevice found, out uint offset));
                if (expected.Device != null)
                {
                    Assert.Same(expected.Device, found);
                    Assert.Equal(ipa - expected.Start, offset);
                }
            }
        }, iter: 1000);
    }
}
