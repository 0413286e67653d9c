using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using SharpVisor.Storage;

namespace SharpVisor.Tests.Unit.Storage;

/// <summary>Pages for overlays, so many.</summary>
internal sealed unsafe class HostOverlayMemory(int most) : OverlayMemory, IDisposable
{
    private readonly HashSet<ulong> _out = [];

    internal int Outstanding => _out.Count;

    public override bool TryTake(out ulong page)
    {
        page = 0;
        if (_out.Count == most)
        {
            return false;
        }

        page = (ulong)NativeMemory.AlignedAlloc(OverlayDisk.GranuleSize, OverlayDisk.GranuleSize);
        Zero(page, OverlayDisk.GranuleSize);
        return _out.Add(page);
    }

    public override void Zero(ulong address, ulong length) => NativeMemory.Clear((void*)address, (nuint)length);

    public override void Give(ulong page)
    {
        if (!_out.Remove(page))
        {
            throw new InvalidOperationException("given back what was not taken");
        }

        NativeMemory.AlignedFree((void*)page);
    }

    public void Dispose()
    {
        foreach (ulong page in _out)
        {
            NativeMemory.AlignedFree((void*)page);
        }
    }
}
