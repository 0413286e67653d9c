using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Devices.Virtio;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

public sealed class BalloonTests
{
    private const ulong RamStart = 0x4000_0000;
    private const int RamSize = 4 << 20;
    private const uint FirstPage = (uint)(RamStart >> 12);
    private const ulong Rings = RamStart;
    private const ulong RingStride = 0x8000;
    private const ulong Data = RamStart + 0x4_0000;
    private const ulong Statistics = 1 << 1;
    private const ulong Hinting = 1 << 3;
    private const ulong Poison = 1 << 4;
    private const ulong Reporting = 1 << 5;
    private const ulong All = VirtioFeatures.Version1 | Statistics | (1 << 2) | Hinting | Poison | Reporting;

    private readonly ByteMemory _memory = new(RamStart, RamSize);
    private readonly BalloonDevice _balloon;
    private readonly TransportUnderTest _transport;

    public BalloonTests()
    {
        _balloon = new BalloonDevice(_memory);
        _transport = new TransportUnderTest(_balloon);
    }

    public static TheoryData<ulong> Formats => [0, VirtioFeatures.PackedRing, VirtioFeatures.EventIndex | VirtioFeatures.PackedRing | VirtioFeatures.IndirectDescriptors];

    [Fact]
    public void It_is_a_balloon_of_five_queues()
    {
        Assert.Equal(5u, _transport.Read(0x08));
        Assert.Equal(0x3eul, _transport.OfferedFeatures() & 0xff_ffff);
        for (uint i = 0; i < 6; i++)
        {
            _transport.Write(0x30, i);
            Assert.Equal(i < 5 ? 64u : 0u, _transport.Read(0x34));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Pages_that_are_given_are_released(ulong format)
    {
        ModelDriver[] drivers = Start(All | format, 0, 1, 2, 3, 4);
        uint[] pages = [.. Enumerable.Range(0, 700).Select(i => FirstPage + 256 + (uint)i)];
        Give(drivers[0], 0, pages);
        Assert.Equal(1, Drain(drivers[0]));
        Assert.Equal(pages.Select(page => (ulong)page << 12), _memory.Released);
        Assert.Equal(700u, _balloon.ReleasedPages);
        Assert.True(_transport.Runner.Turns > 700 / 100);
        Give(drivers[1], 1, pages);
        Assert.Equal(1, Drain(drivers[1]));
        Assert.Equal(700, _memory.Released.Count);
    }

    [Fact]
    public void Pages_side_by_side_are_released_in_one_go_in_either_direction()
    {
        ModelDriver[] drivers = Start(All, 0, 1, 2, 3, 4);
        uint[] pages = [.. Enumerable.Range(0, 300).Select(i => FirstPage + 900 - (uint)i), FirstPage + 950, FirstPage + 950, FirstPage + 951, FirstPage + 950];
        Give(drivers[0], 0, pages);
        Assert.Equal(1, Drain(drivers[0]));
        Assert.Equal(pages.Order().Select(page => (ulong)page << 12), _memory.Released.Order());
    }

    [Fact]
    public void Numbers_that_are_no_pages_are_passed_over()
    {
        ModelDriver[] drivers = Start(All, 0, 1, 2, 3, 4);
        Give(drivers[0], 0, [0, FirstPage + 512, uint.MaxValue, FirstPage - 1, FirstPage + (RamSize >> 12)]);
        Assert.Equal(1, Drain(drivers[0]));
        Assert.Equal([RamStart + (512 << 12)], _memory.Released);
        Assert.Equal(4u, _balloon.RefusedPages);
    }

    [Fact]
    public void The_target_is_told_and_the_guest_says_how_far_it_is()
    {
        _balloon.SetTarget(100, -1);
        Assert.Equal(0u, _transport.InterruptStatus);
        Assert.Equal(100u, _transport.Read(0x100));
        Start(All, 0, 1, 2, 3, 4);
        Assert.Equal(100u, _balloon.Target);
        uint generation = _transport.Read(0xfc);
        _balloon.SetTarget(7, -1);
        Assert.Equal(2u, _transport.InterruptStatus);
        Assert.Equal(7u, _transport.Read(0x100));
        Assert.NotEqual(generation, _transport.Read(0xfc));
        _transport.AcknowledgeInterrupt();
        _balloon.SetTarget(7, -1);
        Assert.Equal(0u, _transport.InterruptStatus);
        _transport.Write(0x104, 5);
        Assert.Equal(5u, _balloon.Actual);
        _transport.Write(0x100, 9);
        Assert.Equal(7u, _balloon.Target);
        Assert.Equal(0u, _transport.Read(0x108));
        _transport.Write(0x70, 0);
        Assert.Equal(7u, _balloon.Target);
        Assert.Equal(0u, _balloon.Actual);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Statistics_come_when_they_are_asked_for(ulong format)
    {
        ModelDriver driver = Start(All | format, 0, 1, 2, 3, 4)[2];
        _balloon.AskForStatistics(-1);
        Assert.False(_balloon.Statistics.TryGet(BalloonStatistic.Free, out _));
        Tell(driver, (4, 1000), (5, 5000), (99, 1));
        Assert.True(_balloon.Statistics.TryGet(BalloonStatistic.Free, out ulong free));
        Assert.Equal(1000ul, free);
        Assert.False(_balloon.Statistics.TryGet(BalloonStatistic.Available, out _));
        Assert.Equal(0, Drain(driver));
        _transport.AcknowledgeInterrupt();
        _balloon.AskForStatistics(-1);
        Assert.Equal(1u, _transport.InterruptStatus);
        Assert.Equal(1, Drain(driver));
        _balloon.AskForStatistics(-1);
        Assert.Equal(0, Drain(driver));
        Tell(driver, (4, 900), (6, 950));
        Assert.True(_balloon.Statistics.TryGet(BalloonStatistic.Free, out free));
        Assert.Equal(900ul, free);
        Assert.True(_balloon.Statistics.TryGet(BalloonStatistic.Available, out _));
        Assert.Equal(2u, _balloon.Statistics.Updates);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Reported_memory_is_released_but_for_pages_that_are_only_in_part_reported(ulong format)
    {
        ModelDriver driver = Start(All | format, 0, 1, 2, 3, 4)[4];
        ulong free = RamStart + (1 << 20);
        driver.Add(TransportUnderTest.Buffers((free, 1 << 20, true), (free + (1 << 20) + 100, 8192, true)), 2);
        _transport.Notify(4);
        Assert.Equal(1, Drain(driver));
        Assert.Equal(257, _memory.Released.Count);
        Assert.Equal(Enumerable.Range(0, 256).Select(i => free + (ulong)(i * 4096)), _memory.Released.Take(256));
        Assert.Equal(free + (1 << 20) + 4096, _memory.Released[256]);
    }

    [Theory]
    [InlineData(All, 0u, 256)]
    [InlineData(All, 0xaaaa_aaaau, 0)]
    [InlineData(All & ~Poison, 0xaaaa_aaaau, 256)]
    public void A_guest_that_poisons_its_free_pages_keeps_them(ulong features, uint poison, int released)
    {
        ModelDriver driver = Start(features, 0, 1, 2, 3, 4)[4];
        _transport.Write(0x10c, poison);
        driver.Add(TransportUnderTest.Buffers((RamStart + (1 << 20), 1 << 20, true)), 1);
        _transport.Notify(4);
        Assert.Equal(1, Drain(driver));
        Assert.Equal(released, _memory.Released.Count);
    }

    [Theory]
    [InlineData(All, new[] { 0, 1, 2, 3, 4 }, 4)]
    [InlineData(All & ~Hinting, new[] { 0, 1, 2, 3 }, 3)]
    [InlineData(All & ~Hinting, new[] { 0, 1, 2, 4 }, 4)]
    [InlineData(All & ~Statistics, new[] { 0, 1, 2, 3 }, 3)]
    [InlineData(All & ~Statistics, new[] { 0, 1, 3, 4 }, 4)]
    [InlineData(All & ~Statistics & ~Hinting, new[] { 0, 1, 2 }, 2)]
    [InlineData(All & ~Statistics & ~Hinting, new[] { 0, 1, 4 }, 4)]
    public void Drivers_that_number_their_queues_with_or_without_holes_are_understood(ulong features, int[] queues, int reporting)
    {
        ModelDriver[] drivers = Start(features, queues);
        for (int i = 0; i < queues.Length; i++)
        {
            _memory.Released.Clear();
            drivers[i].Add(TransportUnderTest.Buffers((RamStart + (1 << 20), 4096, true)), 1);
            _transport.Notify(queues[i]);
            Assert.Equal(queues[i] == reporting ? 1 : 0, _memory.Released.Count);
        }
    }

    [Fact]
    public void A_list_outside_memory_stops_the_device()
    {
        ModelDriver driver = Start(All, 0, 1, 2, 3, 4)[0];
        driver.Add(TransportUnderTest.Buffers((RamStart - 4096, 64, false)), 1);
        _transport.Notify(0);
        Assert.Equal(0x4fu, _transport.Status);
        Assert.Equal(0, Drain(driver));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_balloon_that_is_saved_in_the_middle_of_its_work_does_all_of_it_elsewhere(ulong format)
    {
        ModelDriver[] drivers = Start(All | format, 0, 1, 2, 3, 4);
        Tell(drivers[2], (4, 1000));
        _balloon.SetTarget(700, -1);
        uint[] pages = [.. Enumerable.Range(0, 700).Select(i => FirstPage + 256 + (uint)i)];
        _transport.Runner.MostTurns = 2;
        Give(drivers[0], 0, pages);
        Assert.Equal(0, Drain(drivers[0]));
        ulong[] words = new ulong[128];
        StateWriter writer = new(words);
        _transport.Transport.Save(ref writer);
        Assert.True(writer.IsComplete);

        _memory.Released.Clear();
        BalloonDevice copy = new(_memory);
        TransportUnderTest transport = new(copy);
        StateReader reader = new(words);
        Assert.True(transport.Transport.TryRestore(ref reader));
        transport.Transport.Resume();
        while (!transport.Transport.Work(-1))
        {
        }

        Assert.Equal(1, Drain(drivers[0]));
        Assert.Equal(700, _memory.Released.Count);
        Assert.Equal(700u, copy.Target);
        Assert.True(copy.Statistics.TryGet(BalloonStatistic.Free, out ulong free));
        Assert.Equal(1000ul, free);
        copy.AskForStatistics(-1);
        Assert.Equal(1, Drain(drivers[2]));
    }

    [Fact]
    public void Whatever_a_guest_gives_only_its_own_pages_are_released() =>
        Gen.UInt.Array[1, 300].Sample(pages =>
        {
            ByteMemory memory = new(RamStart, RamSize);
            BalloonDevice balloon = new(memory);
            TransportUnderTest transport = new(balloon);
            Assert.True(transport.Negotiate(All));
            ModelDriver driver = TransportUnderTest.MakeDriver(memory, All, Rings, 64);
            transport.SetUp(0, driver);
            transport.Start();
            pages = [.. pages.Select((page, i) => i % 2 == 0 ? page : FirstPage + 256 + (page % ((RamSize >> 12) - 256)))];
            Put(memory, pages);
            driver.Add(TransportUnderTest.Buffers((Data, (uint)(4 * pages.Length), false)), 1);
            transport.Notify(0);
            Assert.Equal(pages.Where(page => page - FirstPage < RamSize >> 12).Select(page => (ulong)page << 12).Order(), memory.Released.Order());
            Assert.Equal((uint)pages.Length, balloon.ReleasedPages + balloon.RefusedPages);
        }, iter: 100);

    private static void Put(ByteMemory memory, uint[] pages)
    {
        for (int i = 0; i < pages.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(memory.Bytes.AsSpan((int)(Data - RamStart) + (4 * i)), pages[i]);
        }
    }

    private static int Drain(ModelDriver driver)
    {
        int count = 0;
        while (driver.TryGetUsed(out _, out _))
        {
            count++;
        }

        driver.WantInterrupt(true, 0);
        return count;
    }

    private void Give(ModelDriver driver, int queue, uint[] pages)
    {
        Put(_memory, pages);
        List<ModelBuffer> buffers = [];
        for (int at = 0; at < pages.Length; at += 256)
        {
            buffers.Add(new ModelBuffer(Data + (ulong)(4 * at), (uint)(4 * Math.Min(256, pages.Length - at)), IsWritable: false));
        }

        driver.Add(buffers, buffers.Count);
        _transport.Notify(queue);
    }

    private void Tell(ModelDriver driver, params (ushort Tag, ulong Value)[] statistics)
    {
        const ulong place = Data + 0x4000;
        for (int i = 0; i < statistics.Length; i++)
        {
            Span<byte> at = _memory.Bytes.AsSpan((int)(place - RamStart) + (10 * i));
            BinaryPrimitives.WriteUInt16LittleEndian(at, statistics[i].Tag);
            BinaryPrimitives.WriteUInt64LittleEndian(at[2..], statistics[i].Value);
        }

        driver.Add(TransportUnderTest.Buffers((place, (uint)(10 * statistics.Length), false)), 1);
        _transport.Notify(2);
    }

    private ModelDriver[] Start(ulong features, params int[] queues)
    {
        Assert.True(_transport.Negotiate(features));
        ModelDriver[] drivers = new ModelDriver[queues.Length];
        for (int i = 0; i < queues.Length; i++)
        {
            drivers[i] = TransportUnderTest.MakeDriver(_memory, features, Rings + (RingStride * (ulong)i), 16);
            drivers[i].WantInterrupt(true, 0);
            _transport.SetUp(queues[i], drivers[i]);
        }

        _transport.Start();
        return drivers;
    }
}
