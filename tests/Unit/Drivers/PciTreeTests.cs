using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Drivers;
using Xunit;

namespace SharpVisor.Tests.Unit.Drivers;

public sealed class PciTreeTests
{
    [Fact]
    public void Functions_behind_bridges_are_found_numbered_and_placed_in_their_windows()
    {
        ModelPci.Space disk = Device(0x1042, (0, 0x4000, true), (4, 0x1000, false));
        ModelPci.Space deep = Device(0x1041, (1, 0x20_0000, false));
        ModelPci.Space inner = Bridge(new() { [(3, 0)] = deep });
        ModelPci model = new()
        {
            Root =
            {
                [(0, 0)] = Device(0x0008),
                [(1, 0)] = Bridge(new() { [(0, 0)] = disk, [(2, 0)] = inner }),
                [(5, 0)] = Device(0x1000, (0, 0x80, false)),
            },
        };
        PciTree tree = new(model, new PciWindow(0x1000_0000, 0x5000_0000, 0x1000_0000), null);
        tree.Find();
        Assert.Equal(6, tree.Count);
        Assert.Equal(2, tree.LastBus);
        Assert.Equal((1, 1, 2), (model.Root[(1, 0)].Bytes[0x19], inner.Bytes[0x18], inner.Bytes[0x19]));
        Assert.Equal(2, model.Root[(1, 0)].Bytes[0x1a]);
        PciFunction found = Functions(tree).Single(f => f.DeviceId == 0x1042);
        Assert.True(found.TryGetBar(0, out ulong address, out ulong size));
        Assert.Equal(0x4000ul, size);
        Assert.Equal(disk.Get32(0x10) & ~0xfu, (uint)(address - 0x4000_0000));
        Assert.Equal(0u, disk.Get32(0x14));
        Assert.False(found.TryGetBar(1, out _, out _));

        // Its pin 1 comes out of device 1 on the root bus as it is; of a device 3 behind a bridge that is device 2 there, turned by five.
        Assert.Equal((1, 1), (found.RootDevice, found.RootPin));
        found = Functions(tree).Single(f => f.DeviceId == 0x1041);
        Assert.Equal((1, ((0 + 3 + 2) & 3) + 1), (found.RootDevice, found.RootPin));
        Assert.True(found.TryGetBar(1, out address, out size));
        foreach (ModelPci.Space bridge in new[] { model.Root[(1, 0)], inner })
        {
            uint window = bridge.Get32(0x20);
            ulong first = 0x4000_0000 + ((ulong)(window & 0xfff0) << 16);
            ulong last = 0x4000_0000 + (window & 0xfff0_0000) + 0xf_ffff;
            Assert.True(address >= first && address + size - 1 <= last);
            Assert.Equal(6, bridge.Bytes[4] & 6);
        }

        List<(ulong First, ulong Last)> ranges = [.. Functions(tree).SelectMany(f => Enumerable.Range(0, 6)
            .Where(i => f.TryGetBar(i, out _, out _))
            .Select(i => f.TryGetBar(i, out ulong a, out ulong s) ? (a, a + Math.Max(s, 4096) - 1) : default))];
        Assert.Equal(4, ranges.Count);
        Assert.All(ranges, range => Assert.Single(ranges, other => other.First <= range.Last && range.First <= other.Last));
    }

    [Fact]
    public void What_finds_no_place_stays_without_and_high_memory_is_for_wide_registers()
    {
        ModelPci model = new() { Root = { [(1, 0)] = Device(1, (0, 0x10_0000, true), (2, 0x10_0000, false)) } };
        PciTree tree = new(model, new PciWindow(0x1000, 0x1000, 0x1000), new PciWindow(0x80_0000_0000, 0x80_0000_0000, 0x100_0000));
        tree.Find();
        Assert.True(tree[0].TryGetBar(0, out ulong address, out _));
        Assert.Equal(0x80_0000_0000ul, address);
        Assert.False(tree[0].TryGetBar(2, out _, out _));
    }

    [Fact]
    public void A_bridge_to_more_buses_than_there_are_and_lists_in_circles_end()
    {
        ModelPci.Space chain = Bridge([]);
        for (int i = 0; i < 20; i++)
        {
            chain = Bridge(new() { [(0, 0)] = chain });
        }

        ModelPci model = new() { Root = { [(0, 0)] = chain }, Highest = 3 };
        PciTree tree = new(model, new PciWindow(0x1000_0000, 0x1000_0000, 0x1000_0000), null);
        tree.Find();
        Assert.Equal(3, tree.LastBus);

        ModelPci.Space device = Device(0x1042, (0, 0x1000, false));
        device.Bytes[6] = 0x10;
        device.Bytes[0x34] = 0x40;
        device.Bytes[0x40] = 9;
        device.Bytes[0x41] = 0x40;
        tree = new(new ModelPci { Root = { [(0, 0)] = device } }, new PciWindow(0x1000_0000, 0x1000_0000, 0x1000_0000), null);
        tree.Find();
        Assert.False(VirtioPciLayout.TryFind(tree[0], out _));
        int offset = 0;
        Assert.False(tree[0].TryFindCapability(5, ref offset));
    }

    [Fact]
    public void Whatever_devices_say_nothing_outside_of_the_buses_and_windows_is_touched()
    {
        for (int seed = 0; seed < 3000; seed++)
        {
            Random random = new(seed);
            ModelPci model = new()
            {
                Root = { [(0, 0)] = Bridge(new() { [(0, 0)] = Device(0x1042, (0, 0x4000, true)) }), [(2, 1)] = Device(0x1001, (4, 0x4000, true)) },
                Highest = random.Next(4),
                Lie = value => random.Next(6) == 0 ? (uint)random.NextInt64(1L << 32) : value,
            };
            PciTree tree = new(model, new PciWindow(0x1000_0000, 0x1000_0000, 0x100_0000), new PciWindow(1ul << 39, 1ul << 39, 1ul << 32));
            tree.Find();
            Assert.InRange(tree.Count, 0, PciTree.MostFunctions);
            foreach (PciFunction function in Functions(tree))
            {
                for (int i = 0; i < 6; i++)
                {
                    Assert.True(!function.TryGetBar(i, out ulong address, out ulong size)
                        || (address >= 0x1000_0000 && address + size <= 0x1100_0000) || (address >= 1ul << 39 && address + size <= (1ul << 39) + (1ul << 32)));
                }

                if (VirtioPciLayout.TryFind(function, out VirtioPciLayout layout))
                {
                    Assert.True(layout.Common >= 0x1000_0000 && layout.NotifyLength >= 2);
                }
            }
        }
    }

    private static IEnumerable<PciFunction> Functions(PciTree tree) => Enumerable.Range(0, tree.Count).Select(i => tree[i]);

    private static ModelPci.Space Device(ushort id, params (int Bar, uint Size, bool IsWide)[] bars)
    {
        ModelPci.Space space = new();
        Common(space, id);
        foreach ((int bar, uint size, bool isWide) in bars)
        {
            space.Set32(0x10 + (4 * bar), isWide ? 4u : 0, ~(size - 1));
            if (isWide)
            {
                space.Set32(0x14 + (4 * bar), 0, uint.MaxValue);
            }
        }

        return space;
    }

    private static ModelPci.Space Bridge(Dictionary<(int, int), ModelPci.Space> behind)
    {
        ModelPci.Space space = new() { Behind = behind };
        Common(space, 12);
        space.Bytes[0x0e] = 1;
        space.Set32(0x18, 0, 0x00ff_ffff);
        space.Set32(0x1c, 0, 0xf0f0);
        space.Set32(0x20, 0, 0xfff0_fff0);
        space.Set32(0x24, 0, 0xfff0_fff0);
        return space;
    }

    private static void Common(ModelPci.Space space, ushort id)
    {
        space.Set32(0, 0x1af4u | ((uint)id << 16));
        space.Set32(4, 0, 0x407);
        space.Bytes[0x3d] = 1;
    }
}
