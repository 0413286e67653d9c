using System;
using SharpVisor.Devices.Virtio;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>What a driver must not do, one thing at a time: the queue breaks, and nothing of it is touched any more.</summary>
public sealed class VirtqueueRuleTests
{
    private const ulong RamStart = 0x4000_0000;
    private const ulong Ring = RamStart + 0x1000;
    private const ulong Driver = RamStart + 0x2000;
    private const ulong Device = RamStart + 0x3000;
    private const ulong Table = RamStart + 0x4000;
    private const ulong Data = RamStart + 0x8000;
    private const uint Size = 8;
    private const uint Next = 1;
    private const uint Write = 2;
    private const uint Indirect = 4;
    private const uint Available = 0x80;
    private const ulong Split = VirtioFeatures.Version1;
    private const ulong Packed = VirtioFeatures.Version1 | VirtioFeatures.PackedRing;
    private const ulong Tables = VirtioFeatures.IndirectDescriptors;

    private readonly ByteMemory _memory = new(RamStart, 1 << 16);
    private readonly DescriptorChain _chain = new(16);
    private Virtqueue _queue;

    public VirtqueueRuleTests() => _queue = Make(Split | Tables);

    public static TheoryData<ulong> Formats => [Split, Packed];

    [Fact]
    public void A_chain_that_runs_in_a_circle_breaks_the_queue()
    {
        Put(Ring, 0, Data, 4, Next, 1);
        Put(Ring, 1, Data, 4, Next, 0);
        Offer(0);
        ExpectBroken();
    }

    [Fact]
    public void A_chain_that_leads_out_of_the_table_breaks_the_queue()
    {
        Put(Ring, 0, Data, 4, Next, Size);
        Offer(0);
        ExpectBroken();
    }

    [Fact]
    public void A_head_outside_the_table_breaks_the_queue()
    {
        Offer((ushort)Size);
        ExpectBroken();
    }

    [Fact]
    public void More_requests_than_places_break_the_queue()
    {
        Put(Ring, 0, Data, 4, 0, 0);
        _memory.TryWriteUInt16(Driver + 2, (ushort)(Size + 1));
        ExpectBroken();
    }

    [Fact]
    public void An_index_that_goes_back_breaks_the_queue()
    {
        Put(Ring, 0, Data, 4, 0, 0);
        Offer(0);
        Assert.True(_queue.TryTake(_chain));
        _memory.TryWriteUInt16(Driver + 2, 0);
        ExpectBroken();
    }

    [Fact]
    public void Requests_made_while_all_places_are_in_work_break_the_queue()
    {
        Put(Ring, 0, Data, 4, 0, 0);
        _memory.TryWriteUInt16(Driver + 2, (ushort)Size);
        for (uint i = 0; i < Size; i++)
        {
            Assert.True(_queue.TryTake(_chain));
        }

        Assert.False(_queue.TryTake(_chain));
        Assert.False(_queue.IsBroken);
        _memory.TryWriteUInt16(Driver + 2, (ushort)(Size + 1));
        ExpectBroken();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Something_to_read_behind_something_to_write_breaks_the_queue(ulong features)
    {
        OfferChain(features, (Data, 4, Write), (Data, 4, 0));
        ExpectBroken();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void More_than_4_GiB_break_the_queue(ulong features)
    {
        OfferChain(features, (Data, 0x8000_0000, 0), (Data, 0x8000_0000, 0));
        ExpectBroken();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_piece_round_the_end_of_the_address_space_breaks_the_queue(ulong features)
    {
        OfferChain(features, (ulong.MaxValue - 100, 200, 0));
        ExpectBroken();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_piece_outside_memory_is_found_when_it_is_read(ulong features)
    {
        OfferChain(features, (RamStart - 4, 8, 0));
        Assert.True(_queue.TryTake(_chain));
        Assert.False(_chain.TryRead(_memory, new byte[8]));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_table_that_was_not_agreed_on_breaks_the_queue(ulong features)
    {
        OfferChain(features, (Table, 16, Indirect));
        ExpectBroken();
    }

    [Theory]
    [InlineData(Split, 0u, Indirect)]
    [InlineData(Split, 15u, Indirect)]
    [InlineData(Split, 17u, Indirect)]
    [InlineData(Packed, 0u, Indirect)]
    [InlineData(Packed, 24u, Indirect)]
    public void A_table_of_a_wrong_length_breaks_the_queue(ulong features, uint length, uint flags)
    {
        OfferChain(features | Tables, (Table, length, flags));
        ExpectBroken();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_table_within_a_table_breaks_the_queue(ulong features)
    {
        bool isPacked = features == Packed;
        Put(Table, 0, Data, 16, isPacked ? 0 : Indirect, isPacked ? Indirect : 0);
        OfferChain(features | Tables, (Table, 16, Indirect));
        ExpectBroken();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_table_that_is_not_the_last_breaks_the_queue(ulong features)
    {
        Put(Table, 0, Data, 16, 0, 0);
        OfferChain(features | Tables, (Table, 16, Indirect), (Data, 4, 0));
        ExpectBroken();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_table_outside_memory_breaks_the_queue(ulong features)
    {
        OfferChain(features | Tables, (RamStart + (1 << 16) - 16, 32, Indirect));
        ExpectBroken();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_table_of_more_descriptors_than_there_is_room_for_breaks_the_queue(ulong features)
    {
        for (uint i = 0; i < 17; i++)
        {
            Put(Table, i, Data, 16, features == Packed ? 0 : Next, features == Packed ? 0 : i + 1);
        }

        OfferChain(features | Tables, (Table, 17 * 16, Indirect));
        ExpectBroken();
    }

    [Fact]
    public void A_split_table_in_a_circle_breaks_the_queue()
    {
        Put(Table, 0, Data, 16, Next, 1);
        Put(Table, 1, Data, 16, Next, 0);
        OfferChain(Split | Tables, (Table, 32, Indirect));
        ExpectBroken();
    }

    [Fact]
    public void A_split_table_that_is_only_used_in_part_is_taken()
    {
        Put(Table, 0, Data, 16, Next, 30);
        Put(Table, 30, Data, 8, Write, 0);
        OfferChain(Split | Tables, (Table, 32 * 16, Indirect | Write));
        Assert.True(_queue.TryTake(_chain));
        Assert.Equal((16u, 8u), (_chain.Readable, _chain.Writable));
    }

    [Fact]
    public void A_packed_chain_of_more_than_a_lap_breaks_the_queue()
    {
        _queue = Make(Packed);
        for (uint i = 0; i < Size; i++)
        {
            Put(Ring, i, Data, 4, 0, Available | Next);
        }

        ExpectBroken();
    }

    [Fact]
    public void Packed_places_that_are_in_work_are_not_taken_again()
    {
        OfferChain(Packed, (Data, 4, 0), (Data, 4, 0), (Data, 4, 0), (Data, 4, 0), (Data, 4, 0), (Data, 4, 0), (Data, 4, 0), (Data, 4, 0));
        Assert.True(_queue.TryTake(_chain));
        Put(Ring, 0, Data, 4, 0, 0x8000);
        ExpectBroken();
    }

    [Theory]
    [InlineData(Split)]
    [InlineData(Packed)]
    [InlineData(Split | VirtioFeatures.EventIndex)]
    [InlineData(Packed | VirtioFeatures.EventIndex)]
    public void Rings_outside_memory_break_the_queue_wherever_they_begin(ulong features)
    {
        ulong[] good = [Ring, Driver, Device];
        int broken = 0;
        for (int which = 0; which < 3; which++)
        {
            foreach (ulong bad in new[] { 0ul, RamStart + (1 << 16), RamStart - 16, ulong.MaxValue - 15 })
            {
                ulong[] areas = [.. good];
                areas[which] = bad;
                _queue = new Virtqueue(_memory, Size);
                _queue.Reset();
                Assert.True(_queue.TryEnable(Size, areas[0], areas[1], areas[2], features));
                Array.Clear(_memory.Bytes);
                Put(Ring, 0, Data, 4, 0, features == Split ? 0 : Available);
                Offer(0);
                if (_queue.TryTake(_chain))
                {
                    _queue.Complete(_chain.Ticket, 0);
                    _queue.Publish();
                    _queue.Ignore();
                    _queue.Watch();
                }

                broken += _queue.IsBroken ? 1 : 0;
            }
        }

        Assert.Equal(12, broken);
    }

    [Fact]
    public void What_was_never_taken_is_not_given_back()
    {
        _queue.Complete(new QueueTicket(3, 1), 5);
        _queue.Publish();
        Assert.True(_memory.TryReadUInt16(Device + 2, out ushort used));
        Assert.Equal(0, used);
        Assert.False(_queue.WantsInterrupt);
    }

    [Fact]
    public void A_request_costs_few_looks_into_memory()
    {
        foreach ((ulong features, int most) in new[] { (Split, 7), (Packed, 5) })
        {
            Array.Clear(_memory.Bytes);
            for (uint i = 0; i < 4; i++)
            {
                Put(Table, i, Data, 16, features == Split && i < 3 ? Next | Write : Write, features == Split ? i + 1 : Write);
            }

            OfferChain(features | Tables | VirtioFeatures.EventIndex, (Table, 64, Indirect));
            int before = _memory.Done;
            Assert.True(_queue.TryTake(_chain));
            _queue.Complete(_chain.Ticket, 0);
            _queue.Publish();
            Assert.InRange(_memory.Done - before, 1, most);
        }
    }

    private Virtqueue Make(ulong features)
    {
        Virtqueue queue = new(_memory, Size);
        queue.Reset();
        Assert.True(queue.TryEnable(Size, Ring, Driver, Device, features));
        return queue;
    }

    /// <summary>Flags and next index of a split descriptor; id and flags of a packed one.</summary>
    private void Put(ulong table, uint index, ulong address, uint length, uint low, uint high)
    {
        ulong at = table + (16 * index);
        _memory.TryWriteUInt64(at, address);
        _memory.TryWriteUInt32(at + 8, length);
        _memory.TryWriteUInt32(at + 12, low | (high << 16));
    }

    private void Offer(ushort head)
    {
        _memory.TryReadUInt16(Driver + 2, out ushort index);
        _memory.TryWriteUInt16(Driver + 4 + (2ul * (index % Size)), head);
        _memory.TryWriteUInt16(Driver + 2, (ushort)(index + 1));
    }

    private void OfferChain(ulong features, params (ulong Address, uint Length, uint Flags)[] pieces)
    {
        _queue = Make(features);
        for (uint i = 0; i < (uint)pieces.Length; i++)
        {
            (ulong address, uint length, uint flags) = pieces[i];
            flags |= i + 1 < (uint)pieces.Length ? Next : 0;
            if ((features & VirtioFeatures.PackedRing) != 0)
            {
                Put(Ring, i, address, length, 7, flags | Available);
            }
            else
            {
                Put(Ring, i, address, length, flags, i + 1);
            }
        }

        Offer(0);
    }

    private void ExpectBroken()
    {
        byte[] before = [.. _memory.Bytes];
        Assert.False(_queue.TryTake(_chain));
        Assert.True(_queue.IsBroken);
        int done = _memory.Done;
        Assert.False(_queue.TryTake(_chain));
        _queue.Complete(default, 0);
        _queue.Publish();
        _queue.Watch();
        _queue.Ignore();
        Assert.Equal(done, _memory.Done);
        Assert.Equal(before, _memory.Bytes);
    }
}
