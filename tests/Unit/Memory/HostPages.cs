using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using SharpVisor.Memory;

namespace SharpVisor.Tests.Unit.Memory;

/// <summary>Real memory for page tables, which knows what is still out, and can run dry.</summary>
internal sealed unsafe class HostPages : PageSource, IDisposable
{
    private readonly Dictionary<ulong, ulong> _out = [];

    /// <summary>Allocations that still succeed.</summary>
    internal int Left { get; set; } = int.MaxValue;

    internal int Outstanding => _out.Count;

    public override bool TryAllocateZeroed(ulong length, ulong alignment, out ulong address)
    {
        address = 0;
        if (Left == 0)
        {
            return false;
        }

        Left--;
        void* memory = NativeMemory.AlignedAlloc((nuint)length, (nuint)alignment);
        NativeMemory.Clear(memory, (nuint)length);
        address = (ulong)memory;
        _out.Add(address, length);
        return true;
    }

    public override void Free(ulong address, ulong length)
    {
        if (!_out.Remove(address, out ulong was) || was != length)
        {
            throw new InvalidOperationException("given back what was not taken");
        }

        NativeMemory.AlignedFree((void*)address);
    }

    public void Dispose()
    {
        foreach (ulong address in _out.Keys)
        {
            NativeMemory.AlignedFree((void*)address);
        }

        _out.Clear();
    }
}
