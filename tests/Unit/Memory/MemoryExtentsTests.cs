using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Memory;
using Xunit;

namespace SharpVisor.Tests.Unit.Memory;

public sealed class MemoryExtentsTests
{
    private const ulong Page = 0x1000;

    [Fact]
    public void Only_whole_pages_are_added()
    {
        var extents = new MemoryExtents(4);
        Assert.True(extents.TryAdd(0x1001, 0x2fff));
        Assert.Equal(2 * Page, extents.FreeBytes);
        Assert.True(extents.TryAdd(0x9001, 0x100));
        Assert.Equal(1, extents.ExtentCount);
    }

    [Fact]
    public void Reserving_takes_every_page_that_is_touched()
    {
        var extents = new MemoryExtents(4);
        extents.TryAdd(0x10000, 0x10000);
        Assert.True(extents.TryReserve(0x11fff, 2));
        Assert.Equal(14 * Page, extents.FreeBytes);
        Assert.Equal(2, extents.ExtentCount);
    }

    [Fact]
    public void A_run_comes_from_the_smallest_extent_that_has_room()
    {
        var extents = new MemoryExtents(4);
        extents.TryAdd(0x10_0000, 0x10_0000);
        extents.TryAdd(0x1000, 0x3000);
        Assert.True(extents.TryAllocate(2 * Page, Page, out ulong address));
        Assert.Equal(0x1000ul, address);
        Assert.True(extents.TryAllocate(2 * Page, Page, out address));
        Assert.Equal(0x10_0000ul, address);
        Assert.False(extents.TryAllocate(0x10_0000, Page, out _));
    }

    [Fact]
    public void Memory_named_twice_counts_once()
    {
        var extents = new MemoryExtents(8);
        extents.TryAdd(0x2000, Page);
        extents.TryAdd(0x4000, Page);
        extents.TryAdd(0x1000, 6 * Page);
        Assert.Equal(6 * Page, extents.FreeBytes);
        Assert.Equal(1, extents.ExtentCount);
    }

    [Theory]
    [InlineData(0xffff_ffff_ffff_0000ul, 0x1_0000ul)]
    [InlineData(0xffff_ffff_ffff_0001ul, ulong.MaxValue)]
    [InlineData(0xffff_ffff_ffff_fffful, 1ul)]
    [InlineData(0ul, ulong.MaxValue)]
    public void Ranges_at_the_end_of_the_address_space_are_cut(ulong start, ulong length)
    {
        var extents = new MemoryExtents(4);
        Assert.True(extents.TryAdd(start, length));
        for (int i = 0; i < extents.ExtentCount; i++)
        {
            extents.GetExtent(i, out ulong first, out ulong end);
            Assert.True(first >= start && first < end && end <= ulong.MaxValue - Page + 1);
        }

        Assert.True(extents.TryReserve(start, length));
        Assert.Equal(0ul, extents.FreeBytes);
    }

    [Fact]
    public void Any_sequence_of_changes_matches_a_set_of_pages()
    {
        Gen<(int Kind, ulong Start, ulong Pages, ulong Alignment)> operation = Gen.Select(
            Gen.Int[0, 4], Gen.ULong[0, 63], Gen.ULong[0, 12], Gen.OneOf(1ul, 2ul, 4ul, 16ul));
        Gen.Select(operation.Array[0, 60], Gen.Int[1, 8]).Sample((operations, capacity) =>
        {
            var extents = new MemoryExtents(capacity);
            var free = new SortedSet<ulong>();
            foreach ((int kind, ulong start, ulong pages, ulong alignment) in operations)
            {
                switch (kind)
                {
                    case 0 or 1:
                        Add(extents, free, start, pages);
                        break;
                    case 2:
                        Reserve(extents, free, start, pages);
                        break;
                    case 3 or 4 when pages > 0:
                        Allocate(extents, free, pages, alignment);
                        break;
                }

                Compare(extents, free);
            }
        }, iter: 2000);
    }

    private static void Add(MemoryExtents extents, SortedSet<ulong> free, ulong start, ulong pages)
    {
        if (extents.TryAdd(start * Page, pages * Page))
        {
            AddPages(free, start, pages);
        }
    }

    private static void Reserve(MemoryExtents extents, SortedSet<ulong> free, ulong start, ulong pages)
    {
        if (extents.TryReserve(start * Page, pages * Page))
        {
            for (ulong page = start; page < start + pages; page++)
            {
                free.Remove(page);
            }
        }
    }

    private static void Allocate(MemoryExtents extents, SortedSet<ulong> free, ulong pages, ulong alignment)
    {
        if (!extents.TryAllocate(pages * Page, alignment * Page, out ulong address))
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
    }

    private static void AddPages(SortedSet<ulong> free, ulong start, ulong pages)
    {
        for (ulong page = start; page < start + pages; page++)
        {
            free.Add(page);
        }
    }

    private static void Compare(MemoryExtents extents, SortedSet<ulong> free)
    {
        var listed = new List<ulong>();
        ulong lastEnd = 0;
        for (int i = 0; i < extents.ExtentCount; i++)
        {
            extents.GetExtent(i, out ulong start, out ulong end);
            Assert.True(start < end && (i == 0 || start > lastEnd));
            lastEnd = end;
            for (ulong address = start; address < end; address += Page)
            {
                listed.Add(address / Page);
            }
        }

        Assert.Equal(free, listed);
        Assert.Equal((ulong)free.Count * Page, extents.FreeBytes);
    }
}
