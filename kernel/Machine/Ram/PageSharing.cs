using System;
using System.Numerics;
using System.Threading;
using SharpVisor.Memory;
using SpinLock = SharpVisor.Arch.SpinLock;

namespace SharpVisor.Machine.Ram;

/// <summary>
/// Finds pages of the same contents in the memory of VMs that allow it, and makes them one, which nobody can write to;
/// who writes gets a page of its own again. Pages of zeros are given back: they read as zeros without being there.
/// </summary>
/// <remarks>
/// <para>
/// It goes through the memory of its members page by page, a few at each step. What it has seen of a page (member, address,
/// hash) it keeps in a table with one place for each hash, where later pages replace earlier ones; a page whose hash
/// is found there is compared with the one it was found for. Nothing is believed that was seen before: pages are looked
/// up again, taken from their guests, compared once more, and only then made one.
/// </para>
/// <para>
/// A VM that allows this can find out by the time of its writes whether another such VM has a page of certain contents.
/// </para>
/// <para>
/// Locks: this one's; then those of one or two members' memory, in the order of their places here; then the shared
/// pages'; then the page allocator's.
/// </para>
/// </remarks>
public sealed unsafe class PageSharing
{
    private const ulong PagesPerEntry = 8;
    private const ulong FewestEntries = 1024;

    private readonly PageAllocator _pages;
    private readonly GuestMemory?[] _members;
    private readonly SharedPages _shared;
    private SpinLock _lock;
    private Candidate* _candidates;
    private ulong _entries;
    private ulong _tables;
    private int _memberCount;
    private int _member;
    private uint _generation;
    private ulong _next;
    private ulong _found;

    /// <summary>Makes it, without members; it takes memory with the first one.</summary>
    /// <param name="pages">The machine's memory.</param>
    /// <param name="capacity">Most members.</param>
    public PageSharing(PageAllocator pages, int capacity)
    {
        _pages = pages;
        _members = new GuestMemory?[capacity];
        _shared = new SharedPages(pages);
    }

    /// <summary>Whether it has members.</summary>
    public bool IsActive => Volatile.Read(ref _memberCount) != 0;

    /// <summary>Bytes of the pages that several have together, each counted once.</summary>
    public ulong SharedBytes => _shared.Count * PageTable.PageSize;

    /// <summary>Pages that were made one with another, or given back because they held zeros: counted on for ever.</summary>
    public ulong Found => Volatile.Read(ref _found);

    /// <summary>Rounds through all members' memory.</summary>
    public uint Rounds { get; private set; }

    /// <summary>Bytes of its tables.</summary>
    public ulong TableBytes => _tables;

    internal SharedPages Shared => _shared;

    /// <summary>Takes up a VM's memory. False where there is no room.</summary>
    /// <param name="memory">Has not joined.</param>
    /// <param name="machine">Bytes of memory that the machine has: its tables are made for that.</param>
    public bool TryJoin(GuestMemory memory, ulong machine)
    {
        bool hasJoined = false;
        _lock.Enter();
        if (_memberCount != 0 || TryOpen(machine))
        {
            for (int i = 0; i < _members.Length && !hasJoined; i++)
            {
                if (_members[i] == null)
                {
                    _members[i] = memory;
                    memory.Join(this, i);
                    Volatile.Write(ref _memberCount, _memberCount + 1);
                    hasJoined = true;
                }
            }
        }

        _lock.Exit();
        return hasJoined;
    }

    /// <summary>Lets go of a VM's memory, of which nothing is there any more. With the last one the tables are given back.</summary>
    internal void Leave(int place)
    {
        _lock.Enter();
        _members[place] = null;
        _generation++; // nobody looks for it any more, nor for others: what was seen of them is seen again
        Volatile.Write(ref _memberCount, _memberCount - 1);
        if (_memberCount == 0)
        {
            _pages.Free((ulong)_candidates, _tables);
            _tables = 0;
        }

        _lock.Exit();
    }

    /// <summary>Looks at some pages.</summary>
    /// <param name="count">How many at most; what is absent costs little and counts as one, however much it is.</param>
    public void Step(int count)
    {
        _lock.Enter();
        for (int i = 0; i < count && _memberCount != 0; i++)
        {
            GuestMemory? memory = _members[_member];
            if (memory == null || _next >= memory.Start + memory.Maximum)
            {
                NextMember();
                continue;
            }

            ulong address = Math.Max(_next, memory.Start);
            PageVisit visit = memory.Visit(address, out uint hash, out _next);
            if (visit == PageVisit.Private)
            {
                Look(memory, address, hash);
            }
            else if (visit == PageVisit.GivenBack)
            {
                Volatile.Write(ref _found, _found + 1);
            }
        }

        _lock.Exit();
    }

    private void NextMember()
    {
        _next = 0;
        do
        {
            _member++;
            if (_member == _members.Length)
            {
                _member = 0;
                Rounds++;
            }
        }
        while (_members[_member] == null);
    }

    private void Look(GuestMemory memory, ulong address, uint hash)
    {
        if (memory.TryUseShared(address, hash))
        {
            Volatile.Write(ref _found, _found + 1);
            return;
        }

        Candidate* candidate = _candidates + (hash & (_entries - 1));
        if (candidate->Hash == hash && candidate->Generation == _generation && candidate->Address != 0)
        {
            GuestMemory? other = _members[candidate->Member];
            if (other != null && (other != memory || candidate->Address != address)
                && GuestMemory.TryMakeOne(other, candidate->Address, memory, address, hash))
            {
                candidate->Address = 0;
                Volatile.Write(ref _found, _found + 1);
                return;
            }
        }

        candidate->Hash = hash;
        candidate->Member = memory.Place;
        candidate->Generation = _generation;
        candidate->Address = address;
    }

    private bool TryOpen(ulong machine)
    {
        _entries = Math.Max(BitOperations.RoundUpToPowerOf2(machine / (PageTable.PageSize * PagesPerEntry)), FewestEntries);
        ulong size = _entries * ((ulong)sizeof(Candidate) + SharedPages.EntrySize);
        if (!_pages.TryAllocateZeroed(size, PageTable.PageSize, out ulong tables))
        {
            return false;
        }

        _tables = size;
        _candidates = (Candidate*)tables;
        _shared.Open(tables + (_entries * (ulong)sizeof(Candidate)), _entries);
        return true;
    }

    /// <summary>A page that was seen.</summary>
    private struct Candidate
    {
        internal ulong Address; // 0: none
        internal uint Hash;
        internal uint Generation;
        internal int Member;
    }
}
