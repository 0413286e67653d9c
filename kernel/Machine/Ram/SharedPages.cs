using SharpVisor.Memory;
using SpinLock = SharpVisor.Arch.SpinLock;

namespace SharpVisor.Machine.Ram;

/// <summary>
/// The pages that several places of guests' memory have together, with the number of those. None of them can write to
/// such a page, so that its contents, by whose hash it is found here, stay what they are as long as it is here.
/// </summary>
/// <remarks>
/// A hash table with linear probing, without gaps. Its lock is taken with those of guests' memory held; only the page
/// allocator's comes below.
/// </remarks>
internal sealed unsafe class SharedPages
{
    private const ulong LongestProbe = 32;

    private readonly PageAllocator _pages;
    private SpinLock _lock;
    private Entry* _entries;
    private ulong _mask;
    private ulong _count;

    internal SharedPages(PageAllocator pages) => _pages = pages;

    /// <summary>Bytes of an entry.</summary>
    internal static ulong EntrySize => (ulong)sizeof(Entry);

    /// <summary>Number of pages.</summary>
    internal ulong Count => _count;

    /// <summary>Says where the table lies: memory for entries, zeroed; their number is a power of two. Nothing is in it.</summary>
    internal void Open(ulong memory, ulong entries)
    {
        _entries = (Entry*)memory;
        _mask = entries - 1;
    }

    /// <summary>Finds a page with the contents of another, and counts one user more of it.</summary>
    internal bool TryUse(uint hash, ulong page, out ulong shared)
    {
        shared = 0;
        _lock.Enter();
        for (ulong i = 0; i < LongestProbe; i++)
        {
            Entry* entry = _entries + ((hash + i) & _mask);
            if (entry->Page == 0)
            {
                break;
            }

            if (entry->Hash == hash && PageContents.AreEqual(entry->Page, page))
            {
                entry->Users++;
                shared = entry->Page;
                break;
            }
        }

        _lock.Exit();
        return shared != 0;
    }

    /// <summary>Takes up a page that nobody can write to any more. False where the table is too full.</summary>
    internal bool TryAdd(uint hash, ulong page, uint users)
    {
        bool isAdded = false;
        _lock.Enter();
        for (ulong i = 0; i < LongestProbe && _count < _mask - (_mask / 4); i++)
        {
            Entry* entry = _entries + ((hash + i) & _mask);
            if (entry->Page == 0)
            {
                entry->Page = page;
                entry->Hash = hash;
                entry->Users = users;
                _count++;
                isAdded = true;
                break;
            }
        }

        _lock.Exit();
        return isAdded;
    }

    /// <summary>One user less. Who was the last gives the page back.</summary>
    internal void Drop(ulong page)
    {
        uint hash = PageContents.Hash(page, out _);
        _lock.Enter();
        ulong place = Find(hash, page);
        bool isLast = --_entries[place].Users == 0;
        if (isLast)
        {
            Remove(place);
        }

        _lock.Exit();
        if (isLast)
        {
            _pages.Free(page, PageTable.PageSize);
        }
    }

    /// <summary>Takes a page out, for its last user to keep. False where there are others.</summary>
    internal bool TryTakeLast(ulong page)
    {
        uint hash = PageContents.Hash(page, out _);
        _lock.Enter();
        ulong place = Find(hash, page);
        bool isLast = _entries[place].Users == 1;
        if (isLast)
        {
            Remove(place);
        }

        _lock.Exit();
        return isLast;
    }

    private ulong Find(uint hash, ulong page)
    {
        ulong place = hash & _mask;
        while (_entries[place].Page != page)
        {
            place = (place + 1) & _mask;
        }

        return place;
    }

    /// <summary>Empties a place; what would no longer be found behind the gap moves into it.</summary>
    private void Remove(ulong gap)
    {
        _count--;
        for (ulong place = (gap + 1) & _mask; _entries[place].Page != 0; place = (place + 1) & _mask)
        {
            ulong fromHome = (place - _entries[place].Hash) & _mask;
            ulong fromGap = (place - gap) & _mask;
            if (fromHome >= fromGap)
            {
                _entries[gap].Page = _entries[place].Page;
                _entries[gap].Hash = _entries[place].Hash;
                _entries[gap].Users = _entries[place].Users;
                gap = place;
            }
        }

        _entries[gap].Page = 0;
    }

    private struct Entry
    {
        internal ulong Page; // 0: empty
        internal uint Hash;
        internal uint Users;
    }
}
