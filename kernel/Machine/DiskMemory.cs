using System;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Memory;
using SharpVisor.Storage;

namespace SharpVisor.Machine;

/// <summary>The pages of an overlay: from the machine's memory, of which its whole size is promised to it.</summary>
internal sealed unsafe class DiskMemory : OverlayMemory
{
    private readonly MemoryAccount _account;

    internal DiskMemory(MemoryAccount account) => _account = account;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override bool TryTake(out ulong page)
    {
        if (!_account.TryTake(PageTable.PageSize, PageTable.PageSize, out page))
        {
            return false;
        }

        Zero(page, PageTable.PageSize);
        return true;
    }

    /// <inheritdoc/>
    public override void Zero(ulong address, ulong length) => new Span<byte>((void*)address, (int)length).Clear();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void Give(ulong page) => _account.Give(page, PageTable.PageSize);
}
