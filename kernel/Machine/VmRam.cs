using System;
using SharpVisor.Machine.Loading;
using SharpVisor.Machine.Ram;

namespace SharpVisor.Machine;

/// <summary>A VM's memory as the loader fills it.</summary>
internal sealed class VmRam : GuestRam
{
    private readonly GuestMemory _memory;

    internal VmRam(GuestMemory memory)
        : base(memory.Start, memory.Maximum) => _memory = memory;

    /// <inheritdoc/>
    public override bool TryWrite(ulong address, ReadOnlySpan<byte> source) => _memory.TryLoad(address, source);

    /// <inheritdoc/>
    public override bool TryRead(ulong address, Span<byte> destination) => _memory.TryRead(address, destination);
}
