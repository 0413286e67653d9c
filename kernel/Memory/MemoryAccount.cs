using System;
using System.Threading;

namespace SharpVisor.Memory;

/// <summary>
/// What a VM has of the machine's memory, and what is promised to it. As long as it has less than its guarantee the
/// difference is left for it by <see cref="PageAllocator"/>; what it takes beyond comes from what is promised to nobody.
/// </summary>
/// <remarks>
/// <para>
/// A little may be kept for it as credit: a guest that is asked to give pages back may have to touch pages first that are
/// not there, and could not where nothing is left. What it gives then pays the credit back before others get anything.
/// </para>
/// <para>
/// The caller serialises.
/// </para>
/// </remarks>
public sealed class MemoryAccount : PageSource
{
    private const ulong SmallPart = 16;

    private readonly PageAllocator _pages;
    private ulong _guarantee;
    private ulong _credit;
    private ulong _debt;
    private bool _mayBorrow;

    /// <summary>Opens an account.</summary>
    /// <param name="pages">The machine's memory.</param>
    /// <param name="guarantee">Bytes that were promised for it (<see cref="PageAllocator.TryPromise"/>): pages and tables together.</param>
    /// <param name="credit">Bytes that were promised beyond that, to be lent to it.</param>
    public MemoryAccount(PageAllocator pages, ulong guarantee, ulong credit = 0)
    {
        _pages = pages;
        _guarantee = guarantee;
        _credit = credit;
    }

    /// <summary>Whether it may use its credit, for single pages. From any CPU.</summary>
    public bool MayBorrow
    {
        get => Volatile.Read(ref _mayBorrow);
        set => Volatile.Write(ref _mayBorrow, value);
    }

    /// <summary>Bytes that it has, tables too.</summary>
    public ulong Used { get; private set; }

    /// <summary>Bytes of it that are page tables.</summary>
    public ulong Tables { get; private set; }

    /// <summary>Bytes that are promised to it beyond what it has.</summary>
    public ulong Outstanding => Used < _guarantee ? _guarantee - Used : 0;

    /// <summary>Takes a run of memory; its contents are whatever they were.</summary>
    /// <param name="length">Bytes, a multiple of 4 KiB, not 0.</param>
    /// <param name="alignment">A power of two, at least 4 KiB.</param>
    /// <param name="address">Its first byte.</param>
    /// <returns>False where there is none; of a single page within the guarantee there always is.</returns>
    public bool TryTake(ulong length, ulong alignment, out ulong address)
    {
        if (!_pages.TryAllocatePromised(length, alignment, Math.Min(length, Outstanding), out address))
        {
            if (!MayBorrow || length != PageTable.PageSize || _credit < length || !_pages.TryAllocatePromised(length, alignment, length, out address))
            {
                return false;
            }

            _credit -= length;
            _debt += length;
        }

        Used += length;
        return true;
    }

    /// <summary>Gives memory back.</summary>
    public void Give(ulong address, ulong length) => _pages.FreePromised(address, length, Owe(length));

    /// <summary>Memory that it took belongs to somebody else from now on. False where what is promised to it instead isn't free.</summary>
    public bool TryHandOver(ulong length)
    {
        ulong debt = _debt;
        if (_pages.TryPromise(Owe(length)))
        {
            return true;
        }

        _credit -= debt - _debt;
        _debt = debt;
        Used += length;
        return false;
    }

    /// <summary>Takes over memory that belonged to somebody else.</summary>
    public void TakeOver(ulong length)
    {
        _pages.EndPromise(Math.Min(length, Outstanding));
        Used += length;
    }

    /// <summary>Whether a run is so little of what it may take that it need not be sparing.</summary>
    public bool IsPlenty(ulong length) => length <= Outstanding || length * SmallPart <= _pages.FreeBytes - _pages.PromisedBytes;

    /// <inheritdoc/>
    public override bool TryAllocateZeroed(ulong length, ulong alignment, out ulong address)
    {
        if (!TryTake(length, alignment, out address))
        {
            return false;
        }

        PageAllocator.Clear(address, length);
        Tables += length;
        return true;
    }

    /// <inheritdoc/>
    public override void Free(ulong address, ulong length)
    {
        Tables -= length;
        Give(address, length);
    }

    /// <summary>Nothing is promised any more. Everything has been given back.</summary>
    public void Close()
    {
        _pages.EndPromise(Outstanding + _credit);
        _guarantee = 0;
        _credit = 0;
    }

    /// <summary>It has so much less; what of that is promised again.</summary>
    private ulong Owe(ulong length)
    {
        ulong before = Outstanding;
        Used -= length;
        ulong owed = Outstanding - before;
        ulong paid = Math.Min(_debt, length - owed);
        _debt -= paid;
        _credit += paid;
        return owed + paid;
    }
}
