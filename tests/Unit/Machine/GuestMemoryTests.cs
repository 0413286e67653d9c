using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using CsCheck;
using SharpVisor.Machine.Ram;
using SharpVisor.Memory;
using Xunit;

namespace SharpVisor.Tests.Unit.Machine;

public sealed class GuestMemoryTests : IDisposable
{
    private const ulong Page = 0x1000;
    private const ulong Chunk = 16 * Page;
    private const ulong Block = 512 * Page;
    private const ulong MiB = 1ul << 20;
    private const ulong Start = MemoryMachine.Start;

    private readonly MemoryMachine _machine = new(32 * MiB);

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Nothing_is_there_until_it_is_touched()
    {
        GuestMemory memory = _machine.Make(8 * MiB, 8 * MiB);
        Assert.Equal(0ul, memory.Present);
        Assert.Equal(MemoryOutcome.Present, memory.Provide(Start + 5, isWrite: false));
        Assert.Equal(Block, memory.Present);
        Assert.Equal(MemoryOutcome.NotRam, memory.Provide(Start - 1, isWrite: false));
        Assert.Equal(MemoryOutcome.NotRam, memory.Provide(Start + (8 * MiB), isWrite: false));
    }

    [Fact]
    public void What_another_has_left_is_not_found()
    {
        GuestMemory first = _machine.Make(8 * MiB, 8 * MiB);
        byte[] secret = new byte[(int)Block];
        Array.Fill(secret, (byte)0x5a);
        for (ulong block = 0; block < 8 * MiB; block += Block)
        {
            Assert.True(first.TryWrite(Start + block, secret));
        }

        _machine.Release(first);
        foreach ((ulong size, ulong guarantee) in ((ulong, ulong)[])[(16 * MiB, 16 * MiB), (MiB, MiB), (8 * MiB, 0)])
        {
            GuestMemory second = _machine.Make(size, guarantee);
            byte[] all = new byte[(int)size];
            Assert.True(second.TryRead(Start, all));
            Assert.Equal(-1, all.AsSpan().IndexOfAnyExcept((byte)0));
            _machine.Release(second);
        }
    }

    [Fact]
    public void Memory_comes_in_blocks_where_there_is_plenty_and_in_chunks_where_a_block_does_not_fit()
    {
        GuestMemory small = _machine.Make(MiB, MiB);
        small.Provide(Start, isWrite: true);
        Assert.Equal(Chunk, small.Present);
        GuestMemory odd = _machine.Make(MiB + (3 * Page), MiB + (3 * Page));
        odd.Provide(Start + MiB, isWrite: true);
        Assert.Equal(Page, odd.Present);
        GuestMemory poor = _machine.Make(8 * MiB, 0);
        poor.Provide(Start, isWrite: true);
        Assert.Equal(Chunk, poor.Present);
    }

    [Fact]
    public void A_released_page_reads_as_zeros_and_takes_no_memory()
    {
        GuestMemory memory = _machine.Make(8 * MiB, 8 * MiB);
        Assert.True(memory.TryWriteUInt64(Start + (3 * Page), 42));
        Assert.True(memory.TryWriteUInt64(Start + (4 * Page), 43));
        ulong free = _machine.Pages.FreeBytes;
        Assert.True(memory.TryRelease(Start + (3 * Page), Page));
        Assert.Equal(Block - Page, memory.Present);
        Assert.Equal(free, _machine.Pages.FreeBytes); // the table for the rest of the block
        Assert.True(memory.TryRelease(Start + (3 * Page), Page));
        Assert.False(memory.TryRelease(Start + (3 * Page) + 8, Page));
        Assert.False(memory.TryRelease(Start - Page, Page));
        Assert.False(memory.TryRelease(Start + (8 * MiB), Page));
        Assert.True(memory.TryReadUInt64(Start + (3 * Page), out ulong value) && value == 0);
        Assert.True(memory.TryReadUInt64(Start + (4 * Page), out value) && value == 43);
        Assert.True(memory.TryRelease(Start, Block));
        Assert.Equal(0ul, memory.Present);
        Assert.Equal(free + Block, _machine.Pages.FreeBytes);
    }

    [Fact]
    public void Numbers_at_any_address_are_read_and_written_as_bytes_are()
    {
        GuestMemory memory = _machine.Make(MiB, MiB);
        Gen.Select(Gen.ULong[0, (2 * Page) - 8], Gen.ULong, Gen.Int[0, 2]).Sample((offset, value, width) =>
        {
            ulong address = Start + offset;
            byte[] bytes = new byte[8];
            Assert.True(memory.TryWrite(address, bytes));
            Assert.True(width switch
            {
                0 => memory.TryWriteUInt16(address, (ushort)value),
                1 => memory.TryWriteUInt32(address, (uint)value),
                _ => memory.TryWriteUInt64(address, value),
            });
            Assert.True(memory.TryRead(address, bytes));
            ulong expected = value & (ulong.MaxValue >> (64 - (16 << width)));
            Assert.Equal(expected, BitConverter.ToUInt64(bytes));
            Assert.True(memory.TryReadUInt16(address, out ushort half) && half == (ushort)expected);
            Assert.True(memory.TryReadUInt32(address, out uint word) && word == (uint)expected);
            Assert.True(memory.TryReadUInt64(address, out ulong whole) && whole == expected);
        }, iter: 500, threads: 1);
    }

    [Fact]
    public void Ranges_that_leave_memory_are_refused_whole()
    {
        GuestMemory memory = _machine.Make(MiB, MiB);
        Assert.False(memory.TryWrite(Start + MiB - 4, new byte[8]));
        Assert.False(memory.TryRead(Start - 4, new byte[8]));
        Assert.False(memory.TryLoad(Start + MiB - 4, new byte[8]));
        Assert.False(memory.TryReadUInt64(Start + MiB - 4, out _));
        Assert.False(memory.TryWriteUInt32(ulong.MaxValue - 3, 1));
        Assert.Equal(0ul, memory.Present);
        Assert.True(memory.TryRead(Start + MiB, []));
    }

    [Fact]
    public void Loading_takes_whole_blocks_where_it_fills_them_and_little_beside()
    {
        GuestMemory memory = _machine.Make(16 * MiB, 16 * MiB);
        byte[] image = new byte[(int)Block + 5000];
        new Random(1).NextBytes(image);
        Assert.True(memory.TryLoad(Start + Block, image));
        Assert.Equal(Block + Chunk, memory.Present);
        byte[] back = new byte[image.Length + 100];
        Assert.True(memory.TryRead(Start + Block, back));
        Assert.Equal([.. image, .. new byte[100]], back);
    }

    [Fact]
    public void A_guarantee_is_kept_whatever_others_take()
    {
        GuestMemory guaranteed = _machine.Make(8 * MiB, 8 * MiB);
        GuestMemory greedy = _machine.Make(64 * MiB, 0);
        ulong address = Start;
        while (greedy.Provide(address, isWrite: true) == MemoryOutcome.Present)
        {
            address += Page;
        }

        Assert.False(_machine.TryMake(MiB, MiB, out _));
        Assert.Equal(MemoryOutcome.NoMemory, greedy.Provide(address, isWrite: true));
        for (ulong page = 8 * MiB; page != 0;)
        {
            page -= Page;
            Assert.Equal(MemoryOutcome.Present, guaranteed.Provide(Start + page, isWrite: true));
        }

        Assert.True(guaranteed.TryRelease(Start + (5 * Page), Page));
        Assert.Equal(MemoryOutcome.NoMemory, greedy.Provide(address, isWrite: true));
        Assert.Equal(MemoryOutcome.Present, guaranteed.Provide(Start + (5 * Page), isWrite: false));
        Assert.True(greedy.TryRelease(Start, Chunk));
        Assert.Equal(MemoryOutcome.Present, greedy.Provide(address, isWrite: true));
    }

    [Fact]
    public void Who_is_asked_to_give_may_borrow_some_pages_and_pays_them_back_before_others_get_any()
    {
        GuestMemory asked = _machine.Make(32 * MiB, 0);
        GuestMemory greedy = _machine.Make(64 * MiB, 0);
        Assert.True(asked.TryLoad(Start, new byte[64 * Page]));
        ulong address = ProvideAll(greedy, Start);
        ulong place = ProvideAll(asked, Start + (64 * Page));
        ulong present = asked.Present;
        asked.MayBorrow = true;
        Assert.InRange(ProvideAll(asked, place) - place, MiB - (2 * Page), MiB); // a table or two are of it
        Assert.True(asked.TryRelease(place, asked.Present - present));
        Assert.Equal(MemoryOutcome.NoMemory, greedy.Provide(address, isWrite: true));
        Assert.True(asked.TryRelease(Start, 64 * Page));
        Assert.Equal(MemoryOutcome.Present, greedy.Provide(address, isWrite: true));
        asked.MayBorrow = false;
        ProvideAll(greedy, address);
        Assert.InRange(ProvideAll(asked, place) - place, 0ul, 63 * Page); // what is promised to it, no more
    }

    /// <summary>Takes page after page until there are none. Returns where it ended.</summary>
    private static ulong ProvideAll(GuestMemory memory, ulong address)
    {
        while (memory.Provide(address, isWrite: true) == MemoryOutcome.Present)
        {
            address += Page;
        }

        return address;
    }

    [Fact]
    public void Pages_of_devices_are_mapped_beside_memory_only()
    {
        GuestMemory memory = _machine.Make(MiB, MiB);
        Assert.True(memory.TryMapDevicePages(0x0b00_0000, 0x1000, Page, Stage2Attributes.Device));
        Assert.False(memory.TryMapDevicePages(Start, 0x1000, Page, Stage2Attributes.Device));
        Assert.False(memory.TryMapDevicePages(Start - Page, 0x1000, 2 * Page, Stage2Attributes.Device));
        Assert.True(memory.TryUnmapDevicePages(0x0b00_0000, Page));
        Assert.Equal(0ul, memory.Present);
    }

    [Fact]
    public void Equal_pages_become_one_and_a_write_parts_them()
    {
        _machine.Share = true;
        GuestMemory first = _machine.Make(4 * MiB, 4 * MiB);
        GuestMemory second = _machine.Make(4 * MiB, 4 * MiB);
        byte[] page = new byte[(int)Page];
        Array.Fill(page, (byte)7);
        first.TryWrite(Start, page);
        second.TryWrite(Start + Page, page);
        _machine.Sharing.Step(5000);
        Assert.Equal((Page, Page), (first.Shared, second.Shared));
        Assert.Equal((Page, Page), (first.Present, second.Present)); // the zeros around them were given back
        Assert.Equal(Page, _machine.Sharing.SharedBytes);
        Assert.True(second.TryWriteUInt16(Start + Page, 1));
        Assert.True(first.TryReadUInt16(Start, out ushort value) && value == 0x0707);
        Assert.True(second.TryReadUInt16(Start + Page, out value) && value == 1);
        Assert.Equal((Page, 0ul), (first.Shared, second.Shared));
        Assert.True(first.TryWriteUInt16(Start, 2));
        Assert.Equal((0ul, 0ul), (first.Shared, _machine.Sharing.SharedBytes));
    }

    [Fact]
    public void Who_does_not_allow_it_shares_nothing()
    {
        GuestMemory alone = _machine.Make(2 * MiB, 2 * MiB);
        _machine.Share = true;
        GuestMemory first = _machine.Make(2 * MiB, 2 * MiB);
        foreach (GuestMemory memory in (GuestMemory[])[alone, first])
        {
            memory.TryWriteUInt64(Start, 77);
        }

        _machine.Sharing.Step(5000);
        Assert.Equal((0ul, 0ul, 2 * MiB), (first.Shared, alone.Shared, alone.Present));
    }

    [Fact]
    public void Any_life_of_several_memories_keeps_contents_and_counts()
    {
        Gen<(int Kind, int Which, int Place, int Value, int Count)> operation = Gen.Select(
            Gen.Int[0, 11], Gen.Int[0, 3], Gen.Int[0, 63], Gen.Int[0, 3], Gen.Int[1, 40]);
        operation.Array[0, 250].Sample(operations =>
        {
            using var machine = new MemoryMachine(6 * MiB) { Share = true };
            using var model = new MemoryModel(machine);
            foreach ((int kind, int which, int place, int value, int count) in operations)
            {
                model.Do(kind, which, place, (ulong)value, count);
            }

            model.Finish();
        }, iter: 300, threads: 1);
    }
}
