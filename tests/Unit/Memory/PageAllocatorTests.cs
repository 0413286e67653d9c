using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using CsCheck;
using SharpVisor.Memory;
using Xunit;

namespace SharpVisor.Tests.Unit.Memory;

public sealed class PageAllocatorTests
{
    private const ulong Page = 0x1000;

    [Fact]
    public void Only_whole_pages_are_added()
    {
        var allocator = new PageAllocator(4);
        Assert.True(allocator.TryAdd(0x1001, 0x2fff));
        Assert.Equal(2 * Page, allocator.FreeBytes);
        Assert.True(allocator.TryAdd(0x9001, 0x100));
        Assert.Equal(1, allocator.ExtentCount);
    }

    [Fact]
    public void Reserving_takes_every_page_that_is_touched()
    {
        var allocator = new PageAllocator(4);
        allocator.TryAdd(0x10000, 0x10000);
        Assert.True(allocator.TryReserve(0x11fff, 2));
        Assert.Equal(14 * Page, allocator.FreeBytes);
        Assert.Equal(2, allocator.ExtentCount);
    }

    [Fact]
    public void A_run_comes_from_the_smallest_extent_that_has_room()
    {
        var allocator = new PageAllocator(4);
        allocator.TryAdd(0x10_0000, 0x10_0000);
        allocator.TryAdd(0x1000, 0x3000);
        Assert.True(allocator.TryAllocate(2 * Page, Page, out ulong address));
        Assert.Equal(0x1000ul, address);
        Assert.True(allocator.TryAllocate(2 * Page, Page, out address));
        Assert.Equal(0x10_0000ul, address);
        Assert.False(allocator.TryAllocate(0x10_0000, Page, out _));
    }

    [Fact]
    public void Memory_named_twice_counts_once()
    {
        var allocator = new PageAllocator(8);
        allocator.TryAdd(0x2000, Page);
        allocator.TryAdd(0x4000, Page);
        allocator.TryAdd(0x1000, 6 * Page);
        Assert.Equal(6 * Page, allocator.FreeBytes);
        Assert.Equal(1, allocator.ExtentCount);
    }

    [Theory]
    [InlineData(0xffff_ffff_ffff_0000ul, 0x1_0000ul)]
    [InlineData(0xffff_ffff_ffff_0001ul, ulong.MaxValue)]
    [InlineData(0xffff_ffff_ffff_fffful, 1ul)]
    [InlineData(0ul, ulong.MaxValue)]
    public void Ranges_at_the_end_of_the_address_space_are_cut(ulong start, ulong length)
    {
        var allocator = new PageAllocator(4);
        Assert.True(allocator.TryAdd(start, length));
        for (int i = 0; i < allocator.ExtentCount; i++)
        {
            allocator.GetExtent(i, out ulong first, out ulong end);
            Assert.True(first >= start && first < end && end <= ulong.MaxValue - Page + 1);
        }

        Assert.True(allocator.TryReserve(start, length));
        Assert.Equal(0ul, allocator.FreeBytes);
    }

    [Fact]
    public unsafe void Zeroed_memory_is_zero_over_its_whole_length()
    {
        const nuint Length = 64 * (nuint)Page;
        void* memory = NativeMemory.AlignedAlloc(Length, (nuint)Page);
        new Span<byte>(memory, (int)Length).Fill(0xcc);
        var allocator = new PageAllocator(4);
        allocator.TryAdd((ulong)memory, Length);
        Assert.True(allocator.TryAllocateZeroed(Length, Page, out ulong address));
        Assert.Equal((ulong)memory, address);
        Assert.Equal(-1, new Span<byte>(memory, (int)Length).IndexOfAnyExcept((byte)0));
        NativeMemory.AlignedFree(memory);
    }

    [Fact]
    public void Any_sequence_of_changes_matches_a_set_of_pages()
    {
        Gen<(int Kind, ulong Start, ulong Pages, ulong Alignment)> operation = Gen.Select(
            Gen.Int[0, 5], Gen.ULong[0, 63], Gen.ULong[0, 12], Gen.OneOf(1ul, 2ul, 4ul, 16ul));
        Gen.Select(operation.Array[0, 60], Gen.Int[1, 8]).Sample((operations, capacity) =>
        {
            var allocator = new PageAllocator(capacity);
            var free = new SortedSet<ulong>();
            var taken = new List<(ulong Start, ulong Pages)>();
            foreach ((int kind, ulong start, ulong pages, ulong alignment) in operations)
            {
                switch (kind)
                {
                    case 0 or 1:
                        Add(allocator, free, start, pages);
                        break;
                    case 2:
                        Reserve(allocator, free, start, pages);
                        break;
                    case 3 or 4 when pages > 0:
                        Allocate(allocator, free, taken, pages, alignment);
                        break;
                    case 5 when taken.Count > 0:
                        (ulong first, ulong count) = taken[^1];
                        taken.RemoveAt(taken.Count - 1);
                        ulong before = allocator.FreeBytes;
                        allocator.Free(first * Page, count * Page);
                        if (allocator.FreeBytes != before)
                        {
                            AddPages(free, first, count);
                        }

                        break;
                }

                Compare(allocator, free);
            }
        }, iter: 2000);
    }

    private static void Add(PageAllocator allocator, SortedSet<ulong> free, ulong start, ulong pages)
    {
        if (allocator.TryAdd(start * Page, pages * Page))
        {
            AddPages(free, start, pages);
        }
    }

    private static void Reserve(PageAllocator allocator, SortedSet<ulong> free, ulong start, ulong pages)
    {
        if (allocator.TryReserve(start * Page, pages * Page))
        {
            for (ulong page = start; page < start + pages; page++)
            {
                free.Remove(page);
            }
        }
    }

    private static void Allocate(PageAllocator allocator, SortedSet<ulong> free, List<(ulong Start, ulong Pages)> taken, ulong pages, ulong alignment)
    {
        if (!allocator.TryAllocate(pages * Page, alignment * Page, out ulong address))
        {
            // Refused because there is no such run, or because the list has no place for what would be left over.
            bool fits = free.Any(page => page % alignment == 0 && Enumerable.Range(0, (int)pages).All(i => free.Contains(page + (ulong)i)));
            Assert.True(!fits || alignment > 1);
            return;
        }

        Assert.Equal(0ul, address % (alignment * Page));
        for (ulong page = address / Page; page < (address / Page) + pages; page++)
        {
            Assert.True(free.Remove(page));
        }

        taken.Add((address / Page, pages));
    }

    private static void AddPages(SortedSet<ulong> free, ulong start, ulong pages)
    {
        for (ulong page = start; page < start + pages; page++)
        {
            free.Add(page);
        }
    }

    private static void Compare(PageAllocator allocator, SortedSet<ulong> free)
    {
        var listed = new List<ulong>();
        ulong lastEnd = 0;
        for (int i = 0; i < allocator.ExtentCount; i++)
        {
            allocator.GetExtent(i, out ulong start, out ulong end);
            Assert.True(start < end && (i == 0 || start > lastEnd));
            lastEnd = end;
            for (ulong address = start; address < end; address += Page)
            {
                listed.Add(address / Page);
            }
        }

        Assert.Equal(free, listed);
        Assert.Equal((ulong)free.Count * Page, allocator.FreeBytes);
    }
}
