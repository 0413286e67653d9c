using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using CsCheck;
using SharpVisor.Devices.Virtio;
using SharpVisor.Storage;
using SharpVisor.Tests.Unit.Storage;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>The block device as a driver sees it, against a plain array of bytes.</summary>
public sealed class BlockTests
{
    private const ulong RamStart = 0x4000_0000;
    private const ulong Ring = RamStart + 0x1000;
    private const ulong Headers = RamStart + 0x8000;
    private const ulong Data = RamStart + 0x1_0000;
    private const uint RoomForData = 0x8000;
    private const int Places = 16;
    private const int Sectors = 256;
    private const byte Unwritten = 0xee;

    private readonly ByteMemory _memory = new(RamStart, 0x10_0000);
    private readonly HostDisk _disk = new(Sectors);
    private readonly TransportUnderTest _transport;
    private readonly BlockDevice _device;
    private ModelDriver _driver = null!;

    public BlockTests()
    {
        _device = BlockUnderTest.Make(_memory, _disk, 2);
        _transport = new TransportUnderTest(_device);
    }

    [Fact]
    public void It_says_what_disk_it_is()
    {
        Assert.Equal(2u, _transport.Read(0x08));
        Assert.Equal(VirtioFeatures.Transport | 0x7e46, _transport.OfferedFeatures());
        Assert.Equal((ulong)Sectors, _transport.Read(0x100) | ((ulong)_transport.Read(0x104) << 32));
        Assert.Equal(126u, _transport.Read(0x10c));
        Assert.Equal(512u, _transport.Read(0x114));
        Assert.Equal(2ul, _transport.Transport.Read(0x122, 2));
        Assert.Equal(64u, _transport.Read(0x124));
        Assert.Equal(0u, _transport.Read(0x140));
    }

    [Fact]
    public void What_is_withheld_is_not_offered_but_version_1_always_is()
    {
        TransportUnderTest transport = new(BlockUnderTest.Make(_memory, _disk, 1, withheld: ulong.MaxValue));
        Assert.Equal(VirtioFeatures.Version1, transport.OfferedFeatures());
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(VirtioFeatures.EventIndex | VirtioFeatures.IndirectDescriptors)]
    [InlineData(VirtioFeatures.PackedRing)]
    [InlineData(VirtioFeatures.PackedRing | VirtioFeatures.EventIndex | VirtioFeatures.IndirectDescriptors)]
    public void Requests_that_end_in_any_order_do_what_they_say(ulong format) =>
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, Sectors + 2], Gen.Int[0, 20], Gen.ULong).Array[1, 80]
            .Sample(steps => new BlockTests().Check(steps, format), iter: 60, threads: 1);

    [Fact]
    public void Its_serial_number_is_read_as_text_with_zeros_behind()
    {
        Start(0);
        Ask(8, 0, (Data, 20, true));
        Assert.Equal("host-disk", Encoding.ASCII.GetString(_memory.Bytes.AsSpan(0x1_0000, 20)).TrimEnd('\0'));
        Assert.Equal(0, Finish());
    }

    [Theory]
    [InlineData(77u, 0ul, 0u, 2)]
    [InlineData(0u, (ulong)Sectors, 512u, 1)]
    [InlineData(0u, ulong.MaxValue, 512u, 1)]
    [InlineData(0u, 0ul, 511u, 1)]
    [InlineData(0u, 0ul, 0u, 0)]
    public void What_cannot_be_is_answered_with_its_status(uint kind, ulong sector, uint length, int status)
    {
        Start(0);
        Ask(kind, sector, (Data, length, true));
        Assert.Equal(status, Finish());
        Assert.Equal(0, _disk.Waiting);
    }

    [Theory]
    [InlineData(11u, 0ul, 65u, 0u, 1)]
    [InlineData(11u, (ulong)Sectors, 1u, 0u, 1)]
    [InlineData(11u, 0ul, 8u, 1u, 2)]
    [InlineData(13u, 0ul, 8u, 1u, 0)]
    [InlineData(13u, 0ul, 8u, 2u, 2)]
    [InlineData(13u, 0ul, 0u, 0u, 0)]
    public void A_discard_has_bounds_and_no_flags_that_it_does_not_know(uint kind, ulong sector, uint sectors, uint flags, int status)
    {
        Start(BlockFeatures.Discard | BlockFeatures.WriteZeroes);
        Span<byte> segment = _memory.Bytes.AsSpan(0x1_0000);
        BinaryPrimitives.WriteUInt64LittleEndian(segment, sector);
        BinaryPrimitives.WriteUInt32LittleEndian(segment[8..], sectors);
        BinaryPrimitives.WriteUInt32LittleEndian(segment[12..], flags);
        Ask(kind, 0, (Data, 16, false));
        _disk.EndAll();
        Assert.Equal(status, Finish());
    }

    [Fact]
    public void Data_outside_memory_is_an_error_and_a_status_outside_stops_the_device()
    {
        Start(0);
        Ask(0, 0, (RamStart + 0x10_0000 - 256, 512, true));
        _disk.EndAll();
        Assert.Equal(1, Finish());
        _driver.Add(TransportUnderTest.Buffers((Headers, 16, false), (RamStart + 0x10_0000, 1, true)), 2);
        _transport.Notify(0);
        _disk.EndAll();
        Assert.Equal(0x4fu, _transport.Status);
    }

    [Fact]
    public void A_request_without_a_header_or_a_status_stops_the_device()
    {
        Start(0);
        _driver.Add(TransportUnderTest.Buffers((Headers, 15, false), (Headers + 16, 1, true)), 2);
        _transport.Notify(0);
        Assert.Equal(0x4fu, _transport.Status);
        Assert.False(_device.IsBusy);
    }

    [Fact]
    public void A_disk_that_is_read_only_refuses_every_change()
    {
        TransportUnderTest transport = new(BlockUnderTest.Make(_memory, _disk, 1, isReadOnly: true));
        Assert.Equal(BlockFeatures.ReadOnly, transport.OfferedFeatures() & (BlockFeatures.ReadOnly | BlockFeatures.Discard | BlockFeatures.WriteZeroes));
        Start(0, transport);
        Ask(1, 0, (Data, 512, false));
        Assert.Equal(0, _disk.Waiting);
        Assert.Equal(1, Finish());
    }

    [Theory]
    [InlineData(0ul, 1)]
    [InlineData(BlockFeatures.Flush, 0)]
    [InlineData(BlockFeatures.Flush | BlockFeatures.ConfigWriteback, 0)]
    public void A_write_is_flushed_where_the_driver_does_not_flush(ulong features, int flushes)
    {
        Start(features);
        Ask(1, 0, (Data, 512, false));
        _disk.EndAll();
        Assert.Equal(0, Finish());
        Assert.Equal(flushes, _disk.Flushes);
    }

    [Fact]
    public void The_driver_chooses_whether_writes_are_kept_back()
    {
        Start(BlockFeatures.Flush | BlockFeatures.ConfigWriteback);
        Assert.Equal(1ul, _transport.Transport.Read(0x120, 1));
        _transport.Transport.Write(0, 0x120, 1, 0);
        Assert.Equal(0ul, _transport.Transport.Read(0x120, 1));
        Ask(1, 0, (Data, 512, false));
        _disk.EndAll();
        Assert.Equal(1, _disk.Flushes);
    }

    [Fact]
    public void Another_size_is_told()
    {
        Start(0);
        uint generation = _transport.Read(0xfc);
        _device.ResizeTo(0x1_0000_0001, -1);
        Assert.Equal(2u, _transport.InterruptStatus & 2);
        Assert.NotEqual(generation, _transport.Read(0xfc));
        Assert.Equal((1u, 1u), (_transport.Read(0x100), _transport.Read(0x104)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_on_its_way_at_a_reset_ends_before_anything_else_and_touches_no_memory(bool onlyQueue)
    {
        Start(VirtioFeatures.RingReset);
        Ask(0, 0, (Data, 512, true));
        Assert.Equal(1, _disk.Waiting);
        Assert.True(_device.IsBusy);
        if (onlyQueue)
        {
            _transport.Write(0x30, 0);
            _transport.Write(0xc0, 1);
        }

        _disk.Bytes.AsSpan().Fill(0x55);
        Array.Clear(_memory.Bytes);
        if (onlyQueue)
        {
            _driver = TransportUnderTest.MakeDriver(_memory, VirtioFeatures.Version1, Ring, Places);
            _transport.SetUp(0, _driver);
        }
        else
        {
            Start(0);
        }

        Ask(1, 8, (Data, 512, false));
        Assert.Equal(1, _disk.Waiting); // the new one waits
        _disk.End(1, 0);
        Assert.Equal(0, _memory.Bytes[0x1_0000]);
        Assert.Equal(1, _disk.Waiting);
        _disk.EndAll();
        Assert.Equal(0, Finish());
        Assert.False(_device.IsBusy);
        Assert.Equal(0, _disk.Bytes[8 * 512]);
    }

    [Fact]
    public void More_requests_than_slots_wait_in_the_queue_and_all_end()
    {
        Start(0);
        List<int> ids = [];
        for (int i = 0; i < 5; i++)
        {
            ids.Add(_driver.Add(TransportUnderTest.Buffers((Header(i, 0, (ulong)i), 16, false), (Data + (ulong)(i * 512), 512, true), (Headers + 0x1000 + (ulong)i, 1, true)), 3));
        }

        _transport.Notify(0);
        _disk.EndAll();
        int used = 0;
        while (_driver.TryGetUsed(out _, out uint written))
        {
            Assert.Equal(513u, written);
            used++;
        }

        Assert.Equal(ids.Count, used);
        Assert.Equal(5ul, _device.GetStatistic(BlockStatistic.Reads));
        Assert.Equal(5ul, _device.GetStatistic(BlockStatistic.ReadSectors));
    }

    [Fact]
    public void A_request_larger_than_a_turn_is_done_in_several_turns()
    {
        byte[] contents = GC.AllocateArray<byte>(4 << 20, pinned: true);
        new Random(1).NextBytes(contents);
        ByteMemory memory = new(RamStart, 5 << 20);
        unsafe
        {
            fixed (byte* start = contents)
            {
                BlockDevice device = BlockUnderTest.Make(memory, new SharpVisor.Storage.MemoryDisk((ulong)start, 8192, isReadOnly: true), 1);
                TransportUnderTest transport = new(device);
                Assert.True(transport.Negotiate(VirtioFeatures.Version1));
                ModelDriver driver = TransportUnderTest.MakeDriver(memory, VirtioFeatures.Version1, Ring, Places);
                transport.SetUp(0, driver);
                transport.Start();
                driver.Add(TransportUnderTest.Buffers((Headers, 16, false), (RamStart + (1 << 20), 4 << 20, true), (Headers + 16, 1, true)), 3);
                int before = transport.Runner.Turns;
                transport.Notify(0);
                Assert.InRange(transport.Runner.Turns - before, 4, 100);
                Assert.True(memory.Bytes.AsSpan(1 << 20).SequenceEqual(contents));
                Assert.False(device.IsBusy);
            }
        }
    }

    [Fact]
    public void A_saved_device_goes_on_where_it_was()
    {
        Start(BlockFeatures.Flush | BlockFeatures.ConfigWriteback);
        _transport.Transport.Write(0, 0x120, 1, 0);
        Ask(0, 3, (Data, 1024, true));
        _disk.EndAll();
        Assert.Equal(0, Finish());
        ulong[] words = new ulong[64];
        StateWriter writer = new(words);
        _transport.Transport.Save(ref writer);
        Assert.True(writer.IsComplete);

        BlockDevice other = BlockUnderTest.Make(_memory, _disk, 2);
        TransportUnderTest transport = new(other);
        StateReader reader = new(words);
        Assert.True(transport.Transport.TryRestore(ref reader));
        Assert.Equal(0ul, transport.Transport.Read(0x120, 1));
        Assert.Equal(2ul, other.GetStatistic(BlockStatistic.ReadSectors));
        _memory.Bytes[0x9000] = Unwritten;
        _driver.Add(TransportUnderTest.Buffers((Header(0, 0, 5), 16, false), (Data, 512, true), (Headers + 0x1000, 1, true)), 3);
        transport.Notify(0);
        _disk.EndAll();
        Assert.Equal(0, Finish());

        TransportUnderTest smaller = new(BlockUnderTest.Make(_memory, new HostDisk(Sectors - 1), 2));
        reader = new(words);
        Assert.False(smaller.Transport.TryRestore(ref reader));
    }

    private void Check((int Kind, int Sector, int Count, ulong Random)[] steps, ulong format)
    {
        Start(format | BlockFeatures.Flush | BlockFeatures.Discard | BlockFeatures.WriteZeroes);
        new Random(3).NextBytes(_disk.Bytes);
        byte[] model = [.. _disk.Bytes];
        Dictionary<int, Action> open = [];
        HashSet<int> touched = [];
        int place = 0;
        foreach ((int kind, int sector, int count, ulong random) in steps)
        {
            _disk.LongestRun = (uint)(random % 7) + 1;
            if (kind == 7 || _driver.Free < 4 || place == 8 || touched.Contains(sector / 24))
            {
                _disk.End(1 + (int)(random % 3), random >> 8);
                if (kind == 7 || touched.Contains(sector / 24) || place == 8)
                {
                    _disk.EndAll();
                    Collect(open);
                    touched.Clear();
                    place = 0;
                }

                continue;
            }

            // Requests that are open together do not touch the same sectors: nobody promises an order among them.
            int first = Math.Min(sector, Sectors - 1) / 24 * 24;
            int sectors = Math.Min(count, Math.Min(24, Sectors - first));
            touched.Add(sector / 24);
            touched.Add(first / 24);
            ulong data = Data + ((ulong)place * RoomForData);
            int at = 0x1_0000 + (place * (int)RoomForData);
            byte[] expected = model.AsSpan(first * 512, sectors * 512).ToArray();
            int slot = place++;
            _memory.Bytes[0x9000 + slot] = Unwritten;
            List<ModelBuffer> buffers = [];
            Action check = () => Assert.Equal(0, _memory.Bytes[0x9000 + slot]);
            if (kind <= 2)
            {
                Split(buffers, data, sectors * 512, isWritable: true, random);
                check += () => Assert.True(_memory.Bytes.AsSpan(at, expected.Length).SequenceEqual(expected));
            }
            else if (kind <= 4)
            {
                Span<byte> bytes = _memory.Bytes.AsSpan(at, sectors * 512);
                new Random((int)random).NextBytes(bytes);
                bytes.CopyTo(model.AsSpan(first * 512));
                Split(buffers, data, sectors * 512, isWritable: false, random);
            }
            else
            {
                BinaryPrimitives.WriteUInt64LittleEndian(_memory.Bytes.AsSpan(at), (ulong)first);
                BinaryPrimitives.WriteUInt64LittleEndian(_memory.Bytes.AsSpan(at + 8), (uint)sectors);
                model.AsSpan(first * 512, sectors * 512).Clear();
                buffers.Add(new ModelBuffer(data, 16, false));
            }

            uint type = kind <= 2 ? 0u : kind <= 4 ? 1u : kind == 5 ? 11u : 13u;
            buffers.Insert(0, new ModelBuffer(Header(slot, type, (ulong)first), 16, false));
            buffers.Add(new ModelBuffer(Headers + 0x1000 + (ulong)slot, 1, true));
            bool hasTables = (format & VirtioFeatures.IndirectDescriptors) != 0;
            open.Add(_driver.Add(buffers, hasTables ? 0 : buffers.Count), check);
            if (_driver.MustNotify())
            {
                _transport.Notify(0);
            }
        }

        _disk.EndAll();
        Collect(open);
        Assert.Empty(open);
        Assert.False(_device.IsBusy);
        Assert.True(_disk.Bytes.AsSpan().SequenceEqual(model));
        Assert.Equal(0xfu, _transport.Status);
    }

    /// <summary>Up to three pieces, not of whole sectors.</summary>
    private static void Split(List<ModelBuffer> buffers, ulong address, int length, bool isWritable, ulong random)
    {
        int first = length == 0 ? 0 : (int)(random % (ulong)length);
        if (first != 0)
        {
            buffers.Add(new ModelBuffer(address, (uint)first, isWritable));
        }

        if (length != first)
        {
            buffers.Add(new ModelBuffer(address + (ulong)first, (uint)(length - first), isWritable));
        }
    }

    private void Collect(Dictionary<int, Action> open)
    {
        while (_driver.TryGetUsed(out int id, out _))
        {
            Assert.True(open.Remove(id, out Action? check));
            check!();
        }
    }

    private ulong Header(int place, uint kind, ulong sector)
    {
        ulong address = Headers + ((ulong)place * 16);
        Span<byte> bytes = _memory.Bytes.AsSpan((int)(address - RamStart));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, kind);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], sector);
        return address;
    }

    private void Ask(uint kind, ulong sector, (ulong Address, uint Length, bool IsWritable) data)
    {
        _memory.Bytes[0x9000] = Unwritten;
        List<ModelBuffer> buffers = TransportUnderTest.Buffers((Header(0, kind, sector), 16, false));
        if (data.Length != 0)
        {
            buffers.Add(new ModelBuffer(data.Address, data.Length, data.IsWritable));
        }

        buffers.Add(new ModelBuffer(Headers + 0x1000, 1, true));
        _driver.Add(buffers, buffers.Count);
        _notified.Notify(0);
    }

    private int Finish()
    {
        Assert.True(_driver.TryGetUsed(out _, out _));
        return _memory.Bytes[0x9000];
    }

    private TransportUnderTest _notified = null!;

    private void Start(ulong features, TransportUnderTest? transport = null)
    {
        _notified = transport ?? _transport;
        Assert.True(_notified.Negotiate(VirtioFeatures.Version1 | features));
        _driver = TransportUnderTest.MakeDriver(_memory, VirtioFeatures.Version1 | features, Ring, Places);
        _notified.SetUp(0, _driver);
        _notified.Start();
    }
}
