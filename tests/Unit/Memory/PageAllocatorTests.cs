using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using CsCheck;
using SharpVisor.Memory;
using Xunit;

namespace SharpVisor.Tests.Unit.Memory;

public sealed unsafe class PageAllocatorTests : IDisposable
{
    private const ulong Page = 0x1000;
    private const int Pages = 512;

    private readonly ulong _memory = (ulong)NativeMemory.AlignedAlloc((nuint)(Pages * Page), (nuint)(Pages * Page));

    public void Dispose() => NativeMemory.AlignedFree((void*)_memory);

    [Fact]
    public void All_memory_but_the_bits_is_free_at_the_beginning()
    {
        PageAllocator allocator = Begin((0, Pages));
        Assert.Equal((Pages - 1) * Page, allocator.FreeBytes);
        Assert.Equal(allocator.FreeBytes, allocator.GetLargestRun());
    }

    [Fact]
    public void Nothing_begins_without_memory() => Assert.False(new PageAllocator(4).TryBegin());

    [Fact]
    public void Before_the_beginning_runs_come_from_the_extents()
    {
        var allocator = new PageAllocator(4);
        allocator.TryAdd(_memory, Pages * Page);
        Assert.True(allocator.TryAllocate(3 * Page, 4 * Page, out ulong address));
        Assert.Equal(_memory, address);
        Assert.True(allocator.TryBegin());
        Assert.Equal((Pages - 4) * Page, allocator.FreeBytes);
        allocator.Free(address, 3 * Page);
        Assert.Equal((Pages - 1) * Page, allocator.FreeBytes);
        Assert.False(allocator.TryAdd(_memory, Page));
        Assert.False(allocator.TryReserve(_memory, Page));
    }

    [Fact]
    public void Zeroed_memory_is_zero_over_its_whole_length()
    {
        new Span<byte>((void*)_memory, Pages * (int)Page).Fill(0xcc);
        PageAllocator allocator = Begin((0, Pages));
        Assert.True(allocator.TryAllocateZeroed(256 * Page, 256 * Page, out ulong address));
        Assert.Equal(-1, new Span<byte>((void*)address, 256 * (int)Page).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void A_run_of_no_block_size_leaves_its_rest_free()
    {
        PageAllocator allocator = Begin((0, Pages));
        Assert.True(allocator.TryAllocate(33 * Page, Page, out ulong address));
        Assert.Equal((Pages - 1 - 33) * Page, allocator.FreeBytes);
        for (ulong page = 0; page < 33; page++)
        {
            allocator.Free(address + (page * Page), Page);
        }

        Assert.Equal((Pages - 1) * Page, allocator.GetLargestRun());
    }

    [Fact]
    public void Adjacent_blocks_together_hold_a_run_that_none_of_them_holds()
    {
        // The largest block that is aligned to its size has 128 pages.
        PageAllocator allocator = Begin((0, 1), (129, 254));
        Assert.True(allocator.TryAllocate(200 * Page, Page, out ulong address));
        Assert.InRange(address, _memory + (129 * Page), _memory + (183 * Page));
        Assert.False(allocator.TryAllocate(128 * Page, Page, out _));
        allocator.Free(address, 200 * Page);
        Assert.Equal(254 * Page, allocator.GetLargestRun());
    }

    [Fact]
    public void What_is_promised_is_left_for_those_to_whom_it_is()
    {
        PageAllocator allocator = Begin((0, Pages));
        ulong free = allocator.FreeBytes;
        Assert.True(allocator.TryPromise(free - Page));
        Assert.False(allocator.TryPromise(2 * Page));
        Assert.True(allocator.TryAllocate(Page, Page, out ulong ours));
        Assert.False(allocator.TryAllocate(Page, Page, out _));
        Assert.True(allocator.TryAllocatePromised(Page, Page, Page, out ulong theirs));
        Assert.False(allocator.TryAllocatePromised(2 * Page, Page, Page, out _));
        allocator.FreePromised(theirs, Page, Page);
        Assert.Equal(free - Page, allocator.PromisedBytes);
        allocator.EndPromise(free - Page);
        allocator.Free(ours, Page);
        Assert.True(allocator.TryPromise(free));
    }

    [Fact]
    public void Any_sequence_of_takings_and_givings_matches_a_set_of_pages()
    {
        Gen<(int Kind, int Pages, int Alignment, int Which, int Part)> operation = Gen.Select(
            Gen.Int[0, 4], Gen.OneOf(Gen.Int[1, 8], Gen.Int[1, 200]), Gen.Int[0, 6], Gen.Int[0, 1000], Gen.Int[0, 1000]);
        Gen.Select(Gen.Int[0, 40], operation.Array[0, 200]).Sample((hole, operations) =>
        {
            PageAllocator allocator = hole == 0 ? Begin((0, Pages)) : Begin((0, 256 + hole), (300, Pages - 300));
            var free = new HashSet<ulong>(Enumerable.Range(0, Pages).Where(i => i < 256 + hole || i >= 300 || hole == 0).Select(i => (ulong)i));
            Assert.True(allocator.TryAllocate(Page, Page, out _)); // so that the model need not know where the bits are
            free = ReadFree(allocator, free);
            var taken = new List<(ulong Start, int Count)>();
            foreach ((int kind, int pages, int alignment, int which, int part) in operations)
            {
                if (kind < 3)
                {
                    Take(allocator, free, taken, pages, 1 << alignment);
                }
                else if (taken.Count > 0)
                {
                    GiveSome(allocator, free, taken, which % taken.Count, part, isWhole: kind == 3);
                }

                Assert.Equal((ulong)free.Count * Page, allocator.FreeBytes);
            }

            foreach ((ulong start, int count) in taken)
            {
                allocator.Free(_memory + (start * Page), (ulong)count * Page);
                free.UnionWith(Enumerable.Range((int)start, count).Select(page => (ulong)page));
            }

            // Everything has grown together again.
            ulong largest = LongestRun(free);
            Assert.Equal(largest * Page, allocator.GetLargestRun());
            Assert.True(allocator.TryAllocate(largest * Page, Page, out _));
        }, iter: 400, threads: 1);
    }

    private PageAllocator Begin(params (int Start, int Count)[] ranges)
    {
        var allocator = new PageAllocator(8);
        foreach ((int start, int count) in ranges)
        {
            Assert.True(allocator.TryAdd(_memory + ((ulong)start * Page), (ulong)count * Page));
        }

        Assert.True(allocator.TryBegin());
        return allocator;
    }

    /// <summary>Which pages are free: those that can be taken one by one, given back again.</summary>
    private HashSet<ulong> ReadFree(PageAllocator allocator, HashSet<ulong> all)
    {
        var free = new HashSet<ulong>();
        while (allocator.TryAllocate(Page, Page, out ulong address))
        {
            Assert.True(free.Add((address - _memory) / Page));
        }

        Assert.Subset(all, free);
        foreach (ulong page in free)
        {
            allocator.Free(_memory + (page * Page), Page);
        }

        return free;
    }

    private void Take(PageAllocator allocator, HashSet<ulong> free, List<(ulong Start, int Count)> taken, int pages, int alignment)
    {
        if (!allocator.TryAllocate((ulong)pages * Page, (ulong)alignment * Page, out ulong address))
        {
            // A block of that size would have been found.
            int size = Math.Max(alignment, 1 << (int)Math.Ceiling(Math.Log2(pages)));
            Assert.DoesNotContain(Enumerable.Range(0, Pages / size), block => Enumerable.Range(block * size, size).All(page => free.Contains((ulong)page)));
            return;
        }

        Assert.Equal(0ul, address % ((ulong)alignment * Page));
        ulong start = (address - _memory) / Page;
        for (ulong page = start; page < start + (ulong)pages; page++)
        {
            Assert.True(free.Remove(page));
        }

        new Span<byte>((void*)address, pages * (int)Page).Fill(0xa5);
        taken.Add((start, pages));
    }

    /// <summary>Gives back a taking, or its tail only.</summary>
    private void GiveSome(PageAllocator allocator, HashSet<ulong> free, List<(ulong Start, int Count)> taken, int which, int part, bool isWhole)
    {
        (ulong start, int count) = taken[which];
        int kept = isWhole ? 0 : part % count;
        taken.RemoveAt(which);
        if (kept != 0)
        {
            taken.Add((start, kept));
        }

        allocator.Free(_memory + ((start + (ulong)kept) * Page), (ulong)(count - kept) * Page);
        free.UnionWith(Enumerable.Range((int)start + kept, count - kept).Select(page => (ulong)page));
    }

    private static ulong LongestRun(HashSet<ulong> free)
    {
        ulong longest = 0;
        ulong run = 0;
        for (ulong page = 0; page < Pages; page++)
        {
            run = free.Contains(page) ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }
}
