using System.Threading;
using SharpVisor.Memory;

namespace SharpVisor.Machine.Ram;

/// <content>
/// Pages that are made one with others. Each of these steps takes a page from the guest, looks at it while nobody can write
/// to it, and gives the guest this page, another one, or none; a VCpu that wants it meanwhile faults and waits for the lock.
/// </content>
public sealed unsafe partial class GuestMemory
{
    private PageSharing? _sharing;
    private ulong _shared;

    /// <summary>Bytes that it has together with other places, its own or other VMs'.</summary>
    public ulong Shared => Volatile.Read(ref _shared);

    /// <summary>Its place among the members of <see cref="PageSharing"/>.</summary>
    internal int Place { get; private set; }

    internal void Join(PageSharing sharing, int place)
    {
        Place = place;
        _sharing = sharing;
    }

    /// <summary>Looks at a page. One of zeros is given back.</summary>
    /// <param name="address">Intermediate physical address of the page, in RAM.</param>
    /// <param name="hash">Of a private page: its contents' hash.</param>
    /// <param name="next">Where to look next.</param>
    internal PageVisit Visit(ulong address, out uint hash, out ulong next)
    {
        PageVisit visit = PageVisit.Nothing;
        hash = 0;
        next = address + PageSize;
        _lock.Enter();
        if (_isReleased)
        {
            next = Start + Maximum;
        }
        else if (!_stage2.TryFind(address, out ulong host, out ulong attributes, out ulong size))
        {
            next = (address | (size - 1)) + 1;
        }
        else if ((attributes & Stage2Attributes.SharedPage) == 0)
        {
            hash = PageContents.Hash(host, out bool isZero);
            visit = !isZero ? PageVisit.Private : TryGiveBackZeros(address, host) ? PageVisit.GivenBack : PageVisit.Nothing;
        }

        _lock.Exit();
        return visit;
    }

    /// <summary>Gives the guest a shared page in the place of its own, where there is one of the same contents.</summary>
    internal bool TryUseShared(ulong address, uint hash)
    {
        SharedPages table = _sharing!.Shared;
        ulong shared = 0;
        bool isOne = false;
        _lock.Enter();
        ForgetFound(address);
        if (IsPrivate(address, out ulong host) && table.TryUse(hash, host, out shared) && _stage2.TryUnmap(address, PageSize))
        {
            isOne = PageContents.AreEqual(host, shared);
            if (isOne)
            {
                ReplaceByShared(address, host, shared);
                _account.Give(host, PageSize);
            }
            else
            {
                _stage2.TryMap(address, host, PageSize, Stage2Attributes.Ram);
            }
        }

        if (shared != 0 && !isOne)
        {
            table.Drop(shared);
        }

        _lock.Exit();
        return isOne;
    }

    /// <summary>Makes one page of two of the same contents: that of the first, for both.</summary>
    internal static bool TryMakeOne(GuestMemory first, ulong firstAddress, GuestMemory second, ulong secondAddress, uint hash)
    {
        EnterBoth(first, second);
        bool isOne = TryMakeOneLocked(first, firstAddress, second, secondAddress, hash);
        ExitBoth(first, second);
        return isOne;
    }

    private static bool TryMakeOneLocked(GuestMemory first, ulong firstAddress, GuestMemory second, ulong secondAddress, uint hash)
    {
        first.ForgetFound(firstAddress);
        second.ForgetFound(secondAddress);
        if (!first.IsPrivate(firstAddress, out ulong host) || !second.IsPrivate(secondAddress, out ulong other) || !PageContents.AreEqual(host, other)
            || !first._stage2.TryUnmap(firstAddress, PageSize))
        {
            return false;
        }

        // Pages that are taken can be mapped again in any case: the tables for them are there.
        bool isTaken = second._stage2.TryUnmap(secondAddress, PageSize);
        bool isOne = isTaken && PageContents.AreEqual(host, other) && PageContents.Hash(host, out _) == hash && first._account.TryHandOver(PageSize);
        if (isOne && !first._sharing!.Shared.TryAdd(hash, host, 2))
        {
            first._account.TakeOver(PageSize);
            isOne = false;
        }

        if (isOne)
        {
            first._writer.Publish(host, PageSize);
            first.ReplaceByShared(firstAddress, host, host);
            second.ReplaceByShared(secondAddress, other, host);
            second._account.Give(other, PageSize);
            return true;
        }

        first._stage2.TryMap(firstAddress, host, PageSize, Stage2Attributes.Ram);
        if (isTaken)
        {
            second._stage2.TryMap(secondAddress, other, PageSize, Stage2Attributes.Ram);
        }

        return false;
    }

    private static void EnterBoth(GuestMemory first, GuestMemory second)
    {
        GuestMemory lower = first.Place < second.Place ? first : second;
        lower._lock.Enter();
        if (first != second)
        {
            (lower == first ? second : first)._lock.Enter();
        }
    }

    // Locks are given back in the opposite order.
    private static void ExitBoth(GuestMemory first, GuestMemory second)
    {
        GuestMemory lower = first.Place < second.Place ? first : second;
        if (first != second)
        {
            (lower == first ? second : first)._lock.Exit();
        }

        lower._lock.Exit();
    }

    private bool IsPrivate(ulong address, out ulong host)
    {
        host = 0;
        return !_isReleased && _stage2.TryFind(address, out host, out ulong attributes, out _) && (attributes & Stage2Attributes.SharedPage) == 0;
    }

    private void ReplaceByShared(ulong address, ulong host, ulong shared)
    {
        _stage2.TryMap(address, shared, PageSize, Stage2Attributes.ReadOnlyRam | Stage2Attributes.SharedPage);
        Volatile.Write(ref _shared, _shared + PageSize);
    }

    private bool TryGiveBackZeros(ulong address, ulong host)
    {
        ForgetFound(address);
        if (!_stage2.TryUnmap(address, PageSize))
        {
            return false;
        }

        PageContents.Hash(host, out bool isZero);
        if (isZero)
        {
            _account.Give(host, PageSize);
            Volatile.Write(ref _present, _present - PageSize);
        }
        else
        {
            _stage2.TryMap(address, host, PageSize, Stage2Attributes.Ram);
        }

        return isZero;
    }

    /// <summary>The guest, or somebody for it, writes to a shared page: it gets one of its own. With the lock held.</summary>
    /// <param name="address">Any byte of it.</param>
    /// <param name="host">Where the byte lies: before and after.</param>
    private bool TryUnshare(ulong address, ref ulong host)
    {
        ForgetFound(address);
        SharedPages table = _sharing!.Shared;
        ulong page = address & ~(PageSize - 1);
        ulong shared = host & ~(PageSize - 1);
        ulong own = shared;
        if (table.TryTakeLast(shared))
        {
            _account.TakeOver(PageSize);
            _stage2.TryProtect(page, PageSize, Stage2Attributes.Ram);
        }
        else if (_account.TryTake(PageSize, PageSize, out own))
        {
            _writer.Copy(own, shared, PageSize);
            _stage2.TryMap(page, own, PageSize, Stage2Attributes.Ram);
            table.Drop(shared);
        }
        else
        {
            return false;
        }

        Volatile.Write(ref _shared, _shared - PageSize);
        host = own | (address & (PageSize - 1));
        return true;
    }
}
