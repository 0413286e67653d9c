using System;
using System.Numerics;
using SharpVisor.Arch;

namespace SharpVisor.Memory;

/// <summary>
/// The machine's free memory. It begins as the extents that the boot loader left (<see cref="MemoryExtents"/>); once the
/// final EL2 map stands, <see cref="TryBegin"/> makes buddy lists of it: blocks of 4 KiB to 1 GiB, each aligned to its
/// size, taken and given back in a step per size.
/// </summary>
/// <remarks>
/// <para>
/// The lists lie in the free memory itself. One bit a page says where a free block begins, so that a block that is
/// given back finds its other half; the bits are the only memory that it takes, 32 KiB for each GiB. What is taken need
/// not be a power of two, and any pages of it can be given back.
/// </para>
/// <para>
/// A part of the free memory may be promised: it is left for those to whom it is (<see cref="TryAllocatePromised"/>),
/// and everybody else finds only the rest. Free memory is never less than what is promised.
/// </para>
/// </remarks>
public sealed unsafe class PageAllocator : PageSource
{
    private const int PageShift = 12;
    private const int OrderCount = 19;
    private const int BitsPerWord = 64;
    private const ulong LargestBlock = PageTable.PageSize << (OrderCount - 1);
    private const ulong LongestSpan = 1ul << 30;

    private readonly MemoryExtents _extents;
    private readonly ulong[] _first = new ulong[OrderCount];
    private SpinLock _lock;
    private ulong* _starts;
    private ulong _base;
    private ulong _limit;
    private ulong _free;
    private ulong _promised;
    private uint _orders;

    /// <summary>Makes an allocator with nothing free.</summary>
    /// <param name="capacity">Most separate extents that it can hold before <see cref="TryBegin"/>.</param>
    public PageAllocator(int capacity) => _extents = new MemoryExtents(capacity);

    /// <summary>Bytes that are free, promised ones too.</summary>
    public ulong FreeBytes => _starts == null ? _extents.FreeBytes : _free;

    /// <summary>Bytes of the free memory that are promised.</summary>
    public ulong PromisedBytes => _promised;

    /// <summary>Adds memory, before <see cref="TryBegin"/>; see <see cref="MemoryExtents.TryAdd"/>.</summary>
    public bool TryAdd(ulong start, ulong length) => _starts == null && _extents.TryAdd(start, length);

    /// <summary>Takes every page that touches a range out of the free memory, before <see cref="TryBegin"/>.</summary>
    public bool TryReserve(ulong start, ulong length) => _starts == null && _extents.TryReserve(start, length);

    /// <summary>Makes lists of the free memory, whose pages are written from now on. False where there is no room for the bits.</summary>
    public bool TryBegin()
    {
        if (_extents.ExtentCount == 0)
        {
            return false;
        }

        const ulong wordReach = PageTable.PageSize * BitsPerWord;
        _extents.GetExtent(0, out ulong first, out _);
        _extents.GetExtent(_extents.ExtentCount - 1, out _, out ulong last);
        _base = first & ~(wordReach - 1);
        _limit = last;
        ulong size = (((_limit - _base + wordReach - 1) / wordReach * sizeof(ulong)) + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);
        if (!_extents.TryAllocate(size, PageTable.PageSize, out ulong starts))
        {
            return false;
        }

        Clear(starts, size);
        _starts = (ulong*)starts;
        for (int i = 0; i < _extents.ExtentCount; i++)
        {
            _extents.GetExtent(i, out ulong start, out ulong end);
            start = Math.Max(start, PageTable.PageSize); // address 0 stands for no block
            GiveRange(start, end);
            _free += end - start;
        }

        return true;
    }

    /// <summary>Takes a run of memory that is not promised; its contents are whatever they were.</summary>
    /// <param name="length">Bytes, a multiple of 4 KiB, not 0.</param>
    /// <param name="alignment">A power of two, at least 4 KiB.</param>
    /// <param name="address">Its first byte.</param>
    public bool TryAllocate(ulong length, ulong alignment, out ulong address) => TryAllocatePromised(length, alignment, 0, out address);

    /// <summary>As <see cref="TryAllocate"/>, by one to whom memory is promised.</summary>
    /// <param name="length">Bytes, a multiple of 4 KiB, not 0.</param>
    /// <param name="alignment">A power of two, at least 4 KiB.</param>
    /// <param name="promised">Bytes of it, at most all, for which a promise is kept by this.</param>
    /// <param name="address">Its first byte.</param>
    public bool TryAllocatePromised(ulong length, ulong alignment, ulong promised, out ulong address)
    {
        address = 0;
        _lock.Enter();
        bool found = FreeBytes - _promised >= length - promised && TryTake(length, alignment, out address);
        _promised -= found ? promised : 0;
        _lock.Exit();
        return found;
    }

    /// <inheritdoc/>
    public override bool TryAllocateZeroed(ulong length, ulong alignment, out ulong address)
    {
        if (!TryAllocate(length, alignment, out address))
        {
            return false;
        }

        Clear(address, length);
        return true;
    }

    /// <inheritdoc/>
    public override void Free(ulong address, ulong length) => FreePromised(address, length, 0);

    /// <summary>Gives back memory: all of a run that was taken, or any pages of it.</summary>
    /// <param name="address">A multiple of 4 KiB.</param>
    /// <param name="length">Bytes, a multiple of 4 KiB; may be 0.</param>
    /// <param name="promised">Bytes of it, at most all, that are promised again.</param>
    public void FreePromised(ulong address, ulong length, ulong promised)
    {
        _lock.Enter();
        if (_starts == null)
        {
            _extents.TryAdd(address, length); // where the list is full the run is lost, never given out twice
        }
        else
        {
            GiveRange(address, address + length);
            _free += length;
        }

        _promised += promised;
        _lock.Exit();
    }

    /// <summary>Promises free memory. False where less is free that is not promised.</summary>
    public bool TryPromise(ulong length)
    {
        _lock.Enter();
        bool isThere = FreeBytes - _promised >= length;
        _promised += isThere ? length : 0;
        _lock.Exit();
        return isThere;
    }

    /// <summary>Takes a promise back.</summary>
    public void EndPromise(ulong length)
    {
        _lock.Enter();
        _promised -= length;
        _lock.Exit();
    }

    /// <summary>Bytes of the longest run of free memory. Looks at all of it.</summary>
    public ulong GetLargestRun()
    {
        ulong largest = 0;
        _lock.Enter();
        for (ulong place = _base; TryFindRun(place, out ulong start, out place);)
        {
            largest = Math.Max(largest, place - start);
        }

        _lock.Exit();
        return largest;
    }

    private bool TryTake(ulong length, ulong alignment, out ulong address)
    {
        address = 0;
        if (_starts == null)
        {
            return _extents.TryAllocate(length, alignment, out address);
        }

        ulong size = Math.Max(BitOperations.RoundUpToPowerOf2(length), alignment);
        if (size <= LargestBlock)
        {
            uint fitting = _orders >> OrderOf(size) << OrderOf(size);
            if (fitting != 0)
            {
                int order = BitOperations.TrailingZeroCount(fitting);
                address = _first[order];
                Unlink(address, order);
                GiveRange(address + length, address + (PageTable.PageSize << order));
                _free -= length;
                return true;
            }
        }

        return TryTakeRun(length, alignment, out address);
    }

    /// <summary>Looks for adjacent blocks that hold a run together.</summary>
    private bool TryTakeRun(ulong length, ulong alignment, out ulong address)
    {
        for (ulong place = _base; TryFindRun(place, out ulong start, out place);)
        {
            address = (start + alignment - 1) & ~(alignment - 1);
            if (address < place && place - address >= length)
            {
                for (ulong block = start; block < place;)
                {
                    int order = (int)Header(block)->Order;
                    Unlink(block, order);
                    block += PageTable.PageSize << order;
                }

                GiveRange(start, address);
                GiveRange(address + length, place);
                _free -= length;
                return true;
            }
        }

        address = 0;
        return false;
    }

    /// <summary>The first run of free memory that begins at a place or behind it.</summary>
    private bool TryFindRun(ulong place, out ulong start, out ulong end)
    {
        start = 0;
        end = 0;
        while (place < _limit)
        {
            ulong page = (place - _base) >> PageShift;
            ulong left = _starts[page / BitsPerWord] >> (int)(page % BitsPerWord);
            if (left == 0)
            {
                place = (place | ((PageTable.PageSize * BitsPerWord) - 1)) + 1;
                continue;
            }

            start = place + ((ulong)BitOperations.TrailingZeroCount(left) << PageShift);
            end = start;
            do
            {
                end += PageTable.PageSize << (int)Header(end)->Order;
            }
            while (end < _limit && IsStart(end));
            return true;
        }

        return false;
    }

    private void GiveRange(ulong start, ulong end)
    {
        while (start < end)
        {
            int order = Math.Min(BitOperations.TrailingZeroCount(start) - PageShift, BitOperations.Log2(end - start) - PageShift);
            order = Math.Min(order, OrderCount - 1);
            GiveBlock(start, order);
            start += PageTable.PageSize << order;
        }
    }

    private void GiveBlock(ulong block, int order)
    {
        while (order < OrderCount - 1)
        {
            ulong other = block ^ (PageTable.PageSize << order);
            if (other < _base || other >= _limit || !IsStart(other) || Header(other)->Order != (ulong)order)
            {
                break;
            }

            Unlink(other, order);
            block = Math.Min(block, other);
            order++;
        }

        FreeBlock* header = Header(block);
        ulong next = _first[order];
        header->Next = next;
        header->Previous = 0;
        header->Order = (ulong)order;
        if (next != 0)
        {
            Header(next)->Previous = block;
        }

        _first[order] = block;
        _orders |= 1u << order;
        ulong page = (block - _base) >> PageShift;
        _starts[page / BitsPerWord] |= 1ul << (int)(page % BitsPerWord);
    }

    private void Unlink(ulong block, int order)
    {
        ulong next = Header(block)->Next;
        ulong previous = Header(block)->Previous;
        if (next != 0)
        {
            Header(next)->Previous = previous;
        }

        if (previous != 0)
        {
            Header(previous)->Next = next;
        }
        else
        {
            _first[order] = next;
            _orders &= next == 0 ? ~(1u << order) : uint.MaxValue;
        }

        ulong page = (block - _base) >> PageShift;
        _starts[page / BitsPerWord] &= ~(1ul << (int)(page % BitsPerWord));
    }

    private bool IsStart(ulong address)
    {
        ulong page = (address - _base) >> PageShift;
        return (_starts[page / BitsPerWord] >> (int)(page % BitsPerWord) & 1) != 0;
    }

    private static FreeBlock* Header(ulong block) => (FreeBlock*)block;

    private static int OrderOf(ulong size) => BitOperations.Log2(size) - PageShift;

    // A span counts in int.
    internal static void Clear(ulong address, ulong length)
    {
        for (ulong done = 0; done < length; done += LongestSpan)
        {
            new Span<byte>((void*)(address + done), (int)Math.Min(length - done, LongestSpan)).Clear();
        }
    }

    /// <summary>What stands at the start of a free block.</summary>
    private struct FreeBlock
    {
        internal ulong Next;
        internal ulong Previous;
        internal ulong Order;
    }
}
