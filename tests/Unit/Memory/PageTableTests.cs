using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Memory;
using Xunit;

namespace SharpVisor.Tests.Unit.Memory;

public sealed class PageTableTests : IDisposable
{
    private const ulong Page = 0x1000;
    private const ulong Block2M = 0x20_0000;
    private const ulong Block1G = 0x4000_0000;
    private const ulong Attributes = 0x7fc;
    private const int InputBits = 36;

    private readonly HostPages _pages = new();
    private readonly RecordingTlb _tlb = new();

    public void Dispose() => _pages.Dispose();

    [Fact]
    public void An_empty_tree_translates_nothing()
    {
        PageTable table = Create();
        Assert.False(table.TryTranslate(0, out _, out _));
        Assert.False(table.TryTranslate(ulong.MaxValue, out _, out _));
        Assert.Equal(1, _pages.Outstanding);
    }

    [Theory]
    [InlineData(0x4000_0000ul, 0x8000_0000ul, Block1G, 0)]
    [InlineData(0x4000_0000ul, 0x8020_0000ul, Block1G, 1)]
    [InlineData(0x4000_0000ul, 0x8000_1000ul, Block2M, 2)]
    [InlineData(0x4000_0000ul, 0x8000_0000ul, Block2M, 1)]
    [InlineData(0x4000_0000ul, 0x8000_0000ul, Block1G + Page, 2)]
    [InlineData(0x4000_0000ul, 0x8000_0000ul, 16 * Block1G, 0)]
    public void The_largest_blocks_that_alignment_allows_are_used(ulong address, ulong physical, ulong length, int tables)
    {
        PageTable table = Create();
        Assert.True(table.TryMap(address, physical, length, Attributes));
        Assert.Equal(1 + tables, _pages.Outstanding);
        Assert.True(table.TryTranslate(address + length - 1, out ulong last, out ulong attributes));
        Assert.Equal(physical + length - 1, last);
        Assert.Equal(Attributes, attributes);
        Assert.False(table.TryTranslate(address + length, out _, out _));
        Assert.False(table.TryTranslate(address - 1, out _, out _));
    }

    [Theory]
    [InlineData(1ul, 0ul, Page)]
    [InlineData(0ul, 1ul, Page)]
    [InlineData(0ul, 0ul, 1ul)]
    [InlineData(1ul << InputBits, 0ul, Page)]
    [InlineData((1ul << InputBits) - Page, 0ul, 2 * Page)]
    [InlineData(0xffff_ffff_ffff_f000ul, 0ul, 2 * Page)]
    [InlineData(0ul, 1ul << 48, Page)]
    [InlineData(0ul, (1ul << 48) - Page, 2 * Page)]
    public void Ranges_that_are_misaligned_or_too_high_are_refused(ulong address, ulong physical, ulong length)
    {
        PageTable table = Create();
        Assert.False(table.TryMap(address, physical, length, Attributes));
        Assert.Equal(1, _pages.Outstanding);
        if (physical == 0)
        {
            Assert.False(table.TryUnmap(address, length));
            Assert.False(table.TryProtect(address, length, 0));
        }
    }

    [Fact]
    public void The_last_page_of_the_address_space_can_be_mapped()
    {
        PageTable table = Create();
        Assert.True(table.TryMap((1ul << InputBits) - Page, 0, Page, Attributes));
        Assert.True(table.TryTranslate((1ul << InputBits) - 1, out ulong physical, out _));
        Assert.Equal(Page - 1, physical);
    }

    [Theory]
    [InlineData(31, 0x1000ul)]
    [InlineData(39, 0x1000ul)]
    [InlineData(40, 0x2000ul)]
    [InlineData(43, 0x1_0000ul)]
    public void The_first_level_is_as_many_tables_as_the_address_space_needs(int inputBits, ulong size)
    {
        Assert.True(PageTable.TryCreate(_pages, _tlb, inputBits, out PageTable? table));
        Assert.Equal(0ul, table!.Root & (size - 1));
        ulong last = (1ul << inputBits) - Page;
        Assert.True(table.TryMap(last, 0x1000, Page, Attributes));
        Assert.True(table.TryTranslate(last, out ulong physical, out _));
        Assert.Equal(0x1000ul, physical);
        table.Destroy();
        Assert.Equal(0, _pages.Outstanding);
    }

    [Fact]
    public void Mapping_where_nothing_was_breaks_nothing()
    {
        PageTable table = Create();
        table.TryMap(0, 0, Block1G + (3 * Page), Attributes);
        Assert.Empty(_tlb.Breaks);
        Assert.NotEqual(0, _tlb.Makes);
    }

    [Fact]
    public void Mapping_the_same_again_changes_nothing()
    {
        PageTable table = Create();
        table.TryMap(Block1G, Block1G, Block1G, Attributes);
        table.TryMap(Block1G, Block1G, Block1G, Attributes);
        Assert.Empty(_tlb.Breaks);
    }

    [Fact]
    public void A_page_cut_out_of_a_block_breaks_the_block_first_and_keeps_the_rest()
    {
        PageTable table = Create();
        table.TryMap(Block1G, Block1G, Block1G, Attributes);
        Assert.True(table.TryUnmap(Block1G + (5 * Page), Page));
        Assert.Equal([(Block1G, Block1G), (Block1G, Block2M), (Block1G + (5 * Page), Page)], _tlb.Breaks);
        Assert.False(table.TryTranslate(Block1G + (5 * Page), out _, out _));
        Assert.True(table.TryTranslate(Block1G + (6 * Page), out ulong physical, out ulong attributes));
        Assert.Equal(Block1G + (6 * Page), physical);
        Assert.Equal(Attributes, attributes);
    }

    [Fact]
    public void A_block_over_a_table_gives_the_table_back()
    {
        PageTable table = Create();
        table.TryMap(Block1G, 0, Page, Attributes);
        Assert.Equal(3, _pages.Outstanding);
        Assert.True(table.TryMap(Block1G, 0, Block1G, Attributes));
        Assert.Equal(1, _pages.Outstanding);
        Assert.Equal([(Block1G, Block1G)], _tlb.Breaks);
    }

    [Fact]
    public void At_every_break_the_entry_is_already_invalid()
    {
        PageTable table = Create();
        int seen = 0;
        _tlb.OnBreak = (address, length) =>
        {
            seen++;
            Assert.False(table.TryTranslate(address, out _, out _));
            Assert.False(table.TryTranslate(address + length - 1, out _, out _));
        };
        table.TryMap(0, 0, 2 * Block1G, Attributes);
        table.TryProtect(Page, Page, 0x4);
        table.TryMap(Block2M, Block1G, Block2M, Attributes);
        table.TryUnmap(0, Block1G);
        Assert.Equal(5, seen);
    }

    [Fact]
    public void Protecting_keeps_addresses_and_passes_over_holes()
    {
        PageTable table = Create();
        table.TryMap(0, Block1G, Page, Attributes);
        table.TryMap(2 * Page, Block1G, Page, Attributes);
        Assert.True(table.TryProtect(0, Block2M, 0x40));
        Assert.True(table.TryTranslate(2 * Page, out ulong physical, out ulong attributes));
        Assert.Equal(Block1G, physical);
        Assert.Equal(0x40ul, attributes);
        Assert.False(table.TryTranslate(Page, out _, out _));
    }

    [Fact]
    public void Attributes_cannot_change_address_or_type()
    {
        PageTable table = Create();
        Assert.True(table.TryMap(0, Page, Page, ulong.MaxValue));
        Assert.True(table.TryTranslate(0, out ulong physical, out ulong attributes));
        Assert.Equal(Page, physical);
        Assert.Equal(0xffff_0000_0000_0ffcul, attributes);
    }

    [Fact]
    public void Without_memory_for_the_first_level_there_is_no_tree()
    {
        _pages.Left = 0;
        Assert.False(PageTable.TryCreate(_pages, _tlb, InputBits, out PageTable? table));
        Assert.Null(table);
    }

    [Fact]
    public void Any_sequence_of_changes_matches_a_list_of_pages_and_leaks_nothing()
    {
        Gen.Select(GenOperation.Array[1, 12], Gen.Int[0, 3], Gen.Int[1, 12]).Sample((operations, dry, left) =>
        {
            using var pages = new HostPages();
            var tlb = new RecordingTlb();
            Assert.True(PageTable.TryCreate(pages, tlb, InputBits, out PageTable? table));
            pages.Left = dry == 0 ? left : int.MaxValue; // in a quarter of the runs memory ends somewhere
            var model = new Dictionary<ulong, (ulong Physical, ulong Attributes)>();
            foreach ((int kind, ulong address, ulong physical, ulong length, ulong attributes) in operations)
            {
                Apply(table!, model, kind, address, physical, length, attributes);
            }

            Compare(table!, model);
            table!.Destroy();
            Assert.Equal(0, pages.Outstanding);
        }, iter: 1000);
    }

    // Addresses cluster round the edges of blocks, where a mistake would be.
    private static Gen<(int Kind, ulong Address, ulong Physical, ulong Length, ulong Attributes)> GenOperation
    {
        get
        {
            Gen<ulong> place = Gen.Select(
                Gen.OneOf(0ul, Block2M, 2 * Block2M, Block1G - Block2M, Block1G, Block1G + Block2M),
                Gen.OneOf(0ul, 0ul, Page, 3 * Page, Block2M - Page),
                (unit, offset) => unit + offset);
            Gen<ulong> length = Gen.OneOf(0ul, Page, 2 * Page, 7 * Page, Block2M - Page, Block2M, Block2M + Page, 3 * Block2M);
            return Gen.Select(Gen.Int[0, 3], place, place, length, Gen.OneOf(0ul, 0x4ul, 0x7c0ul, 1ul << 54));
        }
    }

    private static void Apply(
        PageTable table, Dictionary<ulong, (ulong Physical, ulong Attributes)> model, int kind, ulong address, ulong physical, ulong length, ulong attributes)
    {
        bool done = kind switch
        {
            0 or 1 => table.TryMap(address, physical, length, attributes),
            2 => table.TryUnmap(address, length),
            _ => table.TryProtect(address, length, attributes),
        };

        // Where memory ran out, a beginning of the range is changed and the rest is as it was.
        bool changing = true;
        for (ulong offset = 0; offset < length; offset += Page)
        {
            ulong page = address + offset;
            (ulong Physical, ulong Attributes)? before = model.TryGetValue(page, out (ulong, ulong) old) ? old : null;
            (ulong Physical, ulong Attributes)? after = kind switch
            {
                0 or 1 => (physical + offset, attributes),
                2 => null,
                _ => before is null ? null : (before.Value.Physical, attributes),
            };
            if (!done && before != after)
            {
                (ulong Physical, ulong Attributes)? real = table.TryTranslate(page, out ulong to, out ulong bits) ? (to, bits) : null;
                Assert.True(real == before || (changing && real == after));
                changing = real == after;
            }

            if (!done && !changing)
            {
                continue;
            }

            if (after is null)
            {
                model.Remove(page);
            }
            else
            {
                model[page] = after.Value;
            }
        }
    }

    private static void Compare(PageTable table, Dictionary<ulong, (ulong Physical, ulong Attributes)> model)
    {
        for (ulong region = 0; region < 2; region++)
        {
            ulong start = region == 0 ? 0 : Block1G - (2 * Block2M);
            for (ulong page = start; page < start + (8 * Block2M); page += Page)
            {
                bool mapped = table.TryTranslate(page + 8, out ulong physical, out ulong attributes);
                Assert.Equal(model.TryGetValue(page, out (ulong Physical, ulong Attributes) expected), mapped);
                if (mapped)
                {
                    Assert.Equal(expected.Physical + 8, physical);
                    Assert.Equal(expected.Attributes, attributes);
                }
            }
        }
    }

    private PageTable Create()
    {
        Assert.True(PageTable.TryCreate(_pages, _tlb, InputBits, out PageTable? table));
        return table!;
    }
}
