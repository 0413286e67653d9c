using System;
using SharpVisor.Arch;
using SharpVisor.Machine.Ram;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>Writes the pages of guests with what this machine's CPUs have for that.</summary>
internal sealed unsafe class PageWriter : GuestPageWriter
{
    private const int Unit = 64;

    /// <inheritdoc/>
    public override void Zero(ulong address, ulong length) => Native.ZeroToCoherency(address, length);

    /// <inheritdoc/>
    public override void Copy(ulong destination, ulong source, ulong length)
    {
        for (ulong done = 0; done < length; done += PageTable.PageSize)
        {
            new ReadOnlySpan<byte>((void*)(source + done), (int)PageTable.PageSize).CopyTo(new Span<byte>((void*)(destination + done), (int)PageTable.PageSize));
        }

        Native.CleanToCoherency(destination, length);
    }

    /// <inheritdoc/>
    public override void Publish(ulong address, ulong length) => Native.CleanToCoherency(address, length);

    /// <inheritdoc/>
    public override void Load(ulong destination, ReadOnlySpan<byte> source)
    {
        fixed (byte* from = source)
        {
            int bulk = source.Length & ~(Unit - 1);
            Native.BulkCopy(destination, (ulong)from, (ulong)bulk);
            source.Slice(bulk).CopyTo(new Span<byte>((void*)(destination + (ulong)bulk), Unit));
        }

        Native.CleanToCoherency(destination, (ulong)source.Length);
    }
}
