using System;
using SharpVisor.Arch;
using SharpVisor.Machine.Loading;

namespace SharpVisor.Machine;

/// <summary>Copies and clears guest memory at full width, and makes it visible to a guest whose MMU is off.</summary>
internal sealed unsafe class BulkCopier : MemoryCopier
{
    private const int Unit = 64;

    /// <inheritdoc/>
    public override void Copy(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* from = source, to = destination)
        {
            int bulk = source.Length & ~(Unit - 1);
            Native.BulkCopy((ulong)to, (ulong)from, (ulong)bulk);
            source.Slice(bulk).CopyTo(destination.Slice(bulk));
        }
    }

    /// <inheritdoc/>
    public override void Clear(Span<byte> destination) => destination.Clear();
}
