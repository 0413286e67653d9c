using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Threading;

namespace SharpVisor.Devices.Virtio;

/// <summary>
/// The traditional memory balloon (virtio 1.2, 5.5): the guest gives pages away and takes them back, as the hypervisor
/// asks it to, and tells which ones it does not use at the moment.
/// </summary>
/// <remarks>
/// <para>
/// A page given is released to the machine and comes back, zeroed, when the guest touches it: so nothing has to be done
/// for a page taken back, and a guest that uses pages that it has given hurts nobody. Numbers of pages outside RAM are
/// counted and passed over.
/// </para>
/// <para>
/// The guest's driver holds the balloon's size to <see cref="Target"/>; how far it is, it says in <see cref="Actual"/>.
/// Statistics are asked for by <see cref="AskForStatistics"/>.
/// </para>
/// </remarks>
public sealed class BalloonDevice : VirtioDevice
{
    /// <summary>Bytes of a page, whatever the guest's pages are.</summary>
    public const uint PageSize = 4096;

    private const uint DeviceId = 5;
    private const int QueueCount = 5;
    private const uint QueueSize = 64;
    private const int PageShift = 12;

    // The configuration, in words (5.5.4).
    private const uint TargetWord = 0;
    private const uint ActualWord = 1;
    private const uint PoisonWord = 3;

    // Work at a time. A page alone costs a few hundred instructions, where tables have to be changed; of pages that lie
    // side by side each one costs far less.
    private const int StepsPerTurn = 64;
    private const int PagesPerLook = 32;
    private const int PagesPerStep = 16;
    private const uint LongestRelease = 2 << 20;
    private const int StatisticsPerBuffer = 32;

    private readonly DeviceMemory _memory;
    private readonly DescriptorChain[] _chains;

    // By queue: the request that is being worked on, or the statistics' buffer that is kept.
    private readonly bool[] _isTaken = new bool[QueueCount];
    private readonly QueueTicket[] _tickets = new QueueTicket[QueueCount];
    private readonly BalloonRole[] _roles = new BalloonRole[QueueCount];
    private uint _target;
    private uint _actual;
    private uint _poison;
    private uint _releasedPages;
    private uint _refusedPages;

    /// <summary>Makes a balloon for a guest's memory.</summary>
    public BalloonDevice(DeviceMemory memory)
        : base(DeviceId, VirtioFeatures.Transport | BalloonFeatures.Offered, MakeQueues(memory))
    {
        _memory = memory;
        _chains = new DescriptorChain[QueueCount];
        for (int i = 0; i < QueueCount; i++)
        {
            _chains[i] = new DescriptorChain((int)QueueSize);
        }
    }

    /// <summary>Pages that the guest is to give.</summary>
    public uint Target => Volatile.Read(ref _target);

    /// <summary>Pages that the guest says that it has given.</summary>
    public uint Actual => Volatile.Read(ref _actual);

    /// <summary>Whether the guest has a driver that listens.</summary>
    public bool IsDriven => Transport.IsLive;

    /// <summary>Pages that were released, given or reported: counted on for ever, and round.</summary>
    public uint ReleasedPages => Volatile.Read(ref _releasedPages);

    /// <summary>Pages that were given or reported and are none, or could not be released.</summary>
    public uint RefusedPages => Volatile.Read(ref _refusedPages);

    /// <summary>What the guest has told of its memory.</summary>
    public BalloonStatistics Statistics { get; } = new();

    /// <summary>Says how many pages the guest is to give. It is told at once; without a driver, when there is one.</summary>
    /// <param name="pages">Pages of 4 KiB.</param>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1.</param>
    public void SetTarget(uint pages, int self)
    {
        if (Interlocked.Exchange(ref _target, pages) != pages)
        {
            Transport.ConfigChanged(self);
        }
    }

    /// <summary>Asks the guest for statistics, which come when it has found the time.</summary>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1.</param>
    public void AskForStatistics(int self)
    {
        for (int i = 0; i < QueueCount; i++)
        {
            if (_roles[i] != BalloonRole.Statistics)
            {
                continue;
            }

            Virtqueue queue = Queues[i];
            queue.Lock.Enter();
            if (_isTaken[i] && Transport.IsLive)
            {
                _isTaken[i] = false;
                queue.Complete(_tickets[i], 0);
                queue.Publish();
            }

            bool raised = Transport.TakeOutcome(queue);
            queue.Lock.Exit();
            if (raised)
            {
                Transport.UpdateLine(self);
            }
        }
    }

    /// <summary>
    /// Finds out which queue is which. The standard numbers them 0 to 4, with holes for those whose feature is missing;
    /// Linux and QEMU leave no holes. The queues that are set up tell which it is.
    /// </summary>
    public override void Start()
    {
        int ready = 0;
        bool hasHole = false;
        for (int i = 0; i < QueueCount; i++)
        {
            hasHole |= Queues[i].IsReady && ready != i;
            ready += Queues[i].IsReady ? 1 : 0;
        }

        Span<BalloonRole> roles = _roles;
        roles.Clear();
        int next = 0;
        for (BalloonRole role = BalloonRole.Inflate; role <= BalloonRole.Reporting; role++)
        {
            int place = hasHole ? (int)role - 1 : next;
            if ((NeededFor(role) & ~Features) == 0)
            {
                roles[place] = role;
                next++;
            }
        }
    }

    /// <inheritdoc/>
    public override bool Work(int queue)
    {
        bool isDone = _roles[queue] == BalloonRole.Statistics ? TakeStatistics(queue) : TakePages(queue);
        Queues[queue].Publish();
        return isDone;
    }

    /// <inheritdoc/>
    public override void SuspendQueue(int queue)
    {
        if (_isTaken[queue])
        {
            Queues[queue].PutBack(_tickets[queue]); // what was done of it may be done twice
            _isTaken[queue] = false;
        }
    }

    /// <inheritdoc/>
    public override void ResetQueue(int queue) => _isTaken[queue] = false;

    /// <inheritdoc/>
    public override void Reset()
    {
        _roles.AsSpan().Clear();
        Volatile.Write(ref _actual, 0);
        _poison = 0;
        Statistics.Clear();
    }

    /// <inheritdoc/>
    public override uint ReadConfig(uint index) => index switch
    {
        TargetWord => Volatile.Read(ref _target),
        ActualWord => _actual,
        PoisonWord => _poison,
        _ => 0, // the command of hinting too: 0 asks for nothing
    };

    /// <inheritdoc/>
    public override void WriteConfig(uint offset, int size, uint value)
    {
        if (size != sizeof(uint))
        {
            return;
        }

        if (offset == ActualWord * sizeof(uint))
        {
            Volatile.Write(ref _actual, value);
        }
        else if (offset == PoisonWord * sizeof(uint))
        {
            Volatile.Write(ref _poison, value);
        }
    }

    /// <inheritdoc/>
    public override void Save(ref StateWriter state)
    {
        state.Add(_target | (ulong)_actual << 32);
        state.Add(_poison);
        Statistics.Save(ref state);
    }

    /// <inheritdoc/>
    public override bool TryRestore(ref StateReader state)
    {
        ulong word = state.Take();
        _target = (uint)word;
        _actual = (uint)(word >> 32);
        _poison = (uint)state.Take();
        Statistics.Restore(ref state);
        return true;
    }

    /// <summary>Goes through the requests of a queue that tells of pages. False where some are left.</summary>
    private bool TakePages(int queue)
    {
        Virtqueue ring = Queues[queue];
        DescriptorChain chain = _chains[queue];
        int steps = StepsPerTurn;
        while (steps > 0)
        {
            if (!_isTaken[queue])
            {
                if (!ring.TryTakeOrWatch(chain))
                {
                    return true;
                }

                _tickets[queue] = chain.Ticket;
                _isTaken[queue] = true;
            }

            steps--;
            bool isDone = _roles[queue] switch
            {
                BalloonRole.Inflate => Inflate(ring, chain, ref steps),
                BalloonRole.Reporting => TakeReport(chain, ref steps),
                _ => true, // a page that is taken back comes when it is touched
            };
            if (isDone)
            {
                _isTaken[queue] = false;
                ring.Complete(_tickets[queue], 0);
            }
        }

        return false;
    }

    /// <summary>Releases pages that a request names by number. False where some are left.</summary>
    private bool Inflate(Virtqueue ring, DescriptorChain chain, ref int steps)
    {
        Span<uint> numbers = stackalloc uint[PagesPerLook];
        while (steps > 0)
        {
            uint left = chain.Readable / sizeof(uint);
            if (left == 0)
            {
                return true;
            }

            Span<uint> some = numbers.Slice(0, (int)Math.Min(left, PagesPerLook));
            if (!chain.TryRead(_memory, MemoryMarshal.AsBytes(some)))
            {
                ring.Break();
                return true;
            }

            for (int i = 0; i < some.Length;)
            {
                int run = RunAt(some, i, out uint first);
                Release((ulong)first << PageShift, (uint)run << PageShift);
                i += run;
            }

            steps -= some.Length;
        }

        return false;
    }

    /// <summary>Releases the pages that lie wholly in what a request reports. False where some are left.</summary>
    private bool TakeReport(DescriptorChain chain, ref int steps)
    {
        // Released pages read as zeros; a guest that expects something else keeps them (5.5.6.6).
        if (_poison != 0 && (Features & BalloonFeatures.Poison) != 0)
        {
            return true;
        }

        while (steps > 0)
        {
            if (!chain.TryNextWritable(LongestRelease, out ulong address, out uint length))
            {
                return true;
            }

            ulong first = (address + PageSize - 1) & ~(ulong)(PageSize - 1);
            ulong end = (address + length) & ~(ulong)(PageSize - 1);
            if (first < end)
            {
                Release(first, (uint)(end - first));
            }

            steps -= 1 + (int)(length >> PageShift) / PagesPerStep;
        }

        return false;
    }

    /// <summary>How many pages from a place on lie side by side, upwards or downwards; a guest's allocator gives such runs.</summary>
    private static int RunAt(ReadOnlySpan<uint> pages, int place, out uint first)
    {
        int end = place + 1;
        uint step = end < pages.Length && pages[end] == pages[place] - 1 ? uint.MaxValue : 1;
        while (end < pages.Length && pages[end] == pages[end - 1] + step)
        {
            end++;
        }

        first = step == 1 ? pages[place] : pages[end - 1];
        return end - place;
    }

    private void Release(ulong address, uint length)
    {
        if (_memory.TryRelease(address, length))
        {
            Interlocked.Add(ref _releasedPages, length >> PageShift);
            return;
        }

        if (length == PageSize)
        {
            Interlocked.Increment(ref _refusedPages);
            return;
        }

        // Perhaps some of them can be.
        for (uint done = 0; done < length; done += PageSize)
        {
            Release(address + done, PageSize);
        }
    }

    /// <summary>
    /// Reads what the guest tells. Its buffer is kept, until it is asked for the next time. False where there are more.
    /// </summary>
    private bool TakeStatistics(int queue)
    {
        Virtqueue ring = Queues[queue];
        DescriptorChain chain = _chains[queue];
        Span<byte> entries = stackalloc byte[BalloonStatistics.EntrySize * StatisticsPerBuffer];
        for (int i = 0; i < StepsPerTurn; i++)
        {
            if (!ring.TryTakeOrWatch(chain))
            {
                return true;
            }

            if (_isTaken[queue])
            {
                ring.Complete(_tickets[queue], 0);
            }

            _tickets[queue] = chain.Ticket;
            _isTaken[queue] = true;
            Span<byte> told = entries.Slice(0, (int)Math.Min(chain.Readable, (uint)entries.Length));
            if (!chain.TryRead(_memory, told))
            {
                ring.Break();
                return true;
            }

            for (; told.Length >= BalloonStatistics.EntrySize; told = told.Slice(BalloonStatistics.EntrySize))
            {
                Statistics.Set(BinaryPrimitives.ReadUInt16LittleEndian(told), BinaryPrimitives.ReadUInt64LittleEndian(told.Slice(sizeof(ushort))));
            }

            Statistics.Complete();
        }

        return false;
    }

    private static ulong NeededFor(BalloonRole role) => role switch
    {
        BalloonRole.Statistics => BalloonFeatures.Statistics,
        BalloonRole.Hinting => BalloonFeatures.Hinting,
        BalloonRole.Reporting => BalloonFeatures.Reporting,
        _ => 0,
    };

    private static Virtqueue[] MakeQueues(DeviceMemory memory)
    {
        var queues = new Virtqueue[QueueCount];
        for (int i = 0; i < QueueCount; i++)
        {
            queues[i] = new Virtqueue(memory, QueueSize);
        }

        return queues;
    }
}
