using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using SharpVisor.Machine.Ram;
using SharpVisor.Memory;
using SharpVisor.Tests.Unit.Memory;
using Xunit;

namespace SharpVisor.Tests.Unit.Machine;

/// <summary>Real memory for guests on the host, and what makes memories of guests out of it.</summary>
internal sealed unsafe class MemoryMachine : IDisposable
{
    internal const ulong Start = 0x4000_0000;
    private const ulong Alignment = 2ul << 20;
    private const int InputBits = 40;

    private readonly Dictionary<GuestMemory, PageTable> _made = [];
    private readonly void* _memory;
    private readonly ulong _size;
    private readonly ulong _freeAtStart;

    internal MemoryMachine(ulong size)
    {
        _size = size;
        _memory = NativeMemory.AlignedAlloc((nuint)size, (nuint)Alignment);
        new Span<byte>(_memory, (int)size).Fill(0xa5);
        Assert.True(Pages.TryAdd((ulong)_memory, size));
        Assert.True(Pages.TryBegin());
        _freeAtStart = Pages.FreeBytes;
        Sharing = new PageSharing(Pages, 8);
    }

    internal PageAllocator Pages { get; } = new(4);

    internal PageSharing Sharing { get; }

    /// <summary>Whether memories made from now on allow sharing.</summary>
    internal bool Share { get; set; }

    internal PageTable TableOf(GuestMemory memory) => _made[memory];

    internal GuestMemory Make(ulong maximum, ulong guarantee)
    {
        Assert.True(TryMake(maximum, guarantee, out GuestMemory? memory));
        return memory!;
    }

    internal bool TryMake(ulong maximum, ulong guarantee, out GuestMemory? memory)
    {
        memory = null;
        ulong kept = guarantee + GuestMemory.TablesFor(maximum, InputBits);
        ulong credit = GuestMemory.CreditFor(maximum, guarantee);
        if (!Pages.TryPromise(kept + credit))
        {
            return false;
        }

        var account = new MemoryAccount(Pages, kept, credit);
        Assert.True(PageTable.TryCreate(account, new RecordingTlb(), InputBits, out PageTable? table));
        memory = new GuestMemory(Start, maximum, guarantee, table!, account, new SpanPageWriter());
        _made.Add(memory, table!);
        if (Share)
        {
            Sharing.TryJoin(memory, _size);
        }

        return true;
    }

    internal void Release(GuestMemory memory)
    {
        memory.Release();
        Assert.True(_made.Remove(memory));
        Assert.Equal(0ul, memory.Present);
        Assert.Equal(0ul, memory.Shared);
    }

    public void Dispose()
    {
        foreach (GuestMemory memory in (GuestMemory[])[.. _made.Keys])
        {
            Release(memory);
        }

        Assert.Equal((_freeAtStart, 0ul), (Pages.FreeBytes, Pages.PromisedBytes));
        NativeMemory.AlignedFree(_memory);
    }
}
