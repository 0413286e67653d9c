using System;
using System.Threading;
using SharpVisor.Devices;
using SharpVisor.Memory;
using SpinLock = SharpVisor.Arch.SpinLock;

namespace SharpVisor.Machine.Ram;

/// <summary>
/// The RAM of a VM, filled on demand. A page is there once the guest, a device or the loader touched it; until then it
/// reads as zeros and takes no memory. It goes again when it is given back (<see cref="TryRelease(ulong, ulong)"/>).
/// </summary>
/// <remarks>
/// <para>
/// Memory comes in blocks of 2 MiB where there is plenty, in chunks of 64 KiB where it is to be spared or a part of the
/// block is there already, and page by page where it is short. It is zeroed before anybody can reach it: nobody finds
/// what another VM has left.
/// </para>
/// <para>
/// One lock a VM: whoever looks at its stage-2 tables to reach a page, or changes them, holds it. Several VCpus that
/// fault on one page come one after the other, and the later ones find it there. The lock is held while memory is zeroed
/// or copied, 2 MiB at most. <see cref="PageSharing"/> has the order of the locks.
/// </para>
/// </remarks>
public sealed unsafe partial class GuestMemory : DeviceMemory
{
    private const ulong PageSize = PageTable.PageSize;
    private const ulong ChunkSize = 16 * PageSize;
    private const ulong BlockSize = 512 * PageSize;
    private const ulong GiB = 1ul << 30;
    private const ulong LargestCredit = 1ul << 20;
    private const ulong CreditPart = 32;
    private const int FoundPages = 16;
    private const ulong IsWritable = 1;

    // Tables for what stands below RAM: devices of the hardware, pages of the hypervisor.
    private const ulong TablesBelow = 8;

    private readonly PageTable _stage2;
    private readonly MemoryAccount _account;
    private readonly GuestPageWriter _writer;
    private readonly Collector _collector;

    // Where pages were found last, for devices look at the same few again and again. Only looked at with the lock held, and
    // whoever takes a page from its place with the lock held forgets it: so what is here is true.
    private readonly ulong[] _foundPages = new ulong[FoundPages]; // intermediate physical address; bit 0: may be written to
    private readonly ulong[] _foundHosts = new ulong[FoundPages];
    private SpinLock _lock;
    private ulong _present;
    private bool _isReleased;

    /// <summary>Describes memory of which nothing is there yet.</summary>
    /// <param name="start">Intermediate physical address of the first byte, a multiple of 2 MiB.</param>
    /// <param name="maximum">Bytes, a multiple of 4 KiB.</param>
    /// <param name="guarantee">Bytes of it that are there whatever others need.</param>
    /// <param name="stage2">The VM's stage-2 tables, which come from the account.</param>
    /// <param name="account">Where memory comes from; opened with the guarantee and <see cref="TablesFor"/>.</param>
    /// <param name="writer">Writes pages.</param>
    public GuestMemory(ulong start, ulong maximum, ulong guarantee, PageTable stage2, MemoryAccount account, GuestPageWriter writer)
    {
        Start = start;
        Maximum = maximum;
        Guarantee = guarantee;
        _stage2 = stage2;
        _account = account;
        _writer = writer;
        _collector = new Collector(this);
    }

    /// <summary>Intermediate physical address of the first byte.</summary>
    public ulong Start { get; }

    /// <summary>Bytes of RAM that the guest sees.</summary>
    public ulong Maximum { get; }

    /// <summary>Bytes that the VM can have whatever others need.</summary>
    public ulong Guarantee { get; }

    /// <summary>Bytes that are there now.</summary>
    public ulong Present => Volatile.Read(ref _present);

    /// <summary>Whether it may use its credit (<see cref="MemoryAccount"/>), as its guest is asked to give pages.</summary>
    public bool MayBorrow
    {
        get => _account.MayBorrow;
        set => _account.MayBorrow = value;
    }

    /// <summary>Bytes of its page tables.</summary>
    public ulong Tables => _account.Tables;

    /// <summary>Bytes that page tables of a VM can take at most, the first level's included.</summary>
    /// <param name="maximum">Bytes of its RAM.</param>
    /// <param name="inputBits">Size of its physical address space in bits.</param>
    public static ulong TablesFor(ulong maximum, int inputBits) =>
        PageTable.RootSize(inputBits) + ((TablesBelow + ((maximum + BlockSize - 1) / BlockSize) + ((maximum + GiB - 1) / GiB)) * PageSize);

    /// <summary>Bytes of credit for a VM: what Linux's driver takes before it tells of it, where the VM is large enough.</summary>
    public static ulong CreditFor(ulong maximum, ulong guarantee) =>
        guarantee >= maximum ? 0 : Math.Min(LargestCredit, maximum / CreditPart) & ~(PageSize - 1);

    /// <summary>Whether a range lies in RAM.</summary>
    public bool Contains(ulong address, ulong length)
    {
        ulong offset = address - Start;
        return address >= Start && offset <= Maximum && length <= Maximum - offset;
    }

    /// <summary>The guest wanted something that stage 2 refused.</summary>
    /// <param name="address">Intermediate physical address of any byte of it.</param>
    /// <param name="isWrite">Whether it must be writable.</param>
    public MemoryOutcome Provide(ulong address, bool isWrite)
    {
        if (!Contains(address, 1))
        {
            return MemoryOutcome.NotRam;
        }

        if (!TryEnter(address, 1, isWrite, out _))
        {
            return MemoryOutcome.NoMemory;
        }

        _lock.Exit();
        return MemoryOutcome.Present;
    }

    /// <summary>Where stage 2 leads from an address, in RAM or not. False where it leads nowhere.</summary>
    /// <param name="address">Intermediate physical address.</param>
    /// <param name="host">Where the byte lies.</param>
    /// <param name="attributes">As of <see cref="Stage2Attributes"/>.</param>
    /// <param name="size">Bytes around it that are mapped, or not mapped, as one.</param>
    public bool TryLook(ulong address, out ulong host, out ulong attributes, out ulong size)
    {
        host = 0;
        attributes = 0;
        size = 0;
        _lock.Enter();
        bool isMapped = !_isReleased && _stage2.TryFind(address, out host, out attributes, out size);
        _lock.Exit();
        return isMapped;
    }

    /// <inheritdoc/>
    public override bool TryRead(ulong address, Span<byte> destination)
    {
        if (!Contains(address, (ulong)destination.Length))
        {
            return false;
        }

        while (!destination.IsEmpty)
        {
            int part = PartInPage(address, destination.Length);
            if (!TryEnter(address, 1, isWrite: false, out ulong host))
            {
                return false;
            }

            new ReadOnlySpan<byte>((void*)host, part).CopyTo(destination);
            _lock.Exit();
            destination = destination.Slice(part);
            address += (ulong)part;
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (!Contains(address, (ulong)source.Length))
        {
            return false;
        }

        while (!source.IsEmpty)
        {
            int part = PartInPage(address, source.Length);
            if (!TryEnter(address, 1, isWrite: true, out ulong host))
            {
                return false;
            }

            source.Slice(0, part).CopyTo(new Span<byte>((void*)host, part));
            _lock.Exit();
            source = source.Slice(part);
            address += (ulong)part;
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool TryReadUInt16(ulong address, out ushort value)
    {
        value = 0;
        if ((address & (sizeof(ushort) - 1)) != 0)
        {
            return base.TryReadUInt16(address, out value);
        }

        if (!TryEnter(address, sizeof(ushort), isWrite: false, out ulong host))
        {
            return false;
        }

        value = Volatile.Read(ref *(ushort*)host);
        _lock.Exit();
        return true;
    }

    /// <inheritdoc/>
    public override bool TryReadUInt32(ulong address, out uint value)
    {
        value = 0;
        if ((address & (sizeof(uint) - 1)) != 0)
        {
            return base.TryReadUInt32(address, out value);
        }

        if (!TryEnter(address, sizeof(uint), isWrite: false, out ulong host))
        {
            return false;
        }

        value = Volatile.Read(ref *(uint*)host);
        _lock.Exit();
        return true;
    }

    /// <inheritdoc/>
    public override bool TryReadUInt64(ulong address, out ulong value)
    {
        value = 0;
        if ((address & (sizeof(ulong) - 1)) != 0)
        {
            return base.TryReadUInt64(address, out value);
        }

        if (!TryEnter(address, sizeof(ulong), isWrite: false, out ulong host))
        {
            return false;
        }

        value = Volatile.Read(ref *(ulong*)host);
        _lock.Exit();
        return true;
    }

    /// <inheritdoc/>
    public override bool TryWriteUInt16(ulong address, ushort value)
    {
        if ((address & (sizeof(ushort) - 1)) != 0)
        {
            return base.TryWriteUInt16(address, value);
        }

        if (!TryEnter(address, sizeof(ushort), isWrite: true, out ulong host))
        {
            return false;
        }

        Volatile.Write(ref *(ushort*)host, value);
        _lock.Exit();
        return true;
    }

    /// <inheritdoc/>
    public override bool TryWriteUInt32(ulong address, uint value)
    {
        if ((address & (sizeof(uint) - 1)) != 0)
        {
            return base.TryWriteUInt32(address, value);
        }

        if (!TryEnter(address, sizeof(uint), isWrite: true, out ulong host))
        {
            return false;
        }

        Volatile.Write(ref *(uint*)host, value);
        _lock.Exit();
        return true;
    }

    /// <inheritdoc/>
    public override bool TryWriteUInt64(ulong address, ulong value)
    {
        if ((address & (sizeof(ulong) - 1)) != 0)
        {
            return base.TryWriteUInt64(address, value);
        }

        if (!TryEnter(address, sizeof(ulong), isWrite: true, out ulong host))
        {
            return false;
        }

        Volatile.Write(ref *(ulong*)host, value);
        _lock.Exit();
        return true;
    }

    /// <summary>
    /// Copies much into the memory, so that a guest whose caches are off sees it. May use SIMD registers. Blocks that are
    /// overwritten wholly need not be zeroed, and of others no more than is needed is made present.
    /// </summary>
    /// <returns>False where any byte is outside RAM, or where there is no memory left.</returns>
    public bool TryLoad(ulong address, ReadOnlySpan<byte> source)
    {
        if (!Contains(address, (ulong)source.Length))
        {
            return false;
        }

        while (!source.IsEmpty)
        {
            _lock.Enter();
            int part = LoadPart(address, source);
            _lock.Exit();
            if (part == 0)
            {
                return false;
            }

            source = source.Slice(part);
            address += (ulong)part;
        }

        return true;
    }

    /// <inheritdoc/>
    /// <remarks>What can't be given back is a part of a block for which there is no page table.</remarks>
    public override bool TryRelease(ulong address, ulong length)
    {
        if (!Contains(address, length))
        {
            return false;
        }

        _lock.Enter();
        ForgetFound();
        bool isReleased = !_isReleased && _stage2.TryTake(address, length, _collector);
        _lock.Exit();
        return isReleased;
    }

    /// <summary>Gives all pages back, but keeps what is promised: all of RAM reads as zeros. Its VCpus are off.</summary>
    public void Clear() => TryRelease(Start, Maximum);

    /// <summary>Gives everything back, tables and promise too. Its VCpus are off, for ever; nothing can be reached any more.</summary>
    public void Release()
    {
        Clear();
        _lock.Enter();
        _isReleased = true;
        _stage2.Destroy();
        _account.Close();
        _lock.Exit();
        _sharing?.Leave(Place);
    }

    /// <summary>Maps pages of the hypervisor or of a device outside RAM. What was mapped there before is replaced.</summary>
    /// <param name="address">Intermediate physical address, a multiple of 4 KiB.</param>
    /// <param name="host">Where they lie; a multiple of 4 KiB.</param>
    /// <param name="length">Bytes, a multiple of 4 KiB.</param>
    /// <param name="attributes">One of <see cref="Stage2Attributes"/>.</param>
    /// <returns>False where a part is RAM, or there is no memory for tables.</returns>
    public bool TryMapDevicePages(ulong address, ulong host, ulong length, ulong attributes)
    {
        _lock.Enter();
        bool isMapped = IsOutside(address, length) && _stage2.TryMap(address, host, length, attributes);
        _lock.Exit();
        return isMapped;
    }

    /// <summary>Undoes <see cref="TryMapDevicePages"/>. No VCpu reaches the pages any more when it returns.</summary>
    public bool TryUnmapDevicePages(ulong address, ulong length)
    {
        _lock.Enter();
        bool isUnmapped = IsOutside(address, length) && _stage2.TryUnmap(address, length);
        _lock.Exit();
        return isUnmapped;
    }

    private bool IsOutside(ulong address, ulong length) =>
        !_isReleased && length <= ulong.MaxValue - address && (address + length <= Start || address >= Start + Maximum);

    private static int PartInPage(ulong address, int length) => (int)Math.Min((ulong)length, PageSize - (address & (PageSize - 1)));

    /// <summary>Takes the lock and finds where bytes of one page lie, making them present. Where it fails the lock is not held.</summary>
    private bool TryEnter(ulong address, ulong length, bool isWrite, out ulong host)
    {
        // A page that was found before is in RAM, and what is asked for is always within one page.
        ulong page = address & ~(PageSize - 1);
        int place = PlaceOf(address);
        _lock.Enter();
        ulong found = _foundPages[place];
        if (found == (page | IsWritable) || (found == page && !isWrite))
        {
            host = _foundHosts[place] | (address & (PageSize - 1));
            return true;
        }

        host = 0;
        if (Contains(address, length) && !_isReleased && TryReach(address, isWrite, mayTakeBlock: true, out host))
        {
            return true;
        }

        _lock.Exit();
        return false;
    }

    /// <summary>Finds where a byte lies, making its page present, and its own where it is to be written to.</summary>
    private bool TryReach(ulong address, bool isWrite, bool mayTakeBlock, out ulong host)
    {
        bool isShared = false;
        if (_stage2.TryFind(address, out host, out ulong attributes, out ulong size))
        {
            isShared = (attributes & Stage2Attributes.SharedPage) != 0;
            if (isShared && isWrite)
            {
                if (!TryUnshare(address, ref host))
                {
                    return false;
                }

                isShared = false;
            }
        }
        else if (!TryFill(address, size, mayTakeBlock, out host))
        {
            return false;
        }

        int place = PlaceOf(address);
        _foundPages[place] = (address & ~(PageSize - 1)) | (isShared ? 0 : IsWritable);
        _foundHosts[place] = host & ~(PageSize - 1);
        return true;
    }

    private static int PlaceOf(ulong address) => (int)(((address >> 12) ^ (address >> 16)) & (FoundPages - 1));

    /// <summary>A page is about to leave its place, or to be shared.</summary>
    private void ForgetFound(ulong address) => _foundPages[PlaceOf(address)] = 0;

    /// <summary>Many pages are.</summary>
    private void ForgetFound()
    {
        for (int i = 0; i < FoundPages; i++)
        {
            _foundPages[i] = 0;
        }
    }

    /// <summary>Makes a page present that is not.</summary>
    /// <param name="address">Any byte of it.</param>
    /// <param name="hole">Bytes around it, aligned to their number, for which there is no table.</param>
    /// <param name="mayTakeBlock">Whether a block may be taken.</param>
    /// <param name="host">Where the byte lies.</param>
    private bool TryFill(ulong address, ulong hole, bool mayTakeBlock, out ulong host)
    {
        ulong size = PageSize;
        ulong block = address & ~(BlockSize - 1);
        ulong chunk = address & ~(ChunkSize - 1);
        if (mayTakeBlock && hole >= BlockSize && Contains(block, BlockSize) && _account.IsPlenty(BlockSize)
            && TryAdd(block, BlockSize, default, out host))
        {
            size = BlockSize;
        }
        else if (Contains(chunk, ChunkSize) && (hole >= BlockSize || IsAbsent(chunk)) && TryAdd(chunk, ChunkSize, default, out host))
        {
            size = ChunkSize;
        }
        else if (!TryAdd(address & ~(PageSize - 1), PageSize, default, out host))
        {
            return false;
        }

        host += address & (size - 1);
        return true;
    }

    private bool IsAbsent(ulong chunk)
    {
        for (ulong page = chunk; page < chunk + ChunkSize; page += PageSize)
        {
            if (_stage2.TryFind(page, out _, out _, out _))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Adds memory: with these contents, which fill it, or with zeros where they are none.</summary>
    private bool TryAdd(ulong address, ulong length, ReadOnlySpan<byte> contents, out ulong host)
    {
        if (!_account.TryTake(length, length, out host))
        {
            return false;
        }

        if (contents.IsEmpty)
        {
            _writer.Zero(host, length);
        }
        else
        {
            _writer.Load(host, contents);
        }

        // One table at most is missing for pages of one block, so that either all are mapped or none.
        if (!_stage2.TryMap(address, host, length, Stage2Attributes.Ram))
        {
            _account.Give(host, length);
            return false;
        }

        Volatile.Write(ref _present, _present + length);
        return true;
    }

    /// <summary>Loads as much as goes in one step; the bytes done, 0 where there is no memory.</summary>
    private int LoadPart(ulong address, ReadOnlySpan<byte> source)
    {
        if (_isReleased)
        {
            return 0;
        }

        if (!_stage2.TryFind(address, out ulong host, out _, out ulong size) && size >= BlockSize && (address & (BlockSize - 1)) == 0
            && source.Length >= (int)BlockSize && TryAdd(address, BlockSize, source.Slice(0, (int)BlockSize), out _))
        {
            return (int)BlockSize;
        }

        if (!TryReach(address, isWrite: true, mayTakeBlock: false, out host))
        {
            return 0;
        }

        int part = PartInPage(address, source.Length);
        _writer.Load(host, source.Slice(0, part));
        return part;
    }

    /// <summary>Gets what the tables no longer map, with the lock held.</summary>
    private sealed class Collector : MappingTaker
    {
        private readonly GuestMemory _memory;

        internal Collector(GuestMemory memory) => _memory = memory;

        public override void Take(ulong address, ulong physical, ulong length, ulong attributes)
        {
            if ((attributes & Stage2Attributes.SharedPage) != 0)
            {
                _memory._sharing!.Shared.Drop(physical);
                Volatile.Write(ref _memory._shared, _memory._shared - length);
            }
            else
            {
                _memory._account.Give(physical, length);
            }

            Volatile.Write(ref _memory._present, _memory._present - length);
        }
    }
}
